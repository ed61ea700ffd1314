package imap

import "mua/store"

// quarantine is what could not be had of a mailbox in earlier pulls.
type quarantine struct {
	leave map[uint32]bool // left out
	due   []item          // to be tried again
	all   map[uint32]bool
}

// apart reads what is in quarantine.
func (p *puller) apart(mb store.Mailbox, validity uint32) (quarantine, error) {
	list, err := p.s.st.Quarantined(p.ctx, mb.ID, validity, p.s.o.Version)
	q := quarantine{leave: map[uint32]bool{}, all: map[uint32]bool{}}
	for _, x := range list {
		q.all[x.UID] = true
		if x.Due {
			q.due = append(q.due, item{x.UID, x.Size})
		} else {
			q.leave[x.UID] = true
		}
	}
	return q, p.s.local(err)
}

// absent counts what the server has and of which not even a header is here.
func (m *mailboxPull) absent() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for uid := range m.apart.all {
		if !m.known(uid) {
			n++
		}
	}
	return n
}

// retry asks again for what is due and of which nothing is here; the bodies of others are missing ones.
func (m *mailboxPull) retry() error {
	var again []item
	for _, x := range m.apart.due {
		if !m.known(x.uid) && !m.skipped[x.uid] && x.uid < m.mb.Sync.UIDNext { // above: among the new ones
			again = append(again, x)
		}
	}
	m.expect(nil, len(again))
	for _, x := range again { // one by one: what broke a connection before would take others with it
		if err := m.isolate(batch{[]item{x}, wantWhole, m.storeNew}); err != nil {
			return err
		}
	}
	return nil
}

// giveUp leaves messages out, of this pull and of later ones, and says so; of a message that does not come
// whole the header is tried. refused: the server would not deliver them, and may another day.
func (m *mailboxPull) giveUp(items []item, w want, why string, refused bool) error {
	for _, x := range items {
		m.skipped[x.uid] = true
	}
	if w != wantHeader {
		m.progress(len(items))
	}
	if m.s.l.expunged.Load() > 0 && refused { // most likely that is why
		return nil
	}
	if err := m.record(items, why, refused); err != nil {
		return err
	}
	if w != wantWhole || len(items) > skippedToTell {
		return nil
	}
	for _, x := range items {
		if err := m.isolate(batch{[]item{x}, wantHeader, m.storeNew}); err != nil {
			return err
		}
	}
	return nil
}

// record puts messages into quarantine and warns of the first of them.
func (m *mailboxPull) record(items []item, why string, refused bool) error {
	list := make([]store.Quarantined, len(items))
	m.mu.Lock()
	for i, x := range items {
		list[i] = store.Quarantined{UID: x.uid, Size: x.size, Why: why}
		m.apart.all[x.uid] = true
		if len(m.skipped)-len(m.apart.leave) <= skippedToTell {
			m.warn("%s: message with UID %d was left out: %s", m.mb.Name, x.uid, why)
		}
	}
	m.mu.Unlock()
	return m.s.local(m.s.st.Quarantine(m.ctx, m.mb.ID, m.sel.UIDValidity, m.s.o.Version, refused, list))
}

// release ends the quarantine of messages that came whole.
func (m *mailboxPull) release(msgs []message) error {
	return m.end(func(yield func(uint32) bool) {
		for i := range msgs {
			if msgs[i].raw != nil && !yield(msgs[i].uid) {
				return
			}
		}
	})
}

// forget ends the quarantine of what the server no longer has.
func (m *mailboxPull) forget(gone func(uid uint32) bool) error {
	return m.end(func(yield func(uint32) bool) {
		for uid := range m.apart.all {
			if gone(uid) && !yield(uid) {
				return
			}
		}
	})
}

// end takes those of uids that are in quarantine out of it.
func (m *mailboxPull) end(uids func(yield func(uint32) bool)) error {
	m.mu.Lock()
	var out []uint32
	for uid := range uids {
		if m.apart.all[uid] {
			out = append(out, uid)
			delete(m.apart.all, uid)
		}
	}
	m.mu.Unlock()
	return m.s.local(m.s.st.EndQuarantine(m.ctx, m.mb.ID, out))
}
