// Package submit hands finished messages to an account's submission server (RFC
// 6409): one session, one transaction after another, an outcome per recipient.
//
// # The contract
//
//   - A session is logged in, or says why not: *account.Trouble, with KindLogin only
//     when trying again by itself would be wrong. Nothing secret is said without
//     TLS but on loopback or where the account allows it.
//   - Nothing from outside becomes part of a command unchecked: addresses are
//     parsed strictly (RFC 5321 4.1.2, 6531), and one that does not parse is refused here.
//   - What the server has said it cannot take is not offered: a message over its
//     SIZE (RFC 1870), 8-bit content without 8BITMIME (RFC 6152), an address or header
//     that needs SMTPUTF8 (RFC 6531) without that, one that demands TLS all the way without
//     REQUIRETLS (RFC 8689). Such outcomes carry the code a
//     server would give, and a Text that begins with outbox.NotOffered.
//   - The body goes out as spooled, but for bare CR and bare LF, which become CRLF
//     (so that no server reads an end of message into it), a final CRLF where it is missing,
//     and dot stuffing.
//   - The whole body has left before dotPending is called, and nothing of the final
//     dot before it has returned. On any error the connection is closed, so that a
//     part of a message is never completed.
//   - Every wait is bounded: the silence of Wire.Progress before the dot, AfterDot after it.
//
// The protocol engine is our own, over account/wire, with go-smtp's error type:
// go-smtp's client keeps the end of the body in a buffer until the dot is written (so that
// "dot pending" would begin too early), writes the dot by itself when any command
// follows an unfinished body, cannot pipeline, says EHLO again after every RSET,
// and reads replies of any length.
package submit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"mua/account"
	"mua/account/wire"
	"mua/outbox"
)

// DefaultHostname is what EHLO says: an address literal (RFC 5321 4.1.3) that tells nothing of the machine.
const DefaultHostname = "[127.0.0.1]"

// DefaultAfterDot is how long the answer to the final dot is awaited (RFC 5321 4.5.3.2.6).
const DefaultAfterDot = 10 * time.Minute

// quitWait bounds the goodbye.
const quitWait = 2 * time.Second

// Submitter opens submission sessions. The zero value is ready for use.
type Submitter struct {
	Wire     wire.Options
	Hostname string        // said in EHLO; "" or no valid domain: DefaultHostname
	AfterDot time.Duration // 0: DefaultAfterDot
}

var _ outbox.Submitter = Submitter{}

// Connect dials a's outgoing server, greets it and logs in. The error is an
// *account.Trouble; the end of ctx closes the session at any time.
func (m Submitter) Connect(ctx context.Context, a *account.Account) (outbox.Session, error) {
	s, err := m.open(ctx, a)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (m Submitter) open(ctx context.Context, a *account.Account) (*Session, error) {
	if a.Outgoing == nil {
		return nil, &account.Trouble{Kind: account.KindConfig, Account: a.Name, What: "nothing is configured to send with",
			Hint: fmt.Sprintf("add outgoing = \"smtps://…\" to [account.%s]", a.Name)}
	}
	login, err := a.OutgoingLogin(ctx)
	if err != nil {
		return nil, local(err)
	}
	conn, err := wire.Dial(ctx, a, a.Outgoing, m.Wire)
	if err != nil {
		return nil, err
	}
	conn.Hide(login)
	s := m.session(conn, a)
	if err := s.start(login); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// local takes the server's name out of a trouble that never came from it: a password that could not be
// had was not refused, and may be tried again by itself.
func local(err error) error {
	t, ok := errors.AsType[*account.Trouble](err)
	if !ok {
		return err
	}
	c := *t
	c.Host = ""
	return &c
}

// session wraps a connection whose greeting has not been read.
func (m Submitter) session(conn *wire.Conn, a *account.Account) *Session {
	s := &Session{conn: conn, account: a, host: a.Outgoing.Host, hostname: m.Hostname,
		progress: m.Wire.Progress, afterDot: m.AfterDot, r: bufio.NewReaderSize(conn, 4<<10)}
	if d, ok := validDomain(s.hostname); ok {
		s.hostname = d
	} else {
		s.hostname = DefaultHostname
	}
	if s.progress == 0 {
		s.progress = wire.DefaultProgress
	}
	if s.afterDot == 0 {
		s.afterDot = DefaultAfterDot
	}
	return s
}

// start reads the greeting, says EHLO and logs in.
func (s *Session) start(login account.Credentials) error {
	greeting, err := s.read()
	if err != nil {
		return s.fail(err)
	}
	if greeting.code != 220 {
		return s.fail(greeting.err())
	}
	if err := s.hello(); err != nil {
		return err
	}
	return s.auth(login)
}

// Check connects, logs in, says goodbye, and reports what it found.
func Check(ctx context.Context, a *account.Account, o wire.Options) (account.Report, error) {
	s, err := Submitter{Wire: o}.open(ctx, a)
	if err != nil {
		return account.Report{}, err
	}
	defer s.Close()
	return account.Report{Protocol: string(account.SMTP), Host: a.Outgoing.Addr(), TLS: s.conn.TLSVersion(),
		Login: s.login, Capabilities: s.ext.matter()}, nil
}
