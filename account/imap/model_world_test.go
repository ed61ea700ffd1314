package imap_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/imap"
	"mua/account/realservers"
	"mua/store"
)

// failure is what a world panics with when a claim does not hold.
type failure string

// world is one run of the model: a store, a server, another client, and what is known of every message.
type world struct {
	*env
	dir    string
	server modelServer
	cutter *realservers.Cutter
	other  *realservers.Client
	seed   uint64
	r      *rand.Rand // of the step
	step   int
	log    []string

	made      int                                 // identities 0…made-1
	placesOf  map[int]map[string]bool             // identity → the mailboxes that somebody ever put it into
	copiesOf  map[int]int                         // identity → how many copies were made, at the most
	mayVanish map[int]bool                        // somebody removed a copy
	movedOn   map[int]bool                        // another client moved a copy
	newUIDs   map[int]bool                        // a copy was marked \Deleted when its mailbox was numbered anew
	touched   map[store.MessageID]map[string]bool // what of its flags was wished since it last had no wish pending
	wasCalled map[string][]string                 // mailbox → names it was renamed from
	counts    map[string]int                      // what was done, for the end
	separator string                              // of mailboxes
	boxWishes map[store.MailboxID]boxWish         // what is wished for mailboxes and not known to be so
}

var fixedBoxes = []string{"INBOX", "Archive", "Trash", "Work"}

func newWorld(t testing.TB, seed uint64, server modelServer) *world {
	w := &world{dir: t.TempDir(), server: server, seed: seed, placesOf: map[int]map[string]bool{}, copiesOf: map[int]int{},
		mayVanish: map[int]bool{}, movedOn: map[int]bool{}, newUIDs: map[int]bool{}, wasCalled: map[string][]string{}, touched: map[store.MessageID]map[string]bool{}, counts: map[string]int{},
		boxWishes: map[store.MailboxID]boxWish{}}
	w.cutter = realservers.NewCutter(t, server.addr)
	cfg, err := account.Parse("config.toml", fmt.Appendf(nil, "[account.work]\nfrom = \"%s@example.org\"\nincoming = \"imaps://%[1]s@%s\"\npassword = { plain = %q }\ntls_ca = %q\nmailboxes = [\"*\"]\n",
		server.user, w.cutter.Addr, server.password, server.caFile))
	if err != nil {
		t.Fatal(err)
	}
	w.env = &env{t: t, acct: cfg.Accounts[0]}
	w.o.Wire.Progress = 10 * time.Second
	w.o.Settle = time.Millisecond // the cutter lets the server end before the next session begins
	w.o.FlagsEvery = time.Nanosecond
	w.openStore()
	w.other = realservers.ClientOf(t, server.addr, server.caFile, server.user, server.password)
	for _, b := range fixedBoxes {
		_, _ = w.other.Try("CREATE " + b)
	}
	w.r = rand.New(rand.NewPCG(seed, 1<<40))
	for range 12 {
		w.otherAppend()
	}
	w.pass()
	w.separator = w.mailbox("INBOX").Separator
	return w
}

func (w *world) openStore() {
	st, err := store.Open(w.t.Context(), w.dir, store.Options{})
	if err != nil {
		w.fail("open: %v", err)
	}
	w.st = st
	if w.id, err = st.EnsureAccount(w.t.Context(), w.acct.Name); err != nil {
		w.fail("%v", err)
	}
}

func (w *world) fail(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

func (w *world) must(err error) {
	if err != nil {
		w.fail("%v", err)
	}
}

// say keeps a line of what was done.
func (w *world) say(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%5d ", w.step)+fmt.Sprintf(format, args...))
}

func (w *world) tail(n int) string { return strings.Join(w.log[max(0, len(w.log)-n):], "\n") }

func (w *world) tell() string { return fmt.Sprintf("%d messages; %v", w.made, w.counts) }

// modelLetter is the message of an identity; some look as if a server had passed them on, some have no Message-ID.
func modelLetter(id int) []byte {
	var b strings.Builder
	if id%3 != 0 {
		fmt.Fprintf(&b, "Received: from a.example by b.example with ESMTP id X%d; Tue, 14 Nov 2023 22:13:20 +0000\r\n", id)
	}
	fmt.Fprintf(&b, "From: s@example.org\r\nSubject: id%04d\r\nDate: %s\r\n", id, time.Unix(1_700_000_000+int64(id)*60, 0).UTC().Format(time.RFC1123Z))
	if id%7 != 3 {
		fmt.Fprintf(&b, "Message-ID: <id%04d@model.example>\r\n", id)
	}
	fmt.Fprintf(&b, "\r\nI am id%04d.\r\n%s\r\n", id, strings.Repeat("x", id%5))
	return []byte(b.String())
}

var identity = regexp.MustCompile(`id(\d{4,})`)

func identityOf(text string) int {
	m := identity.FindStringSubmatch(text)
	if m == nil {
		return -1
	}
	n := 0
	fmt.Sscan(strings.TrimLeft(m[1], "0")+" ", &n)
	return n
}

// keyword is the one that only messages of this identity ever get.
func keyword(id int) string { return fmt.Sprintf("k%d", id%16) }

// newIdentity makes one more message, to be put into a mailbox.
func (w *world) newIdentity(mailbox string) (id int, raw []byte) {
	id = w.made
	w.made++
	w.placesOf[id], w.copiesOf[id] = map[string]bool{mailbox: true}, 1
	return id, modelLetter(id)
}

// pass is one whole pass in peace: replay, pull. Afterwards every wish has its due.
func (w *world) pass() {
	before := w.snapshot()
	w.passInPeace()
	// A move by COPY that was cut before its EXPUNGE, and whose target was numbered anew since its last pull: whether a copy
	// there is the moved one, only the pull at the end of a pass tells. The next pass ends the move, and nothing is doubled then.
	if w.server.byCopy && w.doubled(w.onServer()) != "" {
		w.counts["half done"]++
		w.passInPeace()
	}
	w.checkWishes(before)
	w.checkServer()
}

func (w *world) passInPeace() {
	err := w.tryPass()
	if err != nil && strings.Contains(err.Error(), "have vanished") {
		w.counts["asked"]++
		w.o.ConfirmRemoval = true
		err = w.tryPass()
		w.o.ConfirmRemoval = false
	}
	if err != nil {
		w.fail("a pass in peace: %v", err)
	}
}

func (w *world) tryPass() error {
	s, err := imap.Open(w.t.Context(), w.acct, w.st, w.o)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, _, err := s.Replay(w.t.Context()); err != nil {
		return err
	}
	_, err = s.Pull(w.t.Context(), nil)
	return err
}

// cutPass is a pass whose connection breaks somewhere.
func (w *world) cutPass() {
	before := w.snapshot()
	up, down := -1, -1
	if w.r.IntN(2) == 0 {
		up = 400 + w.r.IntN(2500)
	} else {
		down = 1200 + w.r.IntN(12000)
	}
	w.cutter.Cut(up, down)
	err := w.tryPass()
	w.cutter.Cut(-1, -1)
	w.cutter.Idle()
	w.say("pass cut at %d, %d: %v", up, down, err)
	if err == nil {
		w.counts["cut too late"]++
	} else if t, ok := errors.AsType[*account.Trouble](err); !ok || t.Kind == account.KindIO {
		w.fail("a cut pass says %v", err)
	}
	w.checkWishes(before)
}

// restart closes the store and opens it again.
func (w *world) restart() {
	w.must(w.st.Close())
	w.openStore()
	w.say("restart")
}

// allRows are what the person sees, by id.
func (w *world) allRows() map[store.MessageID]store.Row {
	rows, err := w.st.List(w.t.Context(), store.ListQuery{Account: w.id, Limit: 100_000})
	w.must(err)
	out := make(map[store.MessageID]store.Row, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out
}

// touch notes which of a message's flags are wished otherwise.
func (w *world) touch(id store.MessageID, what string) {
	if w.touched[id] == nil {
		w.touched[id] = map[string]bool{}
	}
	w.touched[id][what] = true
}

// snapshot is what is pending, and how it should become.
func (w *world) snapshot() map[store.MessageID]store.Row {
	rows := w.allRows()
	for id, r := range rows {
		if len(r.Pending) == 0 {
			delete(rows, id)
		}
	}
	return rows
}

// checkWishes: each wish of before is still pending, or is so, or the journal tells of its message.
func (w *world) checkWishes(before map[store.MessageID]store.Row) {
	now := w.allRows()
	journal := map[store.MessageID]string{}
	list, err := w.st.Conflicts(w.t.Context(), 1_000_000)
	w.must(err)
	for _, c := range list {
		journal[c.Message] = c.What
	}
	for id, was := range before {
		is, here := now[id]
		if journal[id] != "" || here && len(is.Pending) > 0 {
			continue
		}
		who := identityOf(was.Subject)
		switch {
		case !here && w.followed(was, now):
		case !here:
			w.fail("message %d (id%d, %s) is gone with its wishes %v, and no journal says why", id, who, was.MailboxName, was.Pending)
		case w.touched[id]["flagged"] && (was.Flags^is.Flags)&store.Flagged != 0,
			w.touched[id]["keyword"] && slices.Contains(was.Keywords, keyword(who)) != slices.Contains(is.Keywords, keyword(who)):
			w.fail("message %d (id%d): flags were wished as %v %v and are %v %v", id, who, was.Flags.Names(), was.Keywords, is.Flags.Names(), is.Keywords)
		case is.Mailbox != was.Mailbox && is.MailboxName != was.MailboxName && // one of the same name may have taken its place
			slices.ContainsFunc(was.Pending, func(p string) bool { return p != "flags" }) &&
			!(w.movedOn[who] && slices.Contains(was.Pending, "append")): // uploaded, the answer lost, and moved on from there: found where it is
			w.fail("message %d (id%d): wished in %s, is in %s", id, who, was.MailboxName, is.MailboxName)
		}
	}
	for id := range w.touched {
		if len(now[id].Pending) == 0 {
			delete(w.touched, id)
		}
	}
	w.checkBoxWishes()
}

// copyThere is a message on the server.
type copyThere struct {
	mailbox  string
	uid      uint32
	identity int
	flags    []string // sorted, without \Recent
}

var (
	uidIn   = regexp.MustCompile(`UID (\d+)`)
	flagsIn = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	listIn  = regexp.MustCompile(`^\* L(?:IST|SUB) \(([^)]*)\) \S+ "?([^"]*)"?$`)
)

// serverBoxes are the names of the mailboxes on the server, sorted.
func (w *world) serverBoxes() []string {
	list := listedBoxes(w.exec(`LIST "" "*"`))
	return slices.DeleteFunc(list, func(b string) bool { // Dovecot lists also what has only mailboxes under it
		if !slices.ContainsFunc(list, func(x string) bool { return strings.HasPrefix(x, b+w.separator) }) || w.separator == "" {
			return false
		}
		_, err := w.other.Try(fmt.Sprintf("STATUS %q (MESSAGES)", b))
		return err != nil
	})
}

func listedBoxes(lines []string) (out []string) {
	for _, l := range lines {
		if m := listIn.FindStringSubmatch(l); m != nil && !strings.Contains(strings.ToLower(m[1]), `\noselect`) {
			out = append(out, m[2])
		}
	}
	slices.Sort(out)
	return out
}

func (w *world) exec(command string) []string {
	lines, err := w.other.Try(command)
	if err != nil {
		w.fail("the other client: %.100s: %v", command, err)
	}
	return lines
}

// serverCopies are the messages of a mailbox on the server.
func (w *world) serverCopies(mailbox string) (out []copyThere) {
	w.exec(fmt.Sprintf("EXAMINE %q", mailbox))
	for _, l := range w.exec("UID FETCH 1:* (UID FLAGS BODY.PEEK[])") {
		m := uidIn.FindStringSubmatch(l)
		if m == nil || !strings.Contains(l, "BODY[]") {
			continue
		}
		c := copyThere{mailbox: mailbox, identity: identityOf(l)}
		fmt.Sscan(m[1], &c.uid)
		if f := flagsIn.FindStringSubmatch(l); f != nil {
			c.flags = strings.Fields(f[1])
			c.flags = slices.DeleteFunc(c.flags, func(s string) bool { return s == `\Recent` })
			slices.Sort(c.flags)
		}
		if !strings.Contains(l, string(modelLetter(c.identity))) {
			w.fail("%s on the server holds something else than was put there: %q", mailbox, l)
		}
		out = append(out, c)
	}
	return out
}

// mayBeIn: somebody put the identity there, or into a mailbox that was renamed to that since.
func (w *world) mayBeIn(identity int, mailbox string, seen []string) bool {
	if w.placesOf[identity][mailbox] {
		return true
	}
	for _, was := range w.wasCalled[mailbox] {
		if !slices.Contains(seen, was) && w.mayBeIn(identity, was, append(seen, mailbox)) {
			return true
		}
	}
	return false
}

// onServer are the messages on the server, by mailbox.
func (w *world) onServer() map[string][]copyThere {
	there := map[string][]copyThere{}
	for _, b := range w.serverBoxes() {
		there[b] = w.serverCopies(b)
	}
	return there
}

// doubled tells of a message that is there more often than it was made; "" when there is none.
func (w *world) doubled(there map[string][]copyThere) string {
	count := map[int]int{}
	for _, list := range there {
		for _, c := range list {
			if !w.leftBehind(c.flags) {
				count[c.identity]++
			}
		}
	}
	for id, n := range count {
		if n > w.copiesOf[id] {
			return fmt.Sprintf("id%d is on the server %d times, of %d made", id, n, w.copiesOf[id])
		}
	}
	return ""
}

// checkServer: nothing there is where nobody put it, marked as nobody marked it, doubled, or gone by itself.
func (w *world) checkServer() map[string][]copyThere {
	there := w.onServer()
	for b, list := range there {
		for _, c := range list {
			if !w.mayBeIn(c.identity, b, nil) {
				w.fail("id%d is in %s on the server, where nobody put it: %v", c.identity, b, w.placesOf[c.identity])
			}
			for _, f := range c.flags {
				if strings.HasPrefix(f, "k") && f != keyword(c.identity) {
					w.fail("id%d in %s has the keyword %s of another", c.identity, b, f)
				}
			}
		}
	}
	if twice := w.doubled(there); twice != "" {
		w.fail("%s", twice)
	}
	return there
}

// converge: after passes in peace store and server are the same, and what nobody removed is there.
func (w *world) converge() {
	w.say("the end")
	for range 4 {
		w.pass()
	}
	if p := w.snapshot(); len(p) > 0 {
		for id, r := range p {
			if mb, err := w.st.Mailbox(w.t.Context(), r.Mailbox); err != nil || !mb.Local {
				w.fail("message %d (%s in %s) still has %v pending", id, r.Subject, r.MailboxName, r.Pending)
			}
		}
	}
	w.checkBoxes()
	there := w.checkServer()
	var onServer, inStore []string
	kept := map[int]bool{}
	for b, list := range there {
		for _, c := range list {
			kept[c.identity] = true
			if !w.mayStayMarked(c) {
				w.fail("id%d (%d) in %s is still marked \\Deleted", c.identity, c.uid, b)
			}
			if !w.leftBehind(c.flags) {
				onServer = append(onServer, fmt.Sprintf("%s id%d %v", b, c.identity, shownFlags(c.flags)))
			}
		}
	}
	for id, r := range w.allRows() {
		raw, err := w.st.Raw(w.t.Context(), id)
		w.must(err)
		who := identityOf(r.Subject)
		if string(raw) != string(modelLetter(who)) {
			w.fail("message %d (id%d) has the bytes of another: %q", id, who, raw)
		}
		kept[who] = true
		if mb, err := w.st.Mailbox(w.t.Context(), r.Mailbox); err != nil || mb.Local || w.leftBehind(r.Flags.Names()) {
			continue
		}
		inStore = append(inStore, fmt.Sprintf("%s id%d %v", r.MailboxName, who, rowFlags(r)))
	}
	slices.Sort(onServer)
	slices.Sort(inStore)
	if !slices.Equal(onServer, inStore) {
		w.fail("store and server differ:\nonly on the server: %v\nonly in the store: %v", lacking(onServer, inStore), lacking(inStore, onServer))
	}
	for id := range w.made {
		if !kept[id] && !w.mayVanish[id] {
			w.fail("id%d is nowhere, and nobody removed it", id)
		}
	}
}

// lacking are the entries of sorted a that sorted b has not.
func lacking(a, b []string) (out []string) {
	left := map[string]int{}
	for _, x := range b {
		left[x]++
	}
	for _, x := range a {
		if left[x]--; left[x] < 0 {
			out = append(out, x)
		}
	}
	return out
}

func shownFlags(flags []string) []string {
	out := []string{}
	for _, f := range flags {
		out = append(out, strings.ToLower(strings.TrimPrefix(f, `\`)))
	}
	slices.Sort(out)
	return out
}

func rowFlags(r store.Row) []string {
	out := append(r.Flags.Names(), r.Keywords...)
	slices.Sort(out)
	return out
}
