package imap

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/account/wire"
	"mua/store"
)

// defaultMaxMessage is the configuration's default for max_message.
const defaultMaxMessage = 64 << 20

// Options of Open.
type Options struct {
	Wire       wire.Options
	MaxMessage int64                // octets; larger messages stay headers only; 0: 64 MiB
	Progress   func(account.Status) // told of progress; nil: not
	// ConfirmRemoval lets most of a mailbox vanish here because it vanished on the server.
	ConfirmRemoval bool
	// CompressLocal has a server on this machine compress as well.
	CompressLocal bool
	// Version of mua, by which a message that could not be had is tried again after an upgrade.
	Version string
	// FlagsEvery is how often flags are compared in full where the server has no CONDSTORE and nothing
	// else has changed; 0: a minute.
	FlagsEvery time.Duration
	Now        func() time.Time // nil: time.Now
	// Settle is how long an APPEND whose connection was lost gets to appear on the server before the
	// message is appended again; 0: 2 s.
	Settle time.Duration
	// Probe is how often Idle asks the server whether it is still there, Answer how long the answers
	// to Idle's questions may take; 0: 10 s and 6 s.
	Probe, Answer time.Duration
}

func (o Options) withDefaults() Options {
	if o.MaxMessage <= 0 {
		o.MaxMessage = defaultMaxMessage
	}
	if o.FlagsEvery <= 0 {
		o.FlagsEvery = time.Minute
	}
	if o.Settle <= 0 {
		o.Settle = 2 * time.Second
	}
	if o.Probe <= 0 {
		o.Probe = 10 * time.Second
	}
	if o.Answer <= 0 {
		o.Answer = 6 * time.Second
	}
	if o.Progress == nil {
		o.Progress = func(account.Status) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Session is a logged-in connection to an account's IMAP server. One goroutine at a time.
type Session struct {
	ctx    context.Context // Open's: its end closes whatever connection there is
	acct   *account.Account
	st     *store.Store
	id     store.AccountID
	o      Options
	listed bool                     // the mailbox list was taken over in this session
	prefix string                   // of the names of one's own mailboxes (RFC 2342)
	plain  bool                     // NOTIFY is not used any more
	swept  map[store.MailboxID]bool // what was marked \Deleted there before was looked at in this session
	unable *account.Trouble         // of Unable

	mu sync.Mutex // guards the change of l, which the end of a context closes
	l  *link
}

// Open connects and logs in. A wrong password is KindLogin and was tried once; a server that is only
// busy is KindTemporary. The connection lives until Close or the end of ctx.
func Open(ctx context.Context, a *account.Account, st *store.Store, o Options) (*Session, error) {
	id, err := st.EnsureAccount(ctx, a.Name)
	if err != nil {
		return nil, local(a.Name, err)
	}
	s := &Session{ctx: ctx, acct: a, st: st, id: id, o: o.withDefaults(), swept: map[store.MailboxID]bool{}}
	s.status(account.Connecting, "", 0, 0, false)
	if s.l, err = connect(ctx, a, s.o); err != nil {
		return nil, err
	}
	return s, nil
}

// Check logs in and says what it found.
func Check(ctx context.Context, a *account.Account, o Options) (account.Report, error) {
	l, err := connect(ctx, a, o.withDefaults())
	if err != nil {
		return account.Report{}, err
	}
	defer l.close()
	return report(a, l), nil
}

// Report is what is known of the connection.
func (s *Session) Report() account.Report { return report(s.acct, s.l) }

// reported are the capabilities that matter to mua.
var reported = []imap.Cap{
	imap.CapIMAP4rev2, imap.CapIdle, imap.CapCondStore, imap.CapQResync, imap.CapMove, imap.CapUIDPlus, imap.CapSpecialUse, imap.CapListStatus,
	imap.CapESearch, imap.CapLiteralPlus, imap.CapObjectID, imap.CapNotify, "COMPRESS=DEFLATE",
}

func report(a *account.Account, l *link) account.Report {
	r := account.Report{Protocol: "imap", Host: a.Incoming.Addr(), TLS: l.conn.TLSVersion(), Login: l.login, Capabilities: []string{}}
	for _, c := range reported {
		if l.caps.Has(c) {
			r.Capabilities = append(r.Capabilities, string(c))
		}
	}
	return r
}

// Counters are those of the current connection, or those of Options.Wire.
func (s *Session) Counters() *wire.Counters { return s.l.conn.Counters() }

// TellsChanges reports whether the server numbers changes (CONDSTORE, RFC 7162), so that a pull of one
// mailbox by name costs no comparison of all its flags.
func (s *Session) TellsChanges() bool { return s.l.caps.Has(imap.CapCondStore) }

// Close ends the connection. What is stored is stored.
func (s *Session) Close() error {
	s.l.close()
	return nil
}

// reconnect replaces a connection that died of what the server sent. The new one lives as long as the
// session; ctx bounds only the making.
func (s *Session) reconnect(ctx context.Context) error {
	warnings := s.l.takeWarnings()
	s.l.close()
	life, cancel := context.WithCancelCause(s.ctx)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	l, err := connect(life, s.acct, s.o)
	if err != nil {
		cancel(err)
		return err
	}
	l.cancel = cancel
	l.warnings = append(warnings, l.warnings...)
	s.mu.Lock()
	s.l = l
	s.mu.Unlock()
	if !stop() {
		l.close()
		return wire.Explain(s.acct.Name, l.host, context.Cause(ctx))
	}
	return nil
}

// during makes the end of ctx close the connection until the returned function is called.
func (s *Session) during(ctx context.Context) (done func()) {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = s.l.conn.Close() // ends what is under way
	})
	return func() { stop() }
}

// trouble words an error of a command or of the store.
func (s *Session) trouble(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return wire.Explain(s.acct.Name, s.acct.Incoming.Host, context.Cause(ctx))
	}
	return s.l.explain(err)
}

// local words an error of the store.
func local(acct string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return &account.Trouble{Kind: account.KindTemporary, Account: acct, What: "interrupted", Kept: "What was stored before is kept", Err: err}
	}
	return &account.Trouble{Kind: account.KindIO, Account: acct, What: "cannot write to the local store: " + err.Error(), Err: err}
}

func (s *Session) local(err error) error { return local(s.acct.Name, err) }

// status tells how far a phase has come.
func (s *Session) status(p account.Phase, mailbox string, done, total int, online bool) {
	s.o.Progress(account.Status{Account: s.acct.Name, Online: online, Phase: p, Mailbox: mailbox, Done: done, Total: total})
}
