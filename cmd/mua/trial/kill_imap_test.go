package trial

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store"
)

// wisher is a person who keeps wishing while the processes that pull and replay are killed. Only this person flags, moves
// and deletes; mail keeps coming, and another client reads some of it. So it is known how all of it must end.
type wisher struct {
	*box
	bin   string
	there mailServer
	st    *store.Store
	acct  store.AccountID
	r     *rand.Rand

	place   map[string]string // subject → mailbox, "": deleted for good
	raw     map[string]string // subject → the message
	flagged map[string]bool
	came    int
	span    time.Duration // within which the kills come
	kills   int
	begun   int // syncs
	pulled  int // kills that found more here than before
	settled int // kills that found fewer wishes pending than before
}

var wisherBoxes = []string{"INBOX", "Archive", "Trash", "Work"}

// mailServer is what the other people do on the wisher's server, and what is there in the end.
type mailServer interface {
	deliver(mailbox string, raw []byte)
	read(r *rand.Rand) // another client reads a message of the INBOX
	list() []mailThere
}

// mailThere is a message as the server has it.
type mailThere struct {
	mailbox string
	flagged bool
	raw     string
}

// TestKillDuringPullAndReplay: kill -9 at any time of pulls and replays. In the end every wish is carried out, each message is
// in its place once, here and on the server, and no bytes lie about that belong to none.
func TestKillDuringPullAndReplay(t *testing.T) {
	t.Parallel()
	landed := 0
	for _, c := range []struct {
		name  string
		kills int
		start func(*testing.T) (there mailServer, config string)
	}{
		{"demo", 30, onDemo},
		{"demo without MOVE", 10, onPoorDemo},
		{"dovecot", 20, onDovecot},
	} {
		t.Run(c.name, func(t *testing.T) {
			kills := c.kills
			if long() {
				kills = 200
			}
			seed := rand.Uint64() % 1_000_000
			t.Logf("seed %d", seed)
			there, config := c.start(t)
			w := newWisher(t, there, config, seed)
			for round := range kills * 4 {
				if w.kills == kills {
					break
				}
				w.arrive(6)
				if round%2 == 0 { // else the pull begins at once
					w.wish(8)
				}
				w.kill()
			}
			w.ends()
			t.Logf("%d of %d syncs killed: %d in a pull, %d in a replay; %d messages", w.kills, w.begun, w.pulled, w.settled, w.came)
			if w.kills < kills/4 {
				t.Errorf("%d kills of %d", w.kills, kills)
			}
			landed += w.pulled + w.settled
		})
	}
	if landed == 0 {
		t.Errorf("the kills landed nowhere")
	}
}

func newWisher(t *testing.T, there mailServer, config string, seed uint64) *wisher {
	w := &wisher{box: newBox(t, config), bin: buildMua(t), there: there,
		r: rand.New(rand.NewPCG(seed, 1)), place: map[string]string{}, raw: map[string]string{}, flagged: map[string]bool{}}
	var err error
	if w.st, err = store.Open(t.Context(), w.data, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.st.Close() })
	if w.acct, err = w.st.EnsureAccount(t.Context(), "work"); err != nil {
		t.Fatal(err)
	}
	for _, b := range wisherBoxes {
		w.deliver(b)
	}
	began := time.Now()
	w.mua(0, "sync")
	w.span = 2 * time.Since(began)
	return w
}

func (w *wisher) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// letter makes the next message.
func (w *wisher) letter(mailbox string) []byte {
	subject := fmt.Sprintf("letter-%d.", w.came)
	w.came++
	w.place[subject] = mailbox
	raw := fmt.Appendf(nil, "From: a@example.org\r\nMessage-ID: <%sexample.org>\r\nSubject: %s\r\n\r\n%s\r\n",
		strings.ReplaceAll(subject, ".", "@"), subject, strings.Repeat(subject+"\r\n", w.r.IntN(800)))
	w.raw[subject] = string(raw)
	return raw
}

func (w *wisher) deliver(mailbox string) { w.there.deliver(mailbox, w.letter(mailbox)) }

// arrive has n messages come, and another client read one.
func (w *wisher) arrive(n int) {
	for range n {
		w.deliver(wisherBoxes[w.r.IntN(len(wisherBoxes))])
	}
	w.there.read(w.r)
}

func (w *wisher) rows() []store.Row {
	w.t.Helper()
	rows, err := w.st.List(w.t.Context(), store.ListQuery{Account: w.acct, Limit: 1 << 20})
	w.check(err)
	return rows
}

// wish wishes n things.
func (w *wisher) wish(n int) {
	w.t.Helper()
	ctx := w.t.Context()
	for range n {
		rows := slices.DeleteFunc(w.rows(), func(r store.Row) bool { return !r.HasBody })
		r := rows[w.r.IntN(len(rows))]
		ids := []store.MessageID{r.ID}
		switch w.r.IntN(6) {
		case 0, 1:
			c := store.FlagChange{Add: store.Flagged}
			if r.Flags.Has(store.Flagged) {
				c = store.FlagChange{Remove: store.Flagged}
			}
			_, err := w.st.MarkFlags(ctx, ids, c)
			w.check(err)
			w.flagged[r.Subject] = !r.Flags.Has(store.Flagged)
		case 2, 3:
			box := wisherBoxes[w.r.IntN(len(wisherBoxes))]
			to, err := w.st.FindMailbox(ctx, w.acct, box)
			w.check(err)
			_, err = w.st.Move(ctx, ids, to.ID)
			w.check(err)
			w.place[r.Subject] = box
		case 4:
			_, err := w.st.Trash(ctx, ids)
			w.check(err)
			if w.place[r.Subject] == "Trash" {
				w.place[r.Subject] = ""
			} else {
				w.place[r.Subject] = "Trash"
			}
		case 5:
			box := wisherBoxes[w.r.IntN(len(wisherBoxes))]
			to, err := w.st.FindMailbox(ctx, w.acct, box)
			w.check(err)
			_, _, err = w.st.AddRemote(ctx, to.ID, []store.Incoming{{Raw: w.letter(box)}})
			w.check(err)
		}
	}
}

func (w *wisher) pending() (n int) {
	for _, r := range w.rows() {
		n += len(r.Pending)
	}
	return n
}

// kill begins a sync and kills it.
func (w *wisher) kill() {
	w.t.Helper()
	w.begun++
	had, wished := len(w.rows()), w.pending()
	if !w.killed(w.bin, time.Duration(0.05+0.95*w.r.Float64()*float64(w.span)), "sync") {
		w.span = w.span * 9 / 10
		return
	}
	w.span = w.span * 21 / 20
	w.kills++
	if len(w.rows()) > had {
		w.pulled++
	}
	if p := w.pending(); p < wished && p > 0 {
		w.settled++
	}
	if n, err := w.st.Loose(w.t.Context()); err != nil || n != 0 {
		w.t.Fatalf("after %d kills %d contents belong to nothing: %v", w.kills, n, err)
	}
}

// moving is what a sync tells that still changes something; else nil.
func (w *wisher) moving() map[string]any {
	row := w.syncRow()
	if row["new"].(float64)+row["changed"].(float64)+row["removed"].(float64)+row["replayed"].(float64) == 0 {
		return nil
	}
	return row
}

// ends syncs in peace and compares: what was wished, what is here, what is on the server.
func (w *wisher) ends() {
	w.t.Helper()
	for range 4 {
		w.mua(0, "sync")
	}
	w.moving() // without CONDSTORE, what another client has flagged is looked for once a minute
	if row := w.moving(); row != nil {
		w.t.Errorf("it does not come to rest: %v", row)
	}
	list, err := w.st.Conflicts(w.t.Context(), 1000)
	w.check(err)
	for _, c := range list {
		w.t.Logf("the journal: message %d: %s", c.Message, c.What)
	}
	var want, here, there []string
	for subject, box := range w.place {
		if box != "" {
			want = append(want, fmt.Sprint(box, " ", subject, " ", w.flagged[subject]))
		}
	}
	for _, r := range w.rows() {
		if raw, err := w.st.Raw(w.t.Context(), r.ID); err != nil || string(raw) != w.raw[r.Subject] {
			w.t.Errorf("%s has other bytes here: %d instead of %d: %v", r.Subject, len(raw), len(w.raw[r.Subject]), err)
		}
		here = append(here, fmt.Sprint(r.MailboxName, " ", r.Subject, " ", r.Flags.Has(store.Flagged)))
	}
	for _, m := range w.there.list() {
		_, subject, _ := strings.Cut(m.raw, "Subject: ")
		subject, _, _ = strings.Cut(subject, "\r\n")
		if m.raw != w.raw[subject] {
			w.t.Errorf("%s has other bytes on the server: %d instead of %d", subject, len(m.raw), len(w.raw[subject]))
		}
		there = append(there, fmt.Sprint(m.mailbox, " ", subject, " ", m.flagged))
	}
	for _, l := range [][]string{want, here, there} {
		slices.Sort(l)
	}
	if !slices.Equal(here, want) {
		w.t.Errorf("here: missing %v, too many %v", missing(want, here), missing(here, want))
	}
	if !slices.Equal(there, want) {
		w.t.Errorf("on the server: missing %v, too many %v", missing(want, there), missing(there, want))
	}
	if n, err := w.st.Loose(w.t.Context()); err != nil || n != 0 {
		w.t.Errorf("%d contents belong to nothing: %v", n, err)
	}
}

// missing are the entries of a that b has fewer times.
func missing(a, b []string) (out []string) {
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
