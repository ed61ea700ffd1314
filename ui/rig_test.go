package ui

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"mua/account"
	"mua/account/demo"
	"mua/store"
	"mua/ui/keys"
)

// testNow is the time in all scenarios.
var testNow = time.Date(2026, 11, 23, 15, 30, 0, 0, time.UTC)

// fakeAgent records what it is asked and says what it is told to.
type fakeAgent struct {
	mu      sync.Mutex
	calls   []string
	status  []account.Status
	changed chan struct{}
}

func newFakeAgent(online bool) *fakeAgent {
	st := account.Status{Account: "work", Online: online, Phase: account.Idle, LastSync: testNow.Add(-3 * time.Minute)}
	if !online {
		st.Trouble = &account.Trouble{Kind: account.KindNetwork, Account: "work", What: "no route to mail.example.org"}
	}
	return &fakeAgent{changed: make(chan struct{}, 1), status: []account.Status{st}}
}

func (a *fakeAgent) call(s string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, s)
}

func (a *fakeAgent) called() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.calls, " ")
}

func (a *fakeAgent) set(s account.Status) {
	a.mu.Lock()
	a.status = []account.Status{s}
	a.mu.Unlock()
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

func (a *fakeAgent) Sync(acct string)  { a.call("sync:" + acct) }
func (a *fakeAgent) Flush(acct string) { a.call("flush:" + acct) }
func (a *fakeAgent) Status() []account.Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]account.Status(nil), a.status...)
}
func (a *fakeAgent) Watch() (<-chan struct{}, func()) { return a.changed, func() {} }

// rig is the UI on a simulated screen over a store in a temporary folder.
type rig struct {
	t     testing.TB
	u     *App
	scr   tcell.SimulationScreen
	st    *store.Store
	agent *fakeAgent
	acct  store.AccountID
	mark  chan struct{}
	ended chan error
	clock *atomic.Int64 // what testNow has moved on by
}

// now is the time in this scenario.
func (r *rig) now() time.Time { return testNow.Add(time.Duration(r.clock.Load())) }

// pass lets time pass, as the person at the screen would see it.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	r.clock.Add(int64(d))
	r.on(func() { r.u.second() })
	r.idle()
}

// setup is what a scenario starts from.
type setup struct {
	w, h    int
	samples bool
	offline bool
	config  func(*account.Config)
	options func(*Options)
	fill    func(r *rig)
}

const markKey = tcell.KeyF64

func testConfig() *account.Config {
	a := &account.Account{
		Name: "work", From: mail.Address{Name: "Ada Linden", Address: "ada@mua.example"},
		Incoming: &account.Endpoint{Protocol: account.IMAP, Host: "127.0.0.1", Port: 1},
		Outgoing: &account.Endpoint{Protocol: account.SMTP, Host: "127.0.0.1", Port: 1},
	}
	return &account.Config{Accounts: []*account.Account{a}}
}

func start(t testing.TB, s setup) *rig {
	t.Helper()
	ctx := t.Context()
	r := &rig{t: t, agent: newFakeAgent(!s.offline), mark: make(chan struct{}, 1), ended: make(chan error, 1), clock: new(atomic.Int64)}
	st, err := store.Open(ctx, t.TempDir(), store.Options{Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	r.st = st
	if r.acct, err = st.EnsureAccount(ctx, "work"); err != nil {
		t.Fatal(err)
	}
	if s.samples {
		fillSamples(t, st, r.acct)
	}
	if s.fill != nil {
		s.fill(r)
	}
	t.Cleanup(func() { st.Close() })
	r.open(s)
	return r
}

// startOn is the UI once more, over the store of another rig.
func startOn(t testing.TB, old *rig, s setup) *rig {
	t.Helper()
	r := &rig{t: t, st: old.st, agent: newFakeAgent(!s.offline), acct: old.acct, mark: make(chan struct{}, 1), ended: make(chan error, 1), clock: old.clock}
	r.open(s)
	return r
}

// open shows the UI.
func (r *rig) open(s setup) {
	t, st, ctx := r.t, r.st, r.t.Context()
	t.Helper()
	var err error
	if s.w == 0 {
		s.w, s.h = 80, 24
	}
	r.scr = tcell.NewSimulationScreen("UTF-8")
	if err := r.scr.Init(); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	if s.config != nil {
		s.config(cfg)
	}
	o := Options{Config: cfg, Store: st, Agent: r.agent, Now: r.now, Screen: initialised{r.scr}}
	if s.options != nil {
		s.options(&o)
	}
	r.scr.SetSize(s.w, s.h)
	if r.u, err = newApp(ctx, o); err != nil {
		t.Fatal(err)
	}
	r.u.autosave = 0
	r.u.onKey = func(ev *tcell.EventKey) bool {
		if ev.Key() == markKey {
			r.mark <- struct{}{}
			return true
		}
		return false
	}
	runCtx, cancel := context.WithCancel(context.Background())
	go func() { r.ended <- r.u.run(runCtx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-r.ended:
		case <-time.After(20 * time.Second):
			t.Error("the UI did not end")
		}
	})
	r.idle()
}

// initialised is a screen that has been initialised: again would reset its size.
type initialised struct{ tcell.SimulationScreen }

func (initialised) Init() error { return nil }

// fillSamples puts the demo's mail into the store as a pull would.
func fillSamples(t testing.TB, st *store.Store, acct store.AccountID) {
	t.Helper()
	ctx := t.Context()
	byBox := map[string][]store.Incoming{}
	uid := uint32(0)
	for _, s := range demo.Samples(testNow) {
		uid++
		byBox[s.Mailbox] = append(byBox[s.Mailbox], store.Incoming{UID: uid, Raw: s.Raw, Received: s.Received, Flags: flagsOf(s.Flags)})
	}
	roles := map[string]store.Role{"INBOX": store.RoleInbox, "Sent": store.RoleSent, "Drafts": store.RoleDrafts, "Trash": store.RoleTrash, "Archive": store.RoleArchive, "Junk": store.RoleJunk}
	var list []store.RemoteMailbox
	for name := range roles {
		list = append(list, store.RemoteMailbox{Name: name, Separator: "/", Role: roles[name], Subscribed: true})
	}
	for name := range byBox {
		if _, ok := roles[name]; !ok {
			list = append(list, store.RemoteMailbox{Name: name, Separator: "/", Subscribed: true})
		}
	}
	boxes, err := st.SetMailboxes(ctx, acct, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range boxes {
		if len(byBox[b.Name]) == 0 {
			continue
		}
		if _, _, err := st.AddRemote(ctx, b.ID, byBox[b.Name]); err != nil {
			t.Fatal(err)
		}
	}
}

func flagsOf(names []string) store.Flags {
	var f store.Flags
	for _, n := range names {
		switch strings.ToLower(n) {
		case `\seen`:
			f |= store.Seen
		case `\answered`:
			f |= store.Answered
		case `\flagged`:
			f |= store.Flagged
		case `\draft`:
			f |= store.Draft
		}
	}
	return f
}

// add puts messages into a mailbox, as a pull would, without the UI doing anything.
func (r *rig) add(mailbox string, role store.Role, msgs ...string) []store.MessageID {
	r.t.Helper()
	ctx := r.t.Context()
	boxes, err := r.st.Mailboxes(ctx, r.acct)
	if err != nil {
		r.t.Fatal(err)
	}
	list := []store.RemoteMailbox{}
	known := false
	for _, b := range boxes {
		list = append(list, store.RemoteMailbox{Name: b.Name, Separator: b.Separator, Role: b.Role, Subscribed: true})
		known = known || b.Name == mailbox
	}
	if !known {
		list = append(list, store.RemoteMailbox{Name: mailbox, Separator: "/", Role: role, Subscribed: true})
		if boxes, err = r.st.SetMailboxes(ctx, r.acct, list); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, b := range boxes {
		if b.Name != mailbox {
			continue
		}
		var batch []store.Incoming
		for i, m := range msgs {
			raw := []byte(strings.ReplaceAll(m, "\n", "\r\n"))
			batch = append(batch, store.Incoming{UID: uint32(b.Total + i + 1), Raw: raw, Received: testNow.Add(time.Duration(b.Total+i-100000) * time.Minute)})
		}
		ids, _, err := r.st.AddRemote(ctx, b.ID, batch)
		if err != nil {
			r.t.Fatal(err)
		}
		return ids
	}
	r.t.Fatalf("no mailbox %s", mailbox)
	return nil
}

// mailText makes a plain message.
func mailText(from, subject, body string) string {
	return fmt.Sprintf("From: %s\nTo: Ada Linden <ada@mua.example>\nSubject: %s\nDate: Mon, 23 Nov 2026 09:00:00 +0000\nMessage-ID: <%x@test.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s\n",
		from, subject, from+subject+body, body)
}

// keys types keys by their names; "=text" types text.
func (r *rig) keys(list ...string) {
	r.t.Helper()
	for _, k := range list {
		if s, ok := strings.CutPrefix(k, "="); ok {
			for _, c := range s {
				r.inject(tcell.KeyRune, c, tcell.ModNone)
			}
			continue
		}
		for one := range strings.FieldsSeq(k) {
			key, c, mod := eventFor(r.t, one)
			r.inject(key, c, mod)
			if key != tcell.KeyRune {
				r.idle()
			}
		}
	}
	r.idle()
}

func eventFor(t testing.TB, name string) (tcell.Key, rune, tcell.ModMask) {
	t.Helper()
	if len([]rune(name)) == 1 {
		return tcell.KeyRune, []rune(name)[0], tcell.ModNone
	}
	if name == "Space" {
		return tcell.KeyRune, ' ', tcell.ModNone
	}
	for k := tcell.KeyCtrlA; k <= tcell.KeyCtrlZ; k++ {
		if name == "Ctrl-"+string(rune('A'+k-tcell.KeyCtrlA)) {
			return k, 0, tcell.ModCtrl
		}
	}
	for _, k := range []tcell.Key{tcell.KeyEnter, tcell.KeyEscape, tcell.KeyTab, tcell.KeyBacktab, tcell.KeyBackspace, tcell.KeyDelete, tcell.KeyUp, tcell.KeyDown,
		tcell.KeyLeft, tcell.KeyRight, tcell.KeyPgUp, tcell.KeyPgDn, tcell.KeyHome, tcell.KeyEnd, tcell.KeyF1, tcell.KeyF5, tcell.KeyF10} {
		if keys.Stroke(tcell.NewEventKey(k, 0, tcell.ModNone)) == name {
			return k, 0, tcell.ModNone
		}
	}
	t.Fatalf("no key %q", name)
	return 0, 0, 0
}

// idle waits until all that was typed has been handled and nothing is under way.
func (r *rig) idle() {
	r.t.Helper()
	r.inject(markKey, 0, tcell.ModNone)
	r.wait(r.mark, "the loop")
	r.wait(r.u.pump.Idle(), "tasks")
}

func (r *rig) wait(c <-chan struct{}, what string) {
	r.t.Helper()
	select {
	case <-c:
	case err := <-r.ended:
		r.ended <- err
	case <-time.After(20 * time.Second):
		r.t.Fatalf("waiting for %s took too long", what)
	}
}

// on runs f on the event loop.
func (r *rig) on(f func()) {
	r.t.Helper()
	done := make(chan struct{})
	r.u.pump.Post(fmt.Sprintf("test %p", done), func() { f(); close(done) })
	r.wait(done, "the loop")
}

// screen is what is on the screen, lines without trailing spaces.
func (r *rig) screen() string {
	r.t.Helper()
	var b strings.Builder
	r.on(func() {}) // draws
	r.on(func() {
		cells, w, h := r.scr.GetContents()
		for y := range h {
			var line strings.Builder
			for x := 0; x < w; x++ {
				c := cells[y*w+x]
				line.WriteString(string(c.Runes))
				if uniseg.StringWidth(string(c.Runes)) == 2 {
					x++
				}
			}
			b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
	})
	return b.String()
}

// sees fails unless the screen shows all of the texts.
func (r *rig) sees(texts ...string) {
	r.t.Helper()
	s := r.screen()
	for _, want := range texts {
		if !strings.Contains(s, want) {
			r.t.Fatalf("the screen does not show %q:\n%s", want, s)
		}
	}
}

// seesNot fails when the screen shows one of the texts.
func (r *rig) seesNot(texts ...string) {
	r.t.Helper()
	s := r.screen()
	for _, bad := range texts {
		if strings.Contains(s, bad) {
			r.t.Fatalf("the screen shows %q:\n%s", bad, s)
		}
	}
}

// until waits for news from outside to be on the screen.
func (r *rig) until(want string) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(r.screen(), want) {
		if time.Now().After(deadline) {
			r.t.Fatalf("%q does not come:\n%s", want, r.screen())
		}
	}
}

// resize changes the size of the terminal.
func (r *rig) resize(w, h int) {
	r.t.Helper()
	r.on(func() { r.scr.SetSize(w, h) })
	r.post(tcell.NewEventResize(w, h))
	r.idle()
}

// items are the outbox's items.
func (r *rig) items() []store.Item {
	r.t.Helper()
	list, err := r.st.Items(r.t.Context(), true)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// inject types a key; where the screen's queue is full, it waits for room: an event that finds none is lost.
func (r *rig) inject(key tcell.Key, ch rune, mod tcell.ModMask) {
	r.post(tcell.NewEventKey(key, ch, mod))
}

func (r *rig) post(ev tcell.Event) {
	r.t.Helper()
	deadline := time.After(20 * time.Second)
	for r.scr.PostEvent(ev) != nil {
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			r.t.Fatal("the screen's queue stays full")
		}
	}
}
