package imap

import (
	"slices"

	"github.com/emersion/go-imap/v2"
)

// delta is the questions of a pull that asks only for what has changed, sent together: what is new, which flags
// changed, and all UIDs when the count says that something is gone. Any of them may be nil.
type delta struct {
	l             *link
	list, changed *fetching
	vanished      bool       // changed tells what is gone too (QRESYNC): all is not asked for
	all           chan found // no window of sequence numbers, which could move meanwhile
}

// found is the answer to a search for all UIDs.
type found struct {
	there ranges
	err   error
}

// askEarly sends the questions of delta right behind EXAMINE, a round trip early, where LIST told what EXAMINE
// will say. Should it say something else, the answers are not looked at: they are only about UIDs and flags.
func (m *mailboxPull) askEarly() {
	have, st := m.mb.Sync, m.status
	if st == nil || st.NumMessages == nil || have.UIDNext <= 1 || have.HighestModSeq == 0 || st.HighestModSeq == 0 ||
		st.UIDValidity != have.UIDValidity || uint32(st.UIDNext) < have.UIDNext || *st.NumMessages > maxMessages {
		return
	}
	arrived := int(uint32(st.UIDNext) - have.UIDNext)
	m.asked = m.question(int(*st.NumMessages), arrived, arrived > 0, st.HighestModSeq != have.HighestModSeq, int(*st.NumMessages) != int(have.Messages)+arrived, true)
}

// question sends questions about a mailbox of n messages, of which at most so many arrived since the last pull.
func (m *mailboxPull) question(n, arrived int, list, changed, all, modSeqs bool) *delta {
	l, next := m.s.l, m.mb.Sync.UIDNext
	d := &delta{l: l}
	if list {
		var set imap.UIDSet
		set.AddRange(imap.UID(next), 0)
		d.list = l.fetchFrom(modSeqs, set, m.listWant(), min(n, arrived), 0, 0)
	}
	if changed && next > 1 {
		d.changed, d.vanished = m.changedSince(l, n, modSeqs), l.guard.QResync()
	}
	if all && !d.vanished && n > 0 && n <= searchWindow {
		d.all = make(chan found, 1)
		over := l.busy(0) // from now on, not from when it is sent
		go func() {
			defer over()
			there, err := l.allUIDs(uint32(n))
			d.all <- found{there, err}
		}()
	}
	return d
}

// changedSince asks for the flags that have changed since the last pull (RFC 7162 section 3.1.4), and, with QRESYNC,
// for what has vanished (section 3.2.6).
func (m *mailboxPull) changedSince(l *link, n int, modSeqs bool) *fetching {
	var set imap.UIDSet
	set.AddRange(1, imap.UID(m.mb.Sync.UIDNext-1))
	ask := func() (f *fetching) { return l.fetchFrom(modSeqs, set, wantFlags, n, 0, m.mb.Sync.HighestModSeq) }
	if !l.guard.QResync() {
		return ask()
	}
	var f *fetching
	l.guard.WithVanished(func() { f = ask() })
	return f
}

// delta takes in what has changed; gone are the UIDs that the server no longer has.
func (m *mailboxPull) delta(condStore bool) (gone []uint32, err error) {
	next := m.mb.Sync.UIDNext
	n := int(m.sel.NumMessages)
	arrived := int(int64(m.sel.UIDNext) - int64(next)) // at most
	most := arrived
	if m.sel.UIDNext == 0 {
		most = n
	}
	modSeqs := m.sel.HighestModSeq > 0
	list := m.sel.UIDNext == 0 || arrived > 0
	changed := condStore && m.sel.HighestModSeq != m.mb.Sync.HighestModSeq && next > 1
	d := m.asked
	if d == nil || d.l != m.s.l {
		d = m.question(n, most, list, changed, n != m.held.size()+m.absent()+max(arrived, 0), modSeqs)
	} else { // what came between LIST and EXAMINE
		more := m.question(n, most, list && d.list == nil, changed && d.changed == nil, false, modSeqs)
		if d.list == nil {
			d.list = more.list
		}
		if d.changed == nil {
			d.changed = more.changed
		}
	}
	fresh := 0
	if d.list != nil {
		msgs, err := d.list.wait()
		if err != nil {
			return nil, err
		}
		msgs = slices.DeleteFunc(msgs, func(x message) bool { return x.uid < next }) // "9:*" tells the last one in any case
		if err := m.look(msgs); err != nil {
			return nil, err
		}
		fresh = m.countUnknown(msgs)
		if err := m.flags(msgs); err != nil { // of what we have put there since the last pull
			return nil, err
		}
		if err := m.unknown(msgs); err != nil {
			return nil, err
		}
	}
	if d.changed != nil {
		msgs, err := d.changed.wait()
		if err != nil && d.l != m.s.l { // what is new broke that connection
			msgs, err = m.changedSince(m.s.l, n, modSeqs).wait()
		}
		if err != nil {
			return nil, err
		}
		if err := m.look(msgs); err != nil {
			return nil, err
		}
		if err := m.flags(msgs); err != nil {
			return nil, err
		}
	}
	if n == m.held.size()+fresh+m.absent() {
		return nil, nil
	}
	if d.vanished && d.l == m.s.l {
		vanished := d.l.takeVanished()
		gone, all, err := m.vanishedOf(vanished, n-fresh)
		if err != nil {
			return nil, err
		}
		if all {
			return gone, m.forget(vanished.has)
		}
	}
	if d.all == nil {
		return m.searchGone()
	}
	f := <-d.all
	if f.err != nil && d.l != m.s.l {
		return m.searchGone()
	}
	if f.err != nil {
		return nil, f.err
	}
	return m.goneFrom(f.there)
}

// vanishedOf are the UIDs here that the server says are gone; all tells whether with them gone exactly left remain.
func (m *mailboxPull) vanishedOf(vanished ranges, left int) (gone []uint32, all bool, err error) {
	if gone, err = m.held.within(vanished, m.mb.Sync.UIDNext); err != nil {
		return nil, false, m.s.local(err)
	}
	left += len(gone) - m.held.size()
	m.mu.Lock() // what is being stored may end a quarantine
	defer m.mu.Unlock()
	for uid := range m.apart.all {
		if m.known(uid) {
			continue
		}
		if !vanished.has(uid) {
			left--
		}
	}
	return gone, left == 0, nil
}
