package store

import (
	"bytes"
	"runtime"
	"sync"
	"time"

	"mua/store/message"
)

// snippetLen is how much of the text a list row keeps, in characters.
const snippetLen = 200

// columns is what a message says, as its row keeps it: computed outside of any transaction.
type columns struct {
	size        int64
	date        time.Time
	headerID    string
	refs        string
	listID      string
	subject     string
	from        []message.Address
	to, cc      []message.Address
	attachments string
	snippet     string
	content     *packed         // nil: only the header is here
	header      []byte          // kept when content is nil
	traced      bool            // has a Received field: some server has handled it
	threading                   // how it finds its thread
	report      *message.Report // nil: it is no delivery report, or its body is not here
	impersonal  bool            // a list or a program sent it: its sender is nobody to know
	automatic   bool            // a program wrote it
}

// columnsOf parses a whole message (raw), or a header when raw is nil.
func (s *Store) columnsOf(raw, header []byte, size int64) (columns, error) {
	c, text := s.described(raw, header, size)
	if raw == nil {
		return c, nil
	}
	p, err := s.packContent(raw)
	p.text = text
	c.content = &p
	return c, err
}

// described is columnsOf without the content. text is what an indexer wants of it.
func (s *Store) described(raw, header []byte, size int64) (c columns, text *string) {
	var m *message.Message
	if raw != nil {
		m, size = message.Parse(raw), int64(len(raw))
	} else {
		m = message.ParseHeader(header)
	}
	c = columns{
		size: size, date: sane(m.Date), headerID: m.MessageID, refs: toJSON(references(m)),
		listID: m.Get("List-Id"), subject: m.Subject, from: m.From, to: m.To, cc: m.Cc,
		attachments: "[]", traced: m.Get("Received") != "", header: header,
		impersonal: impersonal(m), automatic: automatic(m),
	}
	c.threading = threadingOf(c.headerID, references(m), c.subject, !c.date.IsZero(), c.from, c.to, c.cc)
	if raw == nil {
		return c, nil
	}
	c.report = m.Report()
	c.attachments, c.snippet, c.header = toJSON(m.Attachments()), m.Snippet(snippetLen), nil
	if s.fresh.areWanted() {
		t := m.SearchText()
		text = &t
	}
	return c, text
}

// references joins References and In-Reply-To, oldest first, at most 100.
func references(m *message.Message) []string {
	const most = 100
	var out []string
	seen := map[string]bool{}
	for _, list := range [][]string{m.References, m.InReplyTo} {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	if len(out) > most {
		out = append(out[:1:1], out[len(out)-most+1:]...)
	}
	return out
}

// sane keeps a time that RFC 3339 can write; others are not known.
func sane(t time.Time) time.Time {
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t
}

func (c *columns) offset() int {
	_, off := c.date.Zone()
	return off
}

// ownThread is the id of the message that is being inserted: most found a thread, and need not be touched again.
const ownThread = `(SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'message')`

// insertMessage stores a new copy of what c says and returns its id. The rest of
// the row (flags, place on the server) is given by k.
func (t *txn) insertMessage(k *copyState, received int64, c *columns, content ContentID) error {
	change, err := t.change()
	if err != nil {
		return err
	}
	topic := topicKey(k.account, c.topic)
	id, err := t.insert(`INSERT INTO message(account, mailbox, state, received, flags, keywords,
		server_mailbox, server_uid, server_flags, server_keywords, modseq, changed, size, content,
		date, date_offset, header_id, refs, list_id, subject, from_addrs, to_addrs, cc_addrs, attachments, snippet, topic, answers, thread)
		VALUES (?,?,?,?,?,?, ?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?,?,?,?,?,?, `+ownThread+`)`,
		k.account, k.mailbox, k.state, received, k.flags, toJSON(k.keywords),
		null(k.serverMailbox), null(k.uid), k.serverFlags, toJSON(k.serverKeywords), k.modSeq, change, c.size, null(content),
		ms(c.date), c.offset(), c.headerID, c.refs, c.listID, c.subject, toJSON(c.from), toJSON(c.to), toJSON(c.cc), c.attachments, c.snippet, null(topic), c.answers())
	if err != nil {
		return err
	}
	k.id, k.content = MessageID(id), content
	t.joinLater(joiner{threading: c.threading, id: k.id, topic: topic, date: c.date.UnixMilli(), alone: true})
	if content == 0 {
		return t.run(`INSERT INTO header(message, data) VALUES (?, ?)`, id, notNil(c.header))
	}
	return nil
}

// setBody gives a copy that had only its header a content, and all that the content says.
func (t *txn) setBody(id MessageID, c *columns, content ContentID) error {
	change, err := t.change()
	if err != nil {
		return err
	}
	err = t.run(`UPDATE message SET changed = ?, size = ?, content = ?, date = ?, date_offset = ?, header_id = ?, refs = ?,
		list_id = ?, subject = ?, from_addrs = ?, to_addrs = ?, cc_addrs = ?, attachments = ?, snippet = ? WHERE id = ?`,
		change, c.size, content, ms(c.date), c.offset(), c.headerID, c.refs,
		c.listID, c.subject, toJSON(c.from), toJSON(c.to), toJSON(c.cc), c.attachments, c.snippet, id)
	if err != nil {
		return err
	}
	return t.run(`DELETE FROM header WHERE message = ?`, id)
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// parallel runs f for 0 ≤ i < n on a few goroutines and returns the first error.
func parallel(n int, f func(i int) error) error {
	workers := min(runtime.GOMAXPROCS(0), 4, n)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += workers {
				errs[w] = f(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// sameHeader compares two raw headers but for how they end.
func sameHeader(a, b []byte) bool {
	return bytes.Equal(bytes.TrimRight(a, "\r\n"), bytes.TrimRight(b, "\r\n"))
}
