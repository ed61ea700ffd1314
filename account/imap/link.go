package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"mua/account"
	"mua/account/imap/guard"
	"mua/account/wire"
)

const (
	baseAllowance = 4 << 20 // octets a server may say without being asked for more
	maxTexts      = 20      // warnings and alerts kept of a connection
)

// link is one logged-in connection.
type link struct {
	acct, host string
	conn       *wire.Conn
	guard      *guard.Conn
	client     *imapclient.Client
	caps       imap.CapSet
	login      string // for the report
	span       time.Duration
	cancel     context.CancelCauseFunc // of its own context; nil: it has none

	mu       sync.Mutex
	pending  int   // commands under way
	owed     int64 // octets they may bring
	packed   bool  // the connection is compressed
	warnings []string
	bye      string
	vanished imap.UIDSet // what the server told as gone since the last pull (RFC 7162)

	news     chan struct{} // gets a value when the server tells of a change by itself
	expunged atomic.Int64  // EXPUNGEs told by itself

	asked bool // for compression

	told     map[string]map[string]uint64 // by mailbox, what STATUS said since the mailboxes were listed
	others   chan struct{}                // gets a value when there is more in told
	notified bool                         // NOTIFY was sent
	overflow atomic.Bool                  // the server tells nothing any more

	mailbox  string           // selected; "" none
	readOnly bool             // by EXAMINE
	selected *imap.SelectData // what SELECT said
}

// connect dials and logs in.
func connect(ctx context.Context, a *account.Account, o Options) (*link, error) {
	if a.Incoming == nil || a.Incoming.Protocol != account.IMAP {
		return nil, &account.Trouble{Kind: account.KindConfig, Account: a.Name, What: "no incoming IMAP server is configured"}
	}
	creds, err := a.IncomingLogin(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := wire.Dial(ctx, a, a.Incoming, o.Wire)
	if err != nil {
		return nil, err
	}
	l := &link{acct: a.Name, host: a.Incoming.Host, conn: conn, span: o.Wire.Progress, news: make(chan struct{}, 1), others: make(chan struct{}, 1)}
	conn.Hide(creds)
	if l.span <= 0 {
		l.span = wire.DefaultProgress
	}
	l.guard = guard.New(conn, guard.Options{Alert: l.alert, Bye: l.sayBye, Warn: l.warn, Vanished: l.vanish,
		Status: l.hear, Overflow: func() { l.overflow.Store(true); l.tell() }})
	done := l.busy(0)
	defer done()
	l.client = imapclient.New(l.guard, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(uint32) { l.expunged.Add(1); l.tell() },
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				l.tell()
			}
		},
		Fetch: func(m *imapclient.FetchMessageData) { drain(m); l.tell() },
	}})
	if err := l.logIn(creds, a.Incoming); err != nil {
		l.close()
		return nil, err
	}
	if l.caps.Has(imap.CapQResync) && l.caps.Has(imap.CapEnable) {
		if err := l.guard.EnableQResync(); err != nil {
			l.close()
			return nil, l.explain(err)
		}
	}
	return l, nil
}

// vanish notes UIDs that are gone from the selected mailbox. The guard lets only sound sets through.
func (l *link) vanish(uids string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for part := range strings.SplitSeq(uids, ",") {
		lo, hi, isRange := strings.Cut(part, ":")
		a, _ := strconv.ParseUint(lo, 10, 32)
		b := a
		if isRange {
			b, _ = strconv.ParseUint(hi, 10, 32)
		}
		l.vanished.AddRange(imap.UID(min(a, b)), imap.UID(max(a, b)))
	}
}

// takeVanished returns what vanish noted and forgets it.
func (l *link) takeVanished() ranges {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := rangesOf(l.vanished)
	l.vanished = nil
	return r
}

// drain reads a message that no one asked for, so that the decoder goes on.
func drain(m *imapclient.FetchMessageData) {
	for item := m.Next(); item != nil; item = m.Next() {
	}
}

func (l *link) logIn(creds account.Credentials, e *account.Endpoint) error {
	if err := l.client.WaitGreeting(); err != nil {
		return l.explain(err)
	}
	caps := l.client.Caps()
	if caps == nil {
		return l.explain(l.deathCause("did not tell its capabilities"))
	}
	if l.client.State() == imap.ConnStateAuthenticated { // PREAUTH, over TLS or on this machine
		l.caps, l.login = caps, "PREAUTH"
		return nil
	}
	told := l.guard.CapabilitiesTold()
	if err := l.authenticate(creds, e, caps); err != nil {
		return err
	}
	if l.guard.CapabilitiesTold() > told { // they differ after login
		l.caps = l.client.Caps()
	} else { // go-imap asks by itself, but may still have those of before
		l.caps, _ = l.client.Capability().Wait()
	}
	if l.caps == nil {
		return l.explain(l.deathCause("did not tell its capabilities"))
	}
	return nil
}

// authenticate logs in by the best mechanism, else by LOGIN. A refusal is final for this call.
func (l *link) authenticate(creds account.Credentials, e *account.Endpoint, caps imap.CapSet) error {
	if err := wire.CheckCredentials(creds, e.Host); err != nil {
		return wire.Explain(l.acct, e.Host, err)
	}
	mechs := caps.AuthMechanisms()
	slices.Sort(mechs)
	if creds.Mechanism == "" && !slices.ContainsFunc(mechs, func(m string) bool { return m == "PLAIN" || m == "LOGIN" }) {
		if caps.Has(imap.CapLoginDisabled) {
			return &account.Trouble{Kind: account.KindLogin, Account: l.acct, Host: e.Host, What: e.Host + " does not allow logging in with a password here",
				Kept: "No password was sent", Hint: "the server may want OAuth2 or another port"}
		}
		l.login = creds.User + " (LOGIN)"
		if err := l.client.Login(creds.User, creds.Password).Wait(); err != nil {
			return l.explainLogin(err)
		}
		return nil
	}
	mech, err := wire.SASL(creds, e.Host, e.Port, mechs)
	if err != nil {
		return wire.Explain(l.acct, e.Host, err)
	}
	name, _, err := mech.Start()
	if err != nil {
		return wire.Explain(l.acct, e.Host, err)
	}
	l.login = fmt.Sprintf("%s (%s)", creds.User, name)
	if err := l.client.Authenticate(mech); err != nil {
		return l.explainLogin(err)
	}
	return nil
}

// explainLogin tells a refused password from a server that is only busy.
func (l *link) explainLogin(err error) error {
	if e, ok := errors.AsType[*imap.Error](err); ok {
		text := strings.ToLower(e.Text)
		if e.Code == "THROTTLED" || e.Code == "" && (strings.Contains(text, "too many") || strings.Contains(text, "try again later")) {
			return &account.Trouble{Kind: account.KindTemporary, Account: l.acct, Host: l.host, Err: err,
				What: l.host + " says to try later: " + l.conn.Clean(e.Text)}
		}
		return l.conn.ExplainLogin(err)
	}
	return l.explain(err)
}

// busy says that a command which may bring extra octets is under way: from now on silence is
// bounded. The function it returns ends that.
func (l *link) busy(extra int64) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending++; l.pending == 1 {
		l.conn.SetProgress(l.span)
	}
	l.owed += extra
	l.conn.Allow(l.owed + baseAllowance)
	if l.packed {
		l.guard.Allow(l.owed + baseAllowance)
	}
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.owed -= extra
		if l.pending--; l.pending == 0 {
			l.conn.SetProgress(0)
		}
	})
}

// tell notes that the server told of a change by itself.
func (l *link) tell() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}

func (l *link) alert(s string) { l.warn("from the server: " + s) }

func (l *link) warn(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.warnings) < maxTexts {
		l.warnings = append(l.warnings, l.conn.Clean(s))
	}
}

// takeWarnings returns what the server was warned of and forgets it.
func (l *link) takeWarnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.warnings
	l.warnings = nil
	return w
}

func (l *link) sayBye(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bye = l.conn.Clean(s)
}

// alive tells whether commands can still be sent.
func (l *link) alive() bool {
	select {
	case <-l.client.Closed():
		return false
	default:
		return l.conn.Err() == nil && l.guard.Err() == nil
	}
}

// poisoned tells whether the connection died of what the server sent, not of the network: then
// asking for less may help.
func (l *link) poisoned() bool {
	if l.alive() || l.conn.Err() != nil {
		return l.conn.Overrun()
	}
	err := l.guard.Err()
	if err == nil {
		return true // go-imap's decoder gave up
	}
	_, violated := errors.AsType[*guard.Violation](err)
	return violated
}

// deathCause is why nothing came: the guard's reason, else what.
func (l *link) deathCause(what string) error {
	if err := l.guard.Err(); err != nil {
		return err
	}
	return errors.New(what)
}

// explain makes a Trouble of what a command returned.
func (l *link) explain(err error) error {
	if err == nil {
		return nil
	}
	if l.conn.Err() != nil {
		return l.conn.Explain(err)
	}
	if t, ok := errors.AsType[*account.Trouble](err); ok {
		return t
	}
	if _, refused := errors.AsType[*imap.Error](err); refused {
		return l.conn.Explain(err)
	}
	l.mu.Lock()
	bye := l.bye
	l.mu.Unlock()
	t := &account.Trouble{Kind: account.KindTemporary, Account: l.acct, Host: l.host, Kept: "What was fetched before is kept", Err: err}
	gone := l.guard.Err()
	violated, isViolation := errors.AsType[*guard.Violation](gone)
	switch {
	case isViolation:
		t.What = fmt.Sprintf("%s %s", l.host, account.CleanWords(violated.What))
	case bye != "":
		t.What = fmt.Sprintf("%s closed the connection: %s", l.host, bye)
	case gone != nil:
		t = l.conn.Explain(gone)
	case !l.alive():
		t.What = fmt.Sprintf("%s sent something that is not IMAP (%s)", l.host, account.CleanWords(err.Error()))
	default:
		t = l.conn.Explain(err)
	}
	return t
}

// close ends the connection, with a LOGOUT that is not waited for.
func (l *link) close() {
	if l.client != nil && l.alive() {
		l.conn.SetProgress(time.Second)
		l.client.Logout()
	}
	_ = l.guard.Close() // what could be kept is
	if l.cancel != nil {
		l.cancel(nil)
	}
}

// examine selects a mailbox for reading.
func (l *link) examine(name string) (*imap.SelectData, error) { return l.open(name, true) }

// open selects a mailbox, again if it is selected already: its numbers are wanted.
func (l *link) open(name string, readOnly bool) (*imap.SelectData, error) {
	return l.opening(name, readOnly)()
}

// opening sends SELECT or EXAMINE; what it returns waits for the answer. Commands sent in between are about the new
// mailbox, and refused when it cannot be selected.
func (l *link) opening(name string, readOnly bool) func() (*imap.SelectData, error) {
	over := l.busy(0)
	l.mailbox, l.selected = "", nil
	l.expunged.Store(0)
	l.takeVanished()
	select {
	case <-l.news:
	default:
	}
	cmd := l.client.Select(name, &imap.SelectOptions{ReadOnly: readOnly, CondStore: l.caps.Has(imap.CapCondStore)})
	return func() (*imap.SelectData, error) {
		defer over()
		data, err := cmd.Wait()
		if err != nil {
			return nil, err
		}
		l.mailbox, l.readOnly, l.selected = name, readOnly, data
		return data, nil
	}
}
