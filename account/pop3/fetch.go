package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"mua/account"
	"mua/store"
)

// fetchRoom is how many octets of messages may be here that are not committed yet.
const fetchRoom = 12 << 20

// fetched is a message that came.
type fetched struct {
	task
	text []byte // in use until the message is prepared
	in   store.Incoming
	full store.Body // in place of in, for a message whose header is here
}

// fetch brings tasks into the store: one goroutine reads, others prepare what came, and one commits.
type fetch struct {
	s    *Session
	ctx  context.Context // of commits: one under way ends even when the session is interrupted
	work *work
	belt *store.Belt[fetched]

	passed  int   // messages the server would not give
	refused error // its first such answer
	hollow  bool  // it gave nothing for one of them, as if that were the message

	// Written by the committing goroutine, read when it has ended.
	added int
	done  int
	whole map[int]string // number → name of the messages whose text is committed
}

// run fetches all. What came before an error is committed.
func (f *fetch) run() error {
	f.whole = map[int]string{}
	if len(f.work.fetch) == 0 {
		return nil
	}
	f.belt = store.NewBelt(fetchRoom, f.prepare, f.commit)
	err := f.read()
	if failed := f.belt.End(); failed != nil {
		return f.s.local(failed)
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
		f.hollow = true
		f.pass(1, &account.Trouble{Kind: account.KindTemporary, What: fmt.Sprintf("the server sent nothing for a message of %d octets", t.size)})
		return nil
	}
	return f.belt.Put(fetched{task: t, text: text}, int64(len(text)))
}

// prepare does what needs no one else, beside the reading.
func (f *fetch) prepare(m *fetched) (err error) {
	if m.key == "" {
		m.key = "raw:" + digest(m.text)
		row, here := f.work.ledger[m.key]
		m.here = here && !row.Deleted
	}
	now := f.s.o.Now()
	m.in = store.Incoming{UIDL: m.key, Received: inOrder(received(m.text, now), m.num, now), Size: int64(len(m.text)), Raw: m.text}
	if m.headers {
		m.in.Raw, m.in.Header, m.in.Size = nil, m.text, m.size
		return f.s.st.Prepare(&m.in)
	}
	switch {
	case m.again:
		return nil // its text is compared first
	case m.here:
	case m.body != 0:
		m.full = store.Body{Message: m.body, Raw: m.text}
		err = f.s.st.PrepareBody(&m.full)
	default:
		err = f.s.st.Prepare(&m.in)
	}
	m.text, m.in.Raw = nil, nil
	return err
}

// pass counts messages that the server would not give.
func (f *fetch) pass(n int, why error) {
	if f.passed += n; f.refused == nil {
		f.refused = why
	}
}

// commit stores one batch. A text is whole and safe once this has returned.
func (f *fetch) commit(b []fetched) error {
	var fresh []store.Incoming
	var bodies []store.Body
	for _, m := range b {
		switch {
		case m.body != 0:
			bodies = append(bodies, m.full)
		case m.here, m.again && f.same(m):
		default:
			if m.again {
				// The server has given a new message the name of a deleted one.
				if err := f.s.st.ForgetUIDLs(f.ctx, f.s.acct, []string{m.key}); err != nil {
					return err
				}
			}
			fresh = append(fresh, m.in)
		}
	}
	if len(bodies) > 0 {
		if err := f.s.st.SetBodies(f.ctx, bodies); err != nil {
			return err
		}
	}
	if len(fresh) > 0 {
		_, added, err := f.s.st.AddRemote(f.ctx, f.s.inbox.ID, fresh)
		if err != nil {
			return err
		}
		f.added += added
	}
	for _, m := range b {
		if !m.headers {
			f.whole[m.num] = m.key
		}
	}
	f.done += len(b)
	f.progress()
	return nil
}

// same reports whether a message that should be gone from the server is the one that is here.
func (f *fetch) same(m fetched) bool {
	raw, err := f.s.st.Raw(f.ctx, m.copy)
	return err == nil && bytes.Equal(raw, m.text)
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
