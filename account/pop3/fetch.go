package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"mua/account"
	"mua/store"
)

// Bounds of a batch: so much is committed at once. The first one is small, so that the newest
// messages are soon there to read.
const (
	firstBatch = 20
	batchCount = 100
	batchSize  = 4 << 20
)

// fetched is a message that came.
type fetched struct {
	task
	in store.Incoming
}

// fetch brings tasks into the store: one goroutine reads, another commits, and at most three
// batches are in memory.
type fetch struct {
	s    *Session
	ctx  context.Context // of commits: one under way ends even when the session is interrupted
	work *work

	batch []fetched
	size  int
	begun bool // the first batch was handed over
	queue chan []fetched
	dead  chan struct{} // closed when a commit failed

	passed  int   // messages the server would not give
	refused error // its first such answer

	// Written by the committing goroutine, read when it has ended.
	added  int
	done   int
	whole  map[int]string // number → name of the messages whose text is committed
	failed error
}

// errCommit stops the reading when a commit failed.
var errCommit = errors.New("commit failed")

// run fetches all. What came before an error is committed.
func (f *fetch) run() error {
	f.whole = map[int]string{}
	if len(f.work.fetch) == 0 {
		return nil
	}
	f.queue, f.dead = make(chan []fetched, 1), make(chan struct{})
	end := make(chan struct{})
	go func() {
		defer close(end)
		f.commits()
	}()
	err := f.read()
	f.flush()
	close(f.queue)
	<-end
	if f.failed != nil {
		return f.failed
	}
	return err
}

// read fetches the texts, then the headers of what is too large.
func (f *fetch) read() error {
	f.progress()
	byNum := make(map[int]task, len(f.work.fetch))
	var texts, headers []item
	for _, t := range f.work.fetch {
		byNum[t.num] = t
		if t.headers {
			headers = append(headers, t.item)
		} else {
			texts = append(texts, t.item)
		}
	}
	retr := func(it item) (string, int64) {
		return fmt.Sprintf("RETR %d", it.num), 2*it.size + topSize // sizes are not always counted with CRLF
	}
	err := f.s.stream(texts, retr, func(it item, text []byte, refused error) error { return f.take(byNum[it.num], text, refused) })
	if err != nil || len(headers) == 0 {
		return err
	}
	if !f.s.caps.may("TOP") {
		f.pass(len(headers), &account.Trouble{Kind: account.KindRefused, What: "they are larger than max_message, and the server cannot send headers alone"})
		return nil
	}
	top := func(it item) (string, int64) { return fmt.Sprintf("TOP %d 0", it.num), topSize }
	return f.s.stream(headers, top, func(it item, text []byte, refused error) error { return f.take(byNum[it.num], text, refused) })
}

// take adds a message to the batch and hands a full one over.
func (f *fetch) take(t task, text []byte, refused error) error {
	if refused != nil {
		f.pass(1, refused)
		return nil
	}
	if len(text) == 0 && t.size > 0 {
		// Taken for the message, it would be deleted on the server next.
		f.pass(1, &account.Trouble{Kind: account.KindTemporary, What: fmt.Sprintf("the server sent nothing for a message of %d octets", t.size)})
		return nil
	}
	if t.key == "" {
		t.key = "raw:" + digest(text)
		if row, here := f.work.ledger[t.key]; here && !row.Deleted {
			t.here = true
		}
	}
	now := f.s.o.Now()
	in := store.Incoming{UIDL: t.key, Received: inOrder(received(text, now), t.num, now), Size: int64(len(text)), Raw: text}
	if t.headers {
		in.Raw, in.Header, in.Size = nil, text, t.size
	}
	f.batch = append(f.batch, fetched{t, in})
	f.size += len(text)
	limit := batchCount
	if !f.begun {
		limit = firstBatch
	}
	if len(f.batch) < limit && f.size < batchSize {
		return nil
	}
	return f.flush()
}

// pass counts messages that the server would not give.
func (f *fetch) pass(n int, why error) {
	if f.passed += n; f.refused == nil {
		f.refused = why
	}
}

// flush hands the batch to the committing goroutine.
func (f *fetch) flush() error {
	if len(f.batch) == 0 {
		return nil
	}
	b := f.batch
	f.batch, f.size, f.begun = nil, 0, true
	select {
	case f.queue <- b:
		return nil
	case <-f.dead:
		return errCommit
	}
}

// commits stores batches as they come, until one fails.
func (f *fetch) commits() {
	for b := range f.queue {
		if f.failed = f.commit(b); f.failed != nil {
			close(f.dead)
			return
		}
		f.progress()
	}
}

// commit stores one batch. A text is whole and safe once this has returned.
func (f *fetch) commit(b []fetched) error {
	var fresh []store.Incoming
	var bodies []store.Body
	for _, m := range b {
		switch {
		case m.body != 0:
			bodies = append(bodies, store.Body{Message: m.body, Raw: m.in.Raw})
		case m.here, m.again && f.same(m):
		default:
			if m.again {
				// The server has given a new message the name of a deleted one.
				if err := f.s.st.ForgetUIDLs(f.ctx, f.s.acct, []string{m.key}); err != nil {
					return f.s.local(err)
				}
			}
			fresh = append(fresh, m.in)
		}
	}
	if len(bodies) > 0 {
		if err := f.s.st.SetBodies(f.ctx, bodies); err != nil {
			return f.s.local(err)
		}
	}
	if len(fresh) > 0 {
		_, added, err := f.s.st.AddRemote(f.ctx, f.s.inbox.ID, fresh)
		if err != nil {
			return f.s.local(err)
		}
		f.added += added
	}
	for _, m := range b {
		if !m.headers {
			f.whole[m.num] = m.key
		}
	}
	f.done += len(b)
	return nil
}

// same reports whether a message that should be gone from the server is the one that is here.
func (f *fetch) same(m fetched) bool {
	raw, err := f.s.st.Raw(f.ctx, m.copy)
	return err == nil && bytes.Equal(raw, m.in.Raw)
}

func (f *fetch) progress() {
	f.s.status(account.Status{Online: true, Phase: account.Pulling, Done: f.done, Total: len(f.work.fetch)})
}

// kept says in an error what is safe.
func (f *fetch) kept(err error) error {
	t, ok := errors.AsType[*account.Trouble](err)
	if !ok || f.done == 0 || t.Kept != "" {
		return err
	}
	c := *t
	c.Kept = fmt.Sprintf("%d of %d messages are here", f.done, len(f.work.fetch))
	return &c
}
