package submit_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/outbox"
	"mua/outbox/submit"
	"mua/store"
)

// long asks for the long modes of tests (CONTRIBUTING.md).
func long() bool { return os.Getenv("MUA_LONG") != "" }

// sweep is one run over all offsets of a session of two messages: each connection
// is cut there, the network heals, and what is left goes out.
type sweep struct {
	*post
	far       otherSide
	policy    store.Policy
	sessions  int // at once, at the most; 0: as the account says
	uncertain int // items the server may have had, by the first flush
	kept      int // items the first flush left queued
	repeated  int // messages the server took twice (policy retry)
}

// otherSide is the other side of the connections that are cut.
type otherSide interface {
	account() *account.Account
	cuts(up, down int)                           // where each connection breaks; <0: nowhere
	idle()                                       // waits until all connections are done, on the server too
	seen(to string) (begun int, bodies []string) // how often the body for one recipient was asked for, and each taken, dots undone
	forget()                                     // what was seen
	length() [2]int                              // of the longest connection so far, both ways
}

// TestCutEverywhereInTheStore cuts the connections of a flush after every octet in both
// directions, greeting to QUIT. Nothing is lost; with policy ask nothing goes out again after a
// final dot unless the person says so; every attempt carries the same bytes.
func TestCutEverywhereInTheStore(t *testing.T) {
	for _, c := range []struct {
		name       string
		policy     store.Policy
		pipelining bool
		sessions   int
		step       int // in the short mode
	}{
		{"ask", store.PolicyAsk, true, 1, 1},
		{"ask, lock-step", store.PolicyAsk, false, 1, 7},
		{"retry", store.PolicyRetry, true, 1, 7},
		{"ask, sessions side by side", store.PolicyAsk, true, 2, 7},
	} {
		step := c.step
		if long() {
			step = 1
		}
		for _, up := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/up=%t", c.name, up), func(t *testing.T) {
				t.Parallel()
				srv := serve(t, nil)
				if !c.pipelining {
					srv.offers(offered[1:]...)
				}
				w := &sweep{post: openPost(t, srv), far: srv, policy: c.policy, sessions: c.sessions}
				w.sweep(up, step)
			})
		}
	}
}

// sweep cuts at every step-th octet of one direction.
func (w *sweep) sweep(up bool, step int) {
	w.t.Helper()
	w.at(-1, up) // all of it
	end, cuts := w.far.length()[1], 0
	if up {
		end = w.far.length()[0]
	}
	for n := 0; n < end && !w.t.Failed(); n += step {
		w.at(n, up)
		cuts++
	}
	if w.uncertain == 0 || w.kept == 0 || !up && w.policy == store.PolicyRetry && w.repeated == 0 {
		w.t.Errorf("%d uncertain, %d kept, %d repeated: the sweep does not reach what it is about", w.uncertain, w.kept, w.repeated)
	}
	w.t.Logf("%d cuts in %d octets: %d items uncertain, %d kept queued, %d sent twice by policy", cuts, end, w.uncertain, w.kept, w.repeated)
}

// flush flushes once; the error is the account's trouble.
func (w *sweep) flush() (outbox.Summary, error) {
	f := w.flusher()
	f.Account, f.Submitter = w.far.account(), submit.Submitter{} // a cut is seen at once: no silence has to be borne
	if w.sessions > 0 {
		f.Account.Sessions = w.sessions
	}
	return f.Flush(w.t.Context())
}

// flushWell flushes over a healthy network.
func (w *sweep) flushWell() {
	w.t.Helper()
	if _, err := w.flush(); err != nil {
		w.t.Error(err)
	}
}

// at cuts after n octets; -1: not at all.
func (w *sweep) at(n int, up bool) {
	if up {
		w.far.cuts(n, -1)
	} else {
		w.far.cuts(-1, n)
	}
	ids := map[string]store.OutboxID{}
	for _, name := range []string{"a", "b"} {
		name = fmt.Sprintf("%s%d", name, n)
		ids[name] = w.spool(name, w.policy, name+"@example.org")
	}
	_, _ = w.flush() // its error is the account's: the items are what is judged
	w.far.idle()
	for name, id := range ids {
		w.afterCut(n, name, id)
	}
	w.far.cuts(-1, -1)
	w.now = w.now.Add(time.Hour)
	w.flushWell()
	for name, id := range ids {
		w.afterHealing(n, name, id)
	}
	for name, id := range ids {
		w.atLast(n, name, id)
	}
	w.far.forget()
}

func (w *sweep) seen(name string) (begun int, bodies []string) {
	return w.far.seen(name + "@example.org")
}

func (w *sweep) wrong(n int, name string, it store.Item, what string) {
	begun, bodies := w.seen(name)
	w.t.Errorf("cut at %d, %s: %s: it is %s %s after %d attempts; the server asked for the body %d times and took it %d times\n%s",
		n, name, what, it.State, it.Waiting, it.Attempts, begun, len(bodies), w.story(it.ID))
}

// afterCut compares an item with what the server did, right after the cut.
func (w *sweep) afterCut(n int, name string, id store.OutboxID) {
	it := w.item(id)
	begun, bodies := w.seen(name)
	doubtful := it.State == store.Uncertain || it.State == store.Queued && w.policy == store.PolicyRetry && it.Recipients[0].State == outbox.Deferred
	switch {
	case doubtful:
		w.uncertain++
		if begun == 0 {
			w.wrong(n, name, it, "in doubt, though its body was never asked for")
		}
	case it.State == store.Queued:
		w.kept++
		if len(bodies) != 0 {
			w.wrong(n, name, it, "queued, though the server has it")
		}
	case it.State == store.Sent:
		if len(bodies) != 1 {
			w.wrong(n, name, it, "sent")
		}
	default:
		w.wrong(n, name, it, "no state for a cut connection")
	}
	if len(bodies) > 1 {
		w.wrong(n, name, it, "sent again in one pass")
	}
}

// afterHealing checks an item once the network is back and everything due was tried.
func (w *sweep) afterHealing(n int, name string, id store.OutboxID) {
	it := w.item(id)
	_, bodies := w.seen(name)
	switch {
	case it.State == store.Uncertain && w.policy == store.PolicyAsk:
		if len(bodies) > 1 {
			w.wrong(n, name, it, "sent again behind one's back")
		}
	case it.State != store.Sent:
		w.wrong(n, name, it, "not sent by a healthy server")
	case w.policy == store.PolicyAsk && len(bodies) != 1:
		w.wrong(n, name, it, "not exactly once")
	case len(bodies) > 2 || len(bodies) == 0:
		w.wrong(n, name, it, "more than one repeat, or none")
	case len(bodies) == 2:
		w.repeated++
		if !strings.Contains(w.story(id), "sent again as the policy says") {
			w.wrong(n, name, it, "the repeat is not told")
		}
	}
}

// atLast resolves what is in doubt by the truth: then the server has every message, once, and every body is the spooled one.
func (w *sweep) atLast(n int, name string, id store.OutboxID) {
	if it := w.item(id); it.State == store.Uncertain {
		_, bodies := w.seen(name)
		if err := w.st.Resolve(w.t.Context(), id, len(bodies) == 1, "the person looked"); err != nil {
			w.t.Error(err)
		}
		w.flushWell()
	}
	it := w.item(id)
	_, bodies := w.seen(name)
	if it.State != store.Sent || w.policy == store.PolicyAsk && len(bodies) != 1 {
		w.wrong(n, name, it, "in the end")
	}
	for _, b := range bodies {
		if b != text(name) {
			w.wrong(n, name, it, fmt.Sprintf("not the bytes that were spooled: %q", b))
		}
	}
}
