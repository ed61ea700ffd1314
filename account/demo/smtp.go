package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxRecipients is offered as LIMITS RCPTMAX.
const maxRecipients = 1000

// serveSMTP serves a listener with a go-smtp server of its own. To the library
// every connection looks plain, with logins allowed: conn carries TLS, and
// smtpWatcher answers STARTTLS, keeps AUTH away from clear text and strikes with
// the faults.
func (s *Servers) serveSMTP(ln *listener) {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &smtpSession{owner: s, smtp: c, conn: c.Conn().(*conn)}, nil
	}))
	srv.Domain = "demo." + Domain
	srv.AllowInsecureAuth = true
	srv.MaxMessageBytes = s.maxSize
	srv.MaxRecipients = maxRecipients
	srv.MaxLineLength = 0 // the octets of DATA are the test's business
	srv.EnableSMTPUTF8 = true
	srv.EnableDSN = true
	srv.EnableREQUIRETLS = true // offered by smtpWatcher, under TLS
	srv.ErrorLog = quiet()
	s.servers = append(s.servers, srv)
	s.running.Go(func() { srv.Serve(smtpListener{ln}) }) // Servers.shutdown alone closes it: go-smtp panics when two do
}

// smtpListener gives its connections a watcher.
type smtpListener struct{ *listener }

// Accept implements net.Listener.
func (l smtpListener) Accept() (net.Conn, error) {
	nc, err := l.listener.Accept()
	if err != nil {
		return nil, err
	}
	c := nc.(*conn)
	c.watcher = &smtpWatcher{conn: c}
	return c, nil
}

// smtpSession implements smtp.Session and smtp.AuthSession.
type smtpSession struct {
	owner *Servers
	smtp  *smtp.Conn
	conn  *conn
	in    bool
	mail  Accepted
}

// AuthMechanisms implements smtp.AuthSession.
func (s *smtpSession) AuthMechanisms() []string { return s.owner.mechanisms(protoSMTP) }

// Auth implements smtp.AuthSession.
func (s *smtpSession) Auth(mech string) (sasl.Server, error) {
	srv := s.owner.saslServer(protoSMTP, mech, func(user, secret string, token bool) error {
		if s.owner.login(protoSMTP, user, secret, token) != nil {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	})
	if srv == nil {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return smtpSASL{srv}, nil
}

// smtpSASL turns every refusal into 535.
type smtpSASL struct{ sasl.Server }

// Next implements sasl.Server.
func (a smtpSASL) Next(response []byte) ([]byte, bool, error) {
	challenge, done, err := a.Server.Next(response)
	var known *smtp.SMTPError
	if err != nil && !errors.As(err, &known) {
		err = smtp.ErrAuthFailed
	}
	return challenge, done, err
}

// Mail implements smtp.Session.
func (s *smtpSession) Mail(from string, o *smtp.MailOptions) error {
	if !s.in && !s.owner.without["AUTH"] {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.mail = Accepted{From: from, UTF8: o.UTF8, Body: string(o.Body), RequireTLS: o.RequireTLS}
	return nil
}

// Rcpt implements smtp.Session: everybody is accepted.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return nil
}

// Data implements smtp.Session.
func (s *smtpSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	a := s.owner.faults.answer(atDot, "")
	if a == nil || a.Code == 0 && a.When != CloseBefore && a.When != StallBefore || a.Code/100 == 2 || a.Recorded {
		s.accept(data)
	}
	if a != nil {
		s.conn.watcher.(*smtpWatcher).next = a
	}
	return nil
}

// accept records the message, files it in Sent where that is asked for, and delivers it when
// it is for the user.
func (s *smtpSession) accept(data []byte) {
	mail := s.mail
	mail.Data = data
	s.owner.mu.Lock()
	s.owner.accepted = append(s.owner.accepted, mail)
	s.owner.mu.Unlock()
	if s.owner.files {
		s.owner.mail.deliver("Sent", data, s.owner.now(), []string{`\Seen`})
	}
	for _, to := range mail.To {
		if s.owner.isUser(to) {
			now := s.owner.now()
			s.owner.mail.deliver("INBOX", bytes.Join([][]byte{s.trace(mail.From, now), data}, nil), now, nil)
			return
		}
	}
}

// isUser: the user's address, with or without a +detail.
func (s *Servers) isUser(addr string) bool {
	local, domain, _ := strings.Cut(addr, "@")
	local, _, _ = strings.Cut(local, "+")
	return strings.EqualFold(local, s.User) && strings.EqualFold(domain, Domain)
}

// trace is what final delivery adds (RFC 5321 4.4).
func (s *smtpSession) trace(from string, now time.Time) []byte {
	with := "ESMTPA"
	if s.conn.secure.Load() {
		with = "ESMTPSA"
	}
	return fmt.Appendf(nil, "Return-Path: <%s>\r\nReceived: from %s ([127.0.0.1])\r\n\tby demo.%s with %s\r\n\tfor <%s>; %s\r\n",
		from, s.smtp.Hostname(), Domain, with, s.owner.Addr, now.Format(time.RFC1123Z))
}

// Reset implements smtp.Session.
func (s *smtpSession) Reset() { s.mail = Accepted{} }

// Logout implements smtp.Session.
func (s *smtpSession) Logout() error { return nil }
