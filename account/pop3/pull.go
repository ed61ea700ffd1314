package pop3

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mua/account"
	"mua/store"
)

// Some servers (Gmail) show a part of the mailbox in each session and the next part in the next
// one. A session in which most of what was shown was new (the rest came in one that was cut), and neither little
// nor very much, may be such a part.
const (
	partMin   = 100
	partMax   = 2000
	maxRounds = 1000
)

// Pull brings what is new into the store, deletes on the server what the account's policy
// says, and ends with QUIT; a Pull after that connects again. The error is an *account.Trouble; what was
// committed before it stays, and Pulled counts it.
func (s *Session) Pull(ctx context.Context) (Pulled, error) {
	var p Pulled
	var cut error // how the last session ended in the middle
	for round := range maxRounds {
		if !s.open {
			if err := s.connectWaiting(ctx); err != nil {
				if round == 0 {
					return p, err
				}
				if cut != nil {
					return p, cut
				}
				p.Warnings = append(p.Warnings, "whether the server has more to show is seen with the next pull: "+s.trouble(err).What)
				break
			}
		}
		began := s.o.Now()
		more, done, err := s.round(ctx, &p)
		if cut = nil; err != nil && s.mayGoOn(ctx, err, done) {
			cut = err
			continue
		}
		if err != nil || !more {
			return p, err
		}
		// Gmail wants 300 s and does without them: where that is longer than we wait, the server decides.
		if rest := s.caps.loginDelay() - s.o.Now().Sub(began); rest > 0 {
			s.wait(ctx, rest)
		}
	}
	return p, nil
}

// round is one session from STAT to QUIT. more says that another one may show more; done is how many
// messages came.
func (s *Session) round(ctx context.Context, p *Pulled) (more bool, done int, err error) {
	defer s.conn.CloseOn(ctx)()
	defer func() {
		if err != nil && s.open {
			s.drop()
		}
	}()
	ledger := s.readLedger(ctx) // beside the listing: both take as long
	l, err := s.list()
	rows, failed := ledger()
	if err != nil {
		return false, 0, err
	}
	if failed != nil {
		return false, 0, s.local(failed)
	}
	w, err := s.plan(ctx, l, rows)
	if err != nil {
		return false, 0, err
	}
	if len(w.ledger) == 0 {
		s.heed(p)
	}
	f := &fetch{s: s, ctx: context.WithoutCancel(ctx), work: w}
	if w.out > 0 {
		f.pass(w.out, s.lastCut)
	}
	err = f.run()
	p.New += f.added
	if err != nil {
		return false, f.done, f.kept(err)
	}
	if days, ever := s.caps.expires(); ever && days == 0 && f.hollow {
		s.drop() // QUIT would delete it
	} else if err := s.remove(ctx, l, w, f.whole); err != nil {
		return false, f.done, err
	}
	if f.refused != nil {
		t := *s.trouble(f.refused)
		t.What = fmt.Sprintf("%d messages could not be fetched: %s", f.passed, t.What)
		t.Kept = "All others are here, and these are still on the server"
		return false, f.done, &t
	}
	n := len(l.items)
	return n >= partMin && n <= partMax && 2*f.added >= n, f.done, nil
}

// work is what is to be done in a session.
type work struct {
	ledger map[string]store.UIDL
	fetch  []task // newest first
	out    int    // how many are left out because the connection ended at them
}

// task is a message to fetch.
type task struct {
	item
	headers bool            // too large for its text
	body    store.MessageID // its headers are here under this id
	again   bool            // deleted by us after it became copy, and yet listed again
	copy    store.MessageID
	here    bool // it turned out to be here, wholly
}

// readLedger begins to read what is known of the maildrop; what it returns waits for it.
func (s *Session) readLedger(ctx context.Context) func() ([]store.UIDL, error) {
	var rows []store.UIDL
	var err error
	var reading sync.WaitGroup
	reading.Go(func() { rows, err = s.st.UIDLs(ctx, s.acct) })
	return func() ([]store.UIDL, error) {
		reading.Wait()
		return rows, err
	}
}

// plan compares the listing with the ledger, and drops from the ledger what is not listed any more.
func (s *Session) plan(ctx context.Context, l listing, rows []store.UIDL) (*work, error) {
	w := &work{ledger: make(map[string]store.UIDL, len(rows))}
	for _, r := range rows {
		w.ledger[r.UIDL] = r
	}
	for _, it := range slices.Backward(l.items) {
		w.add(it, s.o.MaxMessage)
	}
	s.order(w)
	if l.sound && s.named(l) {
		if err := s.forget(ctx, l, rows); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// add sorts one message into what is to fetch and what is here.
func (w *work) add(it item, limit int64) {
	row, here := w.ledger[it.key]
	t := task{item: it, headers: it.size > limit}
	switch {
	case it.key == "" || !here:
	case row.Deleted:
		t.again, t.copy = true, row.Message
	case row.Message != 0 && !row.HasBody && !t.headers:
		t.body = row.Message
	default:
		return
	}
	w.fetch = append(w.fetch, t)
}

// named reports whether every message has its name, so that one that is not listed is gone.
func (s *Session) named(l listing) bool {
	return !slices.ContainsFunc(l.items, func(it item) bool { return it.key == "" })
}

func (s *Session) forget(ctx context.Context, l listing, rows []store.UIDL) error {
	listed := make(map[string]bool, len(l.items))
	for _, it := range l.items {
		listed[it.key] = true
	}
	var gone []string
	for _, r := range rows {
		if !listed[r.UIDL] {
			gone = append(gone, r.UIDL)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.st.ForgetUIDLs(ctx, s.acct, gone); err != nil {
		return s.local(err)
	}
	return nil
}

// remove deletes by policy what is wholly here, and ends the session. fetched are the names of messages
// whose text was committed in it.
func (s *Session) remove(ctx context.Context, l listing, w *work, fetched map[int]string) error {
	var out []item
	if l.sound {
		for _, it := range l.items {
			if s.mayDelete(it, w, fetched) {
				if it.key == "" {
					it.key = fetched[it.num]
				}
				out = append(out, it)
			}
		}
	}
	deleted, err := s.dele(out)
	if err != nil {
		return err
	}
	ok, err := s.quit()
	if len(deleted) == 0 {
		return nil // nothing hung on QUIT
	}
	if !ok {
		t, _ := errors.AsType[*account.Trouble](err)
		t.What = fmt.Sprintf("it is not certain that %d messages were deleted on the server: %s", len(deleted), t.What)
		t.Kept = "All of them are here"
		return t
	}
	if err := s.st.MarkUIDLsDeleted(context.WithoutCancel(ctx), s.acct, deleted); err != nil {
		return s.local(err)
	}
	return nil
}

// mayDelete: the policy's time is over and the whole text is durably here; or it was here, and the person
// has deleted it for good, out of the Trash, which no policy keeps on the server. Of messages that share a name only one fetched in this session is known for certain.
func (s *Session) mayDelete(it item, w *work, fetched map[int]string) bool {
	key, now := fetched[it.num]
	if !now {
		key = it.key
	}
	row, old := w.ledger[key]
	if !now && old && !it.shared && !row.Deleted && row.Message == 0 {
		return true
	}
	if s.a.POP3Leave.Forever {
		return false
	}
	since := time.Duration(0)
	if old && !it.shared {
		since = s.o.Now().Sub(row.First)
	}
	if since < s.a.POP3Leave.For {
		return false
	}
	if now {
		return true
	}
	return old && !it.shared && !row.Deleted && row.HasBody
}

// dele marks messages as deleted. What the server refuses is left out of the answer.
func (s *Session) dele(items []item) (keys []string, err error) {
	ahead := 1
	if s.caps.has("PIPELINING") {
		ahead = window
	}
	command := func(it item) (string, int64) { return fmt.Sprintf("DELE %d", it.num), replySize }
	for part := range slices.Chunk(items, ahead) {
		if err := s.send(part, command); err != nil {
			return nil, s.trouble(err)
		}
		for _, it := range part {
			s.expect(replySize)
			if _, err := s.pop.ReadOne(); err == nil {
				keys = append(keys, it.key)
			} else if _, refused := refusal(err); !refused {
				return nil, s.trouble(err)
			}
		}
	}
	return keys, nil
}
