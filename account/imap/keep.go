package imap

import (
	"mua/account"
	"mua/store"
)

// keeps is how much of a mailbox the configuration wants here.
func (s *Session) keeps(mb store.Mailbox) account.Keep {
	return s.acct.Keeps(mb.Name, mb.Separator, string(mb.Role))
}

// leftOut tells a mailbox that the configuration leaves out: it is not selected, and what is here of
// it stays as it is, which is said as long as there is something.
func (p *puller) leftOut(mb store.Mailbox) bool {
	if !p.s.keeps(mb).Out {
		return false
	}
	if mb.Total > 0 {
		p.warn("mailbox %s is left out by the configuration (mailboxes): the messages of it that are here stay as they are (%d)", mb.Name, mb.Total)
	}
	return true
}

// missing lists the copies in a mailbox whose bodies should be here and are not, newest first.
func (p *puller) missing(mb store.Mailbox) ([]store.RemoteCopy, error) {
	switch keep := p.s.keeps(mb); {
	case keep.All: // also of a mailbox that is left out, when it is asked for by name
		return p.s.st.MissingBodies(p.ctx, mb.ID, p.s.o.MaxMessage)
	case keep.For > 0:
		return p.s.st.MissingBodiesSince(p.ctx, mb.ID, p.s.o.MaxMessage, p.s.o.Now().Add(-keep.For))
	}
	return nil, nil
}

// headerOnly tells a message whose body is not fetched: it is too large, or outside of what is kept.
func (m *mailboxPull) headerOnly(x message) bool {
	if x.size > m.s.o.MaxMessage {
		return true
	}
	keep := m.s.keeps(m.mb)
	keep.Out = false
	if x.received.IsZero() { // not told: bodies() decides by what is stored
		return !keep.All
	}
	return !keep.Holds(x.received, m.s.o.Now())
}

// listWant asks for what decides whether a message comes whole.
func (m *mailboxPull) listWant() want {
	if keep := m.s.keeps(m.mb); keep.For > 0 {
		return wantDated
	}
	return wantList
}
