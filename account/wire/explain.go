package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"mua/account"
)

// POP3Error is a -ERR answer.
type POP3Error struct {
	Text     string // what followed -ERR, with a response code (RFC 2449 8) where there is one
	Greeting bool   // it was the greeting
}

// Error is the answer.
func (e *POP3Error) Error() string { return "-ERR " + e.Text }

// Explain turns any error of a library over a Conn into a Trouble for the reader. A *Trouble in err's
// chain is kept (account and host filled in); nil stays nil.
func Explain(acct, host string, err error) *account.Trouble {
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*account.Trouble](err); ok {
		return named(t, acct, host)
	}
	for _, f := range []func(string, error) *account.Trouble{explainEnd, explainReply, explainTLS, explainNet} {
		if t := f(host, err); t != nil {
			t.Account, t.Host, t.Err = acct, host, err
			return t
		}
	}
	return &account.Trouble{Kind: account.KindTemporary, Account: acct, Host: host, Err: err, What: fmt.Sprintf("%s: %s", host, account.CleanWords(err.Error()))}
}

// ExplainLogin is Explain for what a login returned: a server's refusal that is not temporary
// becomes KindLogin.
func ExplainLogin(acct, host string, err error) *account.Trouble {
	t := Explain(acct, host, err)
	if t == nil || t.Kind != account.KindRefused && t.Kind != account.KindLogin {
		return t
	}
	words, ok := replyWords(err)
	if e, pop := errors.AsType[*POP3Error](err); !ok || pop && strings.HasPrefix(pop3Code(e.Text), "SYS") {
		return t // SYS/PERM: the server's own trouble (RFC 3206)
	}
	what := "login refused by"
	if isPassword(err) {
		what = "password rejected by"
	}
	return &account.Trouble{
		Kind: account.KindLogin, Account: acct, Host: host, Err: err,
		What: fmt.Sprintf("%s %s (%s)", what, host, words), Kept: "Not retried",
		Hint: "correct what is wrong, then: mua login " + acct,
	}
}

// isPassword: the answer means that user and password do not fit, as far as it says.
func isPassword(err error) bool {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return e.Code == 535
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		return e.Code == imap.ResponseCodeAuthenticationFailed || e.Code == ""
	}
	_, ok := errors.AsType[*POP3Error](err)
	return ok
}

func named(t *account.Trouble, acct, host string) *account.Trouble {
	if t.Account != "" && t.Host != "" {
		return t
	}
	c := *t
	if c.Account == "" {
		c.Account = acct
	}
	if c.Host == "" {
		c.Host = host
	}
	return &c
}

// explainEnd words the ends of a connection and of a context.
func explainEnd(host string, err error) *account.Trouble {
	switch {
	case errors.Is(err, context.Canceled):
		return &account.Trouble{Kind: account.KindTemporary, What: "interrupted while talking to " + host}
	case errors.Is(err, context.DeadlineExceeded):
		return &account.Trouble{Kind: account.KindTemporary, What: "no time left for " + host}
	case errors.Is(err, errHandshake):
		return &account.Trouble{Kind: account.KindTemporary, What: host + " did not end the TLS handshake in time"}
	case errors.Is(err, errStall):
		return &account.Trouble{Kind: account.KindTemporary, What: host + " does not answer"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &account.Trouble{Kind: account.KindTemporary, What: host + " closed the connection"}
	}
	return nil
}

// explainReply words a server's refusal.
func explainReply(host string, err error) *account.Trouble {
	words, ok := replyWords(err)
	if !ok {
		return nil
	}
	t := &account.Trouble{Kind: account.KindRefused, What: fmt.Sprintf("%s refused: %s", host, words)}
	switch {
	case isTemporary(err):
		t.Kind, t.What = account.KindTemporary, fmt.Sprintf("%s says to try later: %s", host, words)
	case isLogin(err):
		t.Kind, t.What, t.Kept = account.KindLogin, fmt.Sprintf("login refused by %s (%s)", host, words), "Not retried"
	}
	return t
}

// replyWords are a server's code and words; ok is false when err is not its answer.
func replyWords(err error) (string, bool) {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		s := fmt.Sprintf("%d", e.Code)
		if c := e.EnhancedCode; c[0] > 0 {
			s += fmt.Sprintf(" %d.%d.%d", c[0], c[1], c[2])
		}
		return account.CleanWords(s + " " + e.Message), true
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		s := string(e.Type)
		if e.Code != "" {
			s += " [" + string(e.Code) + "]"
		}
		return account.CleanWords(s + " " + e.Text), true
	}
	if e, ok := errors.AsType[*POP3Error](err); ok {
		return account.CleanWords(e.Error()), true
	}
	if e, ok := errors.AsType[*sasl.OAuthBearerError](err); ok {
		return account.CleanWords("OAuth2 token: " + e.Status), true
	}
	return "", false
}

// isTemporary: SMTP 4yz (RFC 5321 4.2.1), IMAP UNAVAILABLE and its like (RFC 5530), BYE, POP3 [IN-USE],
// [LOGIN-DELAY], [SYS/TEMP] (RFC 2449 8.1, RFC 3206) and a greeting without a code.
func isTemporary(err error) bool {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return e.Code/100 == 4
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		switch e.Code {
		case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
			return true
		}
		return e.Type == imap.StatusResponseTypeBye
	}
	if e, ok := errors.AsType[*POP3Error](err); ok {
		switch code := pop3Code(e.Text); {
		case code == "IN-USE", code == "LOGIN-DELAY", strings.HasPrefix(code, "SYS/TEMP"):
			return true
		case code == "" || code == "SYS":
			return e.Greeting
		}
	}
	return false
}

// isLogin: SMTP 530, 534, 535, 538 (RFC 4954 6), IMAP's RFC 5530 codes, POP3 [AUTH].
func isLogin(err error) bool {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return e.Code == 530 || e.Code == 534 || e.Code == 535 || e.Code == 538
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		switch e.Code {
		case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired,
			imap.ResponseCodePrivacyRequired, imap.ResponseCodeContactAdmin:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*POP3Error](err); ok {
		return pop3Code(e.Text) == "AUTH"
	}
	_, ok := errors.AsType[*sasl.OAuthBearerError](err)
	return ok
}

// pop3Code is the response code at the start of a -ERR text, in capitals.
func pop3Code(text string) string {
	if !strings.HasPrefix(text, "[") {
		return ""
	}
	code, _, ok := strings.Cut(text[1:], "]")
	if !ok {
		return ""
	}
	return strings.ToUpper(code)
}

// explainTLS words a certificate or a handshake that is not good.
func explainTLS(host string, err error) *account.Trouble {
	t := &account.Trouble{Kind: account.KindOther, Kept: "No password was sent"}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		t.What = fmt.Sprintf("the certificate of %s is signed by no authority known here%s", host, issuer(e.Cert))
		t.Hint = `if that is right, name its CA: tls_ca = "file.pem"`
		return t
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		t.What = fmt.Sprintf("the certificate of %s is for %s", host, certNames(e.Certificate))
		t.Hint = "use the name the certificate has"
		return t
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		t.What = fmt.Sprintf("the certificate of %s is not valid: %s", host, account.CleanWords(e.Error()))
		if e.Reason == x509.Expired && e.Cert != nil {
			t.What = fmt.Sprintf("the certificate of %s is valid from %s to %s only", host, e.Cert.NotBefore.Format(time.DateOnly), e.Cert.NotAfter.Format(time.DateOnly))
			t.Hint = "is this machine's clock right?"
		}
		return t
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		t.What, t.Hint = fmt.Sprintf("%s does not speak TLS on this port", host), "is it one for STARTTLS? then imap://, pop3:// or smtp://"
		return t
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		t.What = fmt.Sprintf("the certificate of %s cannot be trusted: %s", host, account.CleanWords(e.Err.Error()))
		return t
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok || strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "remote error: tls: ") {
		t.What = fmt.Sprintf("no TLS with %s: %s", host, account.CleanWords(err.Error()))
		return t
	}
	return nil
}

func issuer(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	return " (issuer: " + account.CleanWords(c.Issuer.String()) + ")"
}

func certNames(c *x509.Certificate) string {
	if c == nil {
		return "another name"
	}
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no host name at all"
	}
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	return account.CleanWords(strings.Join(names, ", "))
}

// explainNet words why there is no connection.
func explainNet(host string, err error) *account.Trouble {
	t := &account.Trouble{Kind: account.KindNetwork}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		t.What = "offline: the name " + host + " cannot be resolved"
		if e.IsNotFound {
			t.What = "no host is called " + host + ", or there is no network"
		}
		return t
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		t.What = host + " refuses connections on " + portOf(err)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EADDRNOTAVAIL):
		t.What = "offline: no route to " + host
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		t.What = host + " does not answer"
	default:
		e, ok := errors.AsType[*net.OpError](err)
		if !ok {
			return nil
		}
		t.What = fmt.Sprintf("no connection to %s: %s", host, account.CleanWords(e.Err.Error()))
	}
	return t
}

// portOf names the port that a failed dial was about.
func portOf(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		if a, ok := e.Addr.(*net.TCPAddr); ok {
			return fmt.Sprintf("port %d", a.Port)
		}
	}
	return "this port"
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
