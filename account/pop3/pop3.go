// Package pop3 brings a POP3 mailbox (RFC 1939, 2449, 5034) into the store.
//
// What it guarantees:
//
//   - A message is deleted on the server only when its whole text is durably in the store and the
//     account's policy says so, or when the person has deleted it here for good; and only when the server's
//     lists agreed with each other in this session. Only an answered QUIT deletes (RFC 1939 6), so only
//     then is the deletion recorded.
//   - What was fetched is kept, however the session ends: messages are committed in batches, newest
//     first, while the rest is still coming.
//   - Messages are kept octet for octet as the server gives them: lines end in CRLF, stuffed dots are undone.
//   - Messages above Options.MaxMessage come as headers only, and stay on the server.
//   - A message the server will not give, or at which the connection ends again and again, is passed over, never
//     a reason to stop; it is said at the end.
//   - One login is tried, never a second one with the same password.
//   - Memory does not grow with the mailbox, but for its list of names (64 MiB at most); the server may
//     send no more than what was asked for.
//
// The transaction is go-pop3's, over a connection of account/wire; logging in is done before it takes
// over, for it knows only USER and PASS.
package pop3

import (
	"context"
	"errors"
	"fmt"
	"time"

	gopop3 "github.com/knadh/go-pop3"

	"mua/account"
	"mua/account/wire"
	"mua/store"
)

// Options of a session. Zero values mean the defaults.
type Options struct {
	Wire       wire.Options
	MaxMessage int64                // octets; larger messages are kept as headers only; 0: account.DefaultMaxMessage
	Progress   func(account.Status) // told of each step, from one goroutine at a time; nil: no one
	Now        func() time.Time     // nil: time.Now
	// Patience is how long a session waits in all for [IN-USE], [LOGIN-DELAY] and between two sessions; 0: a
	// minute; negative: not at all.
	Patience time.Duration
	Pause    func(ctx context.Context, d time.Duration) error // waits; nil: by the clock
}

func (o Options) withDefaults() Options {
	if o.MaxMessage <= 0 {
		o.MaxMessage = account.DefaultMaxMessage
	}
	if o.Progress == nil {
		o.Progress = func(account.Status) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	return o
}

// keeper is what a session needs of the store.
type keeper interface {
	EnsureAccount(ctx context.Context, name string) (store.AccountID, error)
	RoleMailbox(ctx context.Context, a store.AccountID, r store.Role, create bool) (store.Mailbox, error)
	AddRemote(ctx context.Context, m store.MailboxID, batch []store.Incoming) ([]store.MessageID, int, error)
	Raw(ctx context.Context, id store.MessageID) ([]byte, error)
	Prepare(in *store.Incoming) error
	PrepareBody(b *store.Body) error
	SetBodies(ctx context.Context, batch []store.Body) error
	UIDLs(ctx context.Context, a store.AccountID) ([]store.UIDL, error)
	MarkUIDLsDeleted(ctx context.Context, a store.AccountID, uidls []string) error
	ForgetUIDLs(ctx context.Context, a store.AccountID, uidls []string) error
}

// Pulled says what a pull changed here.
type Pulled struct {
	New     int // messages new to the store
	Changed int // always 0: POP3 has no flags
	Removed int // always 0: what the server drops stays here

	Warnings []string // what the person should know; cleaned
}

// Session is a logged-in connection. Not for concurrent use.
type Session struct {
	a    *account.Account
	st   keeper
	o    Options
	conn *wire.Conn
	pop  *gopop3.Conn
	caps caps

	dialog *dialog // under pop, for what it reads slowly
	how    string  // login mechanism
	open   bool    // the server waits for commands

	waited time.Duration // of Options.Patience

	brokeAt  string               // name of the message that was being sent when the connection ended
	suspects map[string]suspicion // by name
	lastCut  error                // at one that is left out
	cuts     int

	acct  store.AccountID
	inbox store.Mailbox
}

// Open connects and logs in; the end of ctx closes the connection. Errors are *account.Trouble: KindLogin when the server refuses the
// login, KindTemporary for [SYS/TEMP] and for [IN-USE] and [LOGIN-DELAY] once Options.Patience is over, others as wire.Dial's.
func Open(ctx context.Context, a *account.Account, st *store.Store, o Options) (*Session, error) {
	return open(ctx, a, st, o)
}

func open(ctx context.Context, a *account.Account, st keeper, o Options) (*Session, error) {
	s := &Session{a: a, st: st, o: o.withDefaults()}
	if err := s.mailbox(ctx); err != nil {
		return nil, err
	}
	s.status(account.Status{Phase: account.Connecting})
	if err := s.connectWaiting(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Check logs in, says what it found, and quits. It needs no store.
func Check(ctx context.Context, a *account.Account, o Options) (account.Report, error) {
	s := &Session{a: a, o: o.withDefaults()}
	if err := s.connect(ctx); err != nil {
		return account.Report{}, err
	}
	return s.Report(), s.Close()
}

// mailbox finds where the mail goes.
func (s *Session) mailbox(ctx context.Context) (err error) {
	if s.acct, err = s.st.EnsureAccount(ctx, s.a.Name); err != nil {
		return s.local(err)
	}
	if s.inbox, err = s.st.RoleMailbox(ctx, s.acct, store.RoleInbox, true); err != nil {
		return s.local(err)
	}
	return nil
}

// connect dials, logs in and lets go-pop3 take over.
func (s *Session) connect(ctx context.Context) error {
	if s.a.Incoming == nil || s.a.Incoming.Protocol != account.POP3 {
		return &account.Trouble{Kind: account.KindConfig, Account: s.a.Name, What: "incoming is not POP3"}
	}
	creds, err := s.a.IncomingLogin(ctx)
	if err != nil {
		return err
	}
	if s.conn, err = wire.Dial(ctx, s.a, s.a.Incoming, s.o.Wire); err != nil {
		return err
	}
	s.conn.Hide(creds)
	d := newDialog(s.conn)
	if s.how, err = d.login(creds, s.a.Incoming); err != nil {
		s.conn.Close()
		return s.conn.ExplainLogin(err)
	}
	s.caps, s.dialog = d.caps, d
	s.pop, err = gopop3.New(gopop3.Opt{Host: s.a.Incoming.Host, Port: s.a.Incoming.Port, Dialer: handOver{d}}).NewConn()
	if err != nil {
		s.conn.Close()
		return s.trouble(err)
	}
	s.conn.SetMaxLine(0) // expect bounds each answer as a whole; messages have lines of any length
	s.open = true
	return nil
}

// Report says what the login found.
func (s *Session) Report() account.Report {
	return account.Report{
		Protocol: string(account.POP3), Host: s.a.Incoming.Addr(), TLS: s.conn.TLSVersion(),
		Login: fmt.Sprintf("%s (%s)", s.a.Incoming.User, s.how), Capabilities: s.caps.known(),
	}
}

// Close says QUIT, which without a Pull deletes nothing, and closes the connection.
func (s *Session) Close() error {
	if !s.open {
		return nil
	}
	_, err := s.quit()
	return err
}

// quit ends the session; ok says that the server has carried out the deletions.
func (s *Session) quit() (ok bool, err error) {
	s.open = false
	defer s.conn.Close()
	s.expect(replySize)
	err = s.pop.Quit()
	if err == nil {
		return true, nil
	}
	return false, s.trouble(err)
}

// drop closes the connection without QUIT: the server deletes nothing.
func (s *Session) drop() {
	s.open = false
	s.conn.Close()
}

func (s *Session) status(st account.Status) {
	st.Account, st.Mailbox = s.a.Name, s.inbox.Name
	s.o.Progress(st)
}

// trouble words an error of go-pop3.
func (s *Session) trouble(err error) *account.Trouble {
	if e, ok := refusal(err); ok {
		err = e
	}
	return s.conn.Explain(err)
}

// local words an error of the store.
func (s *Session) local(err error) error {
	if t, ok := errors.AsType[*account.Trouble](err); ok {
		return t
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return wire.Explain(s.a.Name, "", err)
	}
	return &account.Trouble{Kind: account.KindIO, Account: s.a.Name, What: "the mail cannot be stored: " + account.CleanWords(err.Error()), Kept: "What was stored before is kept, and the server still has the rest", Err: err}
}
