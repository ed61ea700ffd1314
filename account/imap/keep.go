package imap

import (
	"bytes"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

// keeps is how much of a mailbox the configuration wants here.
func (s *Session) keeps(mb store.Mailbox) account.Keep {
	return s.acct.Keeps(mb.Name, mb.Separator, string(mb.Role))
}

// leftOut tells a mailbox that the configuration leaves out: it is not selected, and what is here of
// it stays as it is, which is said as long as there is something. Only that its messages were numbered
// anew is noted, so that no old UID is used for what a search finds there or for a message that is opened.
func (p *puller) leftOut(mb store.Mailbox, st *imap.StatusData) bool {
	if !p.s.keeps(mb).Out {
		return false
	}
	if st != nil && st.UIDValidity != 0 && mb.Sync.UIDValidity != 0 && st.UIDValidity != mb.Sync.UIDValidity {
		err := p.s.st.DetachUIDs(p.ctx, mb.ID)
		if err == nil {
			err = p.s.st.SetSyncState(p.ctx, mb.ID, store.SyncState{UIDValidity: st.UIDValidity})
		}
		if err != nil {
			p.warn("mailbox %s: %v", mb.Name, err)
		}
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
	if x.received.IsZero() { // not told: bodies() decides by what is stored
		return !m.keep.All
	}
	return !m.keep.Holds(x.received, m.s.o.Now())
}

// listWant asks for what decides whether a message comes whole.
func (m *mailboxPull) listWant() want {
	if keep := m.s.keeps(m.mb); keep.For > 0 {
		return wantDated
	}
	return wantList
}

// maxReport is how large a delivery report is at most that comes whole where only headers are kept.
const maxReport = 256 << 10

// isReport tells a delivery report (RFC 3464) by its header: what it says of our mail is in its body, which comes
// whatever is kept.
func isReport(header []byte) bool {
	header = bytes.ToLower(header)
	return bytes.Contains(header, []byte("multipart/report")) && bytes.Contains(header, []byte("delivery-status"))
}

// withReports adds to the copies that lack their bodies the delivery reports that came as headers in this pull.
func (m *mailboxPull) withReports(missing []store.RemoteCopy) []store.RemoteCopy {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.reports {
		if !slices.ContainsFunc(missing, func(x store.RemoteCopy) bool { return x.UID == c.UID }) {
			missing = append(missing, c)
		}
	}
	m.reports = nil
	return missing
}

// Outdated says before when a message must have been received, for each mailbox with offline = DURATION, that its body is only kept on the
// server. Drafts stay, and what is on no server.
func Outdated(a *account.Account, boxes []store.Mailbox, now time.Time) map[store.MailboxID]time.Time {
	out := map[store.MailboxID]time.Time{}
	for _, mb := range boxes {
		keep := a.Keeps(mb.Name, mb.Separator, string(mb.Role))
		if !mb.Local && mb.Role != store.RoleDrafts && !keep.Out && !keep.All && keep.For > 0 {
			out[mb.ID] = now.Add(-keep.For)
		}
	}
	return out
}
