package imap

import (
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"mua/store"
)

// want is what to ask of a message.
type want int

const (
	wantList   want = iota // flags and size
	wantFlags              // flags
	wantHeader             // all but the body
	wantWhole              // everything
	wantBody               // the message only
	wantDated              // flags, size and when it was received
)

// What a FETCH of one message may bring besides its message, in octets.
const (
	itemAllowance   = 4 << 10
	headerAllowance = 64 << 10
	maxHeader       = 1 << 20
	literalSlack    = 64 << 10
)

// message is one FETCH answer.
type message struct {
	uid      uint32
	flags    store.Flags
	hasFlags bool
	keywords []string
	modSeq   uint64
	received time.Time
	size     int64
	header   []byte // nil: not told
	raw      []byte // nil: not told
}

// has tells whether what was wanted came of a message of size octets. An empty string for a message
// that is not empty is a server's way of failing.
func (m *message) has(w want, size int64) bool {
	switch w {
	case wantHeader:
		return m.header != nil
	case wantWhole, wantBody:
		return m.raw != nil && (len(m.raw) > 0 || size == 0)
	}
	return true
}

func (w want) options(condStore bool) *imap.FetchOptions {
	o := &imap.FetchOptions{UID: true}
	if w != wantBody {
		o.Flags, o.ModSeq = true, condStore
	}
	switch w {
	case wantList, wantDated:
		o.RFC822Size, o.InternalDate = true, w == wantDated
	case wantHeader:
		o.InternalDate, o.RFC822Size = true, true
		// Not more of it than anyone reads: whoever sends mail decides how long its header is.
		o.BodySection = []*imap.FetchItemBodySection{{Peek: true, Specifier: imap.PartSpecifierHeader, Partial: &imap.SectionPartial{Size: maxHeader}}}
	case wantWhole, wantBody:
		o.InternalDate, o.RFC822Size = w == wantWhole, w == wantWhole
		o.BodySection = []*imap.FetchItemBodySection{{Peek: true}}
	}
	return o
}

// allowance is what n messages of together size octets may bring.
func (w want) allowance(n int, size int64) int64 {
	switch w {
	case wantHeader: // a header is a part of its message, and may be nearly all of it
		return int64(n)*headerAllowance + maxHeader + min(max(size, 0), int64(n)*maxHeader) + literalSlack
	case wantWhole, wantBody:
		return 2*size + int64(n)*headerAllowance + literalSlack
	}
	return int64(n) * itemAllowance
}

// fetching is a FETCH under way, drained by its own goroutine.
type fetching struct {
	done chan struct{}
	msgs []message
	err  error
}

// fetch sends a FETCH and drains its answer; n and size say what is expected. changedSince 0: all.
func (l *link) fetch(set imap.NumSet, w want, n int, size int64, changedSince uint64) *fetching {
	return l.fetchFrom(l.selected != nil && l.selected.HighestModSeq > 0, set, w, n, size, changedSince)
}

// fetchFrom is fetch for a mailbox that has mod-sequences or not: with NOMODSEQ asking for them would be an error
// (RFC 7162 section 3.1.2.2).
func (l *link) fetchFrom(modSeqs bool, set imap.NumSet, w want, n int, size int64, changedSince uint64) *fetching {
	over := l.busy(w.allowance(n, size))
	o := w.options(modSeqs)
	o.ChangedSince = changedSince
	cmd := l.client.Fetch(set, o)
	f := &fetching{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		defer over()
		f.err = l.collect(cmd, func(m message) { f.msgs = append(f.msgs, m) })
	}()
	return f
}

// wait returns what came, also when err is not nil.
func (f *fetching) wait() ([]message, error) {
	<-f.done
	return f.msgs, f.err
}

// collect reads all answers to a FETCH to the end.
func (l *link) collect(cmd *imapclient.FetchCommand, each func(message)) error {
	var broken error
	for d := cmd.Next(); d != nil; d = cmd.Next() {
		m, err := l.read(d)
		if err != nil {
			broken = err // the connection is going down; Close tells why
			continue
		}
		if m.uid != 0 {
			each(m)
		}
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	return broken
}

// read takes one answer in.
func (l *link) read(d *imapclient.FetchMessageData) (message, error) {
	var m message
	var broken error
	for item := d.Next(); item != nil; item = d.Next() {
		switch x := item.(type) {
		case imapclient.FetchItemDataUID:
			m.uid = uint32(x.UID)
		case imapclient.FetchItemDataFlags:
			m.flags, m.keywords = fromServer(x.Flags)
			m.hasFlags = true
		case imapclient.FetchItemDataModSeq:
			m.modSeq = x.ModSeq
		case imapclient.FetchItemDataInternalDate:
			m.received = x.Time
		case imapclient.FetchItemDataRFC822Size:
			m.size = x.Size
		case imapclient.FetchItemDataBodySection:
			b, err := literal(x.Literal)
			switch {
			case err != nil:
				broken = err
				// go-imap reads on in what failed, while its decoder still has it: let that end first.
				_ = l.conn.Close()
				<-l.client.Closed()
			case x.Section.Specifier == imap.PartSpecifierHeader:
				m.header = b
			default:
				m.raw = b
			}
		}
	}
	return m, broken
}

// literal reads a literal whole. NIL is nil.
func literal(r imap.LiteralReader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	buf := make([]byte, 0, min(r.Size(), 1<<20)+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
	if int64(len(buf)) != r.Size() {
		return nil, fmt.Errorf("a message ended after %d of %d octets", len(buf), r.Size())
	}
	return buf, nil
}

// incoming is m as the store takes it.
func (m *message) incoming(now time.Time) store.Incoming {
	in := store.Incoming{UID: m.uid, Flags: m.flags, Keywords: m.keywords, ModSeq: m.modSeq, Received: m.received, Size: m.size, Header: m.header, Raw: m.raw}
	if in.Received.IsZero() {
		in.Received = now
	}
	if m.raw != nil {
		in.Size = int64(len(m.raw))
	}
	return in
}
