package imap

import (
	"context"
	"maps"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// notify asks the server, once on a connection and where it offers that, to tell of all mailboxes while the inbox is watched.
// Who watches another one leaves that to the connection on the inbox.
func (s *Session) notify(ctx context.Context, mb store.Mailbox) error {
	if s.l.overflow.Load() { // it tells nothing any more, not even of the selected mailbox
		s.plain = true
		if err := s.reconnect(ctx); err != nil {
			return err
		}
	}
	if s.plain || s.l.notified || mb.Role != store.RoleInbox || !s.l.caps.Has(imap.CapNotify) || !s.l.caps.Has(imap.CapIdle) {
		return nil
	}
	s.l.notified = true
	return s.l.guard.Notify()
}

// hear notes what STATUS tells of a mailbox. It is called by the goroutine that reads.
func (l *link) hear(mailbox string, numbers map[string]uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told == nil {
		l.told = map[string]map[string]uint64{}
	}
	if l.told[mailbox] == nil && len(l.told) < maxMailboxes {
		l.told[mailbox] = map[string]uint64{}
	}
	if have := l.told[mailbox]; have != nil { // numbers are those that one knows
		maps.Copy(have, numbers)
	}
	select {
	case l.others <- struct{}{}:
	default:
	}
}

// takeTold returns what was heard and forgets it.
func (l *link) takeTold() map[string]map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := l.told
	l.told = nil
	return told
}

// forgetTold forgets what was heard but for what came of a mailbox after the list told of it.
func (l *link) forgetTold(list []listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	later := map[string]map[string]uint64{}
	for _, m := range list {
		if told := l.told[m.Name]; told != nil && m.status != nil && m.status.NumMessages != nil && differs(store.SyncState{UIDValidity: m.status.UIDValidity,
			Messages: *m.status.NumMessages, UIDNext: uint32(m.status.UIDNext), HighestModSeq: m.status.HighestModSeq}, told) {
			later[m.Name] = told
		}
	}
	l.told = later
}

// elsewhere tells whether a mailbox that is kept here has changed since its last pull, by what the server has told of it
// since the mailboxes were listed. What could not be pulled is no news again.
func (s *Session) elsewhere(ctx context.Context) bool {
	told := s.l.takeTold()
	if !s.l.notified || len(told) == 0 {
		return false
	}
	mbs, err := s.st.MailboxesOnServer(ctx, s.id)
	if err != nil {
		return false // a pass will tell
	}
	for _, mb := range mbs {
		numbers, heard := told[mb.Name]
		delete(told, mb.Name)
		if heard && !mb.Local && !mb.NoSelect && !s.keeps(mb).Out && differs(mb.Sync, numbers) {
			return true
		}
	}
	return len(told) > 0 // one that is not known yet
}

// differs compares what STATUS tells with the last pull. Where it tells only of unread messages, flags have changed.
func differs(have store.SyncState, told map[string]uint64) bool {
	flagsOnly := len(told) > 0
	for name, known := range map[string]uint64{"UIDVALIDITY": uint64(have.UIDValidity), "MESSAGES": uint64(have.Messages),
		"UIDNEXT": uint64(have.UIDNext), "HIGHESTMODSEQ": have.HighestModSeq} {
		n, is := told[name]
		if is && n != known && !(name == "HIGHESTMODSEQ" && known == 0) {
			return true
		}
		flagsOnly = flagsOnly && !is
	}
	return flagsOnly
}
