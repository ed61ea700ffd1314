package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"mua/account"
)

func TestExplain(t *testing.T) {
	op := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	no := func(code imap.ResponseCode) error {
		return fmt.Errorf("login: %w", &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: "words\x07"})
	}
	for _, c := range []struct {
		err         error
		kind, login account.Kind
		words       string
	}{
		{io.EOF, account.KindTemporary, account.KindTemporary, "mail.example closed the connection"},
		{op(syscall.ECONNRESET), account.KindTemporary, account.KindTemporary, "closed the connection"},
		{op(syscall.EHOSTUNREACH), account.KindNetwork, account.KindNetwork, "no route to mail.example"},
		{op(syscall.ECONNREFUSED), account.KindNetwork, account.KindNetwork, "refuses connections"},
		{op(&net.DNSError{Err: "no such host", IsNotFound: true}), account.KindNetwork, account.KindNetwork, "no host is called"},
		{op(&net.DNSError{Err: "timeout", IsTimeout: true}), account.KindNetwork, account.KindNetwork, "cannot be resolved"},
		{context.Canceled, account.KindTemporary, account.KindTemporary, "interrupted"},
		{&smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad\ncredentials"}, account.KindLogin, account.KindLogin, "535 5.7.8 bad credentials"},
		{&smtp.SMTPError{Code: 454, Message: "later"}, account.KindTemporary, account.KindTemporary, "454 later"},
		{&smtp.SMTPError{Code: 550, Message: "no such user"}, account.KindRefused, account.KindLogin, "550 no such user"},
		{no(imap.ResponseCodeAuthenticationFailed), account.KindLogin, account.KindLogin, "[AUTHENTICATIONFAILED] words"},
		{no(imap.ResponseCodeUnavailable), account.KindTemporary, account.KindTemporary, "UNAVAILABLE"},
		{no(imap.ResponseCodeOverQuota), account.KindRefused, account.KindLogin, "OVERQUOTA"},
		{no(""), account.KindRefused, account.KindLogin, "words"},
		{&imap.Error{Type: imap.StatusResponseTypeBye, Text: "bye"}, account.KindTemporary, account.KindTemporary, "bye"},
		{&POP3Error{Text: "[IN-USE] busy"}, account.KindTemporary, account.KindTemporary, "busy"},
		{&POP3Error{Text: "[LOGIN-DELAY] busy"}, account.KindTemporary, account.KindTemporary, "busy"},
		{&POP3Error{Text: "[sys/temp] busy"}, account.KindTemporary, account.KindTemporary, "busy"},
		{&POP3Error{Text: "[SYS/PERM] gone"}, account.KindRefused, account.KindRefused, "gone"},
		{&POP3Error{Text: "[AUTH] wrong"}, account.KindLogin, account.KindLogin, "wrong"},
		{&POP3Error{Text: "wrong"}, account.KindRefused, account.KindLogin, "-ERR wrong"},
		{&sasl.OAuthBearerError{Status: "invalid_token"}, account.KindLogin, account.KindLogin, "invalid_token"},
		{errors.New("odd\r\nthing"), account.KindTemporary, account.KindTemporary, "odd thing"},
		{fmt.Errorf("x: %w", &account.Trouble{Kind: account.KindIO, What: "disk full"}), account.KindIO, account.KindIO, "disk full"},
	} {
		a, b := Explain("work", "mail.example", c.err), ExplainLogin("work", "mail.example", c.err)
		if a.Kind != c.kind || b.Kind != c.login || !strings.Contains(a.What, c.words) || !strings.Contains(b.What, c.words) {
			t.Errorf("%v:\n%d %s\n%d %s", c.err, a.Kind, a, b.Kind, b)
		}
		if a.Account != "work" || a.Host != "mail.example" || b.Account != "work" {
			t.Errorf("%v: for %q at %q", c.err, a.Account, a.Host)
		}
	}
	if Explain("a", "b", nil) != nil || ExplainLogin("a", "b", nil) != nil {
		t.Error("nil is not nil")
	}
}

func TestSASL(t *testing.T) {
	for _, c := range []struct {
		mech    string
		offered []string
		want    string
		ir      string
	}{
		{"", nil, "PLAIN", "\x00ada\x00pw"},
		{"", []string{"login", "plain"}, "PLAIN", "\x00ada\x00pw"},
		{"", []string{"CRAM-MD5", "LOGIN"}, "LOGIN", ""},
		{"xoauth2", nil, "XOAUTH2", "user=ada\x01auth=Bearer pw\x01\x01"},
		{"oauthbearer", []string{"PLAIN", "OAUTHBEARER"}, "OAUTHBEARER", "n,a=ada,\x01host=h\x01port=993\x01auth=Bearer pw\x01\x01"},
		{"oauthbearer", []string{"XOAUTH2"}, "XOAUTH2", "user=ada\x01auth=Bearer pw\x01\x01"},
	} {
		cl, err := SASL(account.Credentials{User: "ada", Password: "pw", Mechanism: c.mech}, "h", 993, c.offered)
		if err != nil {
			t.Error(c, err)
			continue
		}
		if mech, ir, err := cl.Start(); mech != c.want || string(ir) != c.ir || err != nil {
			t.Errorf("%v: %s %q %v", c, mech, ir, err)
		}
	}
	for _, c := range []account.Credentials{
		{User: "ada\r\nQUIT", Password: "x"}, {User: "ada", Password: "x\x01y"}, {User: "a\x00", Password: "x", Mechanism: "xoauth2"},
	} {
		if _, err := SASL(c, "h", 1, nil); err == nil || strings.Contains(err.Error(), "\r") {
			t.Error(c, err)
		}
	}
	if _, err := SASL(account.Credentials{User: "a", Password: "b"}, "h", 1, []string{"GSSAPI"}); err == nil {
		t.Error("no mechanism")
	}
	if cl, err := SASL(account.Credentials{None: true}, "h", 1, nil); cl != nil || err != nil {
		t.Error(cl, err)
	}
	x := &xoauth2{}
	if r, err := x.Next([]byte(`{"status":"401"}`)); r == nil || len(r) != 0 || err != nil {
		t.Error(r, err)
	}
}
