package demo

import (
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// found is a message as one session may be told of it, taken under the lock and
// used outside of it.
type found struct {
	seq      uint32 // in the session's numbering
	uid      imap.UID
	flags    []imap.Flag
	raw      []byte
	received time.Time
}

// each calls f, under the store's lock, for the messages in the set that the
// session knows of, with their server-side and client-side numbers.
func (v *view) each(set imap.NumSet, f func(server, client uint32, m *message)) {
	set = v.static(set)
	for i, m := range v.messages {
		server := uint32(i) + 1
		client := v.tracker.EncodeSeqNum(server)
		if client != 0 && contains(set, client, m.uid) {
			f(server, client, m)
		}
	}
}

func contains(set imap.NumSet, seq uint32, uid imap.UID) bool {
	switch set := set.(type) {
	case imap.SeqSet:
		return set.Contains(seq)
	case imap.UIDSet:
		return set.Contains(uid)
	}
	return false
}

// static replaces "*" by the highest number (RFC 9051 9, seq-number). It returns
// a copy.
func (v *view) static(set imap.NumSet) imap.NumSet {
	switch set := set.(type) {
	case imap.SeqSet:
		var out imap.SeqSet
		for _, r := range set {
			lo, hi := fill(r.Start, r.Stop, uint32(len(v.messages)))
			out.AddRange(lo, hi)
		}
		return out
	case imap.UIDSet:
		var last uint32
		if n := len(v.messages); n > 0 {
			last = uint32(v.messages[n-1].uid)
		}
		var out imap.UIDSet
		for _, r := range set {
			lo, hi := fill(uint32(r.Start), uint32(r.Stop), last)
			out.AddRange(imap.UID(lo), imap.UID(hi))
		}
		return out
	}
	return set
}

func fill(lo, hi, last uint32) (uint32, uint32) {
	if lo == 0 {
		lo = max(last, 1)
	}
	if hi == 0 {
		hi = max(last, 1)
	}
	return min(lo, hi), max(lo, hi)
}

// Fetch implements imapserver.Session. What is written was copied under the lock,
// so a client that reads slowly holds up nobody.
func (s *imapSession) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	if err := s.refused("FETCH"); err != nil {
		return err
	}
	for _, f := range s.find(set, marksSeen(o)) {
		if err := f.write(w, o); err != nil {
			return err
		}
	}
	return nil
}

func marksSeen(o *imap.FetchOptions) bool {
	for _, b := range o.BodySection {
		if !b.Peek {
			return true
		}
	}
	for _, b := range o.BinarySection {
		if !b.Peek {
			return true
		}
	}
	return false
}

func (s *imapSession) find(set imap.NumSet, markSeen bool) []found {
	v := s.selected()
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	var l []found
	v.each(set, func(server, client uint32, m *message) {
		if markSeen && !m.has(imap.FlagSeen) {
			m.change(imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen})
			v.mailbox.tracker.QueueMessageFlags(server, m.uid, m.flagList(), v.tracker)
			v.notify()
		}
		l = append(l, found{client, m.uid, m.flagList(), m.raw, m.received})
	})
	return l
}

// Store implements imapserver.Session.
func (s *imapSession) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	if err := s.refused("STORE"); err != nil {
		return err
	}
	v := s.selected()
	s.mail.mu.Lock()
	v.each(set, func(server, _ uint32, m *message) {
		m.change(flags.Op, flags.Flags)
		v.mailbox.tracker.QueueMessageFlags(server, m.uid, m.flagList(), v.tracker)
	})
	v.notify()
	s.mail.mu.Unlock()
	if flags.Silent {
		return nil
	}
	for _, f := range s.find(set, false) {
		if err := f.write(w, &imap.FetchOptions{Flags: true, UID: true}); err != nil {
			return err
		}
	}
	return nil
}

// Expunge implements imapserver.Session. The session is told by the poll that
// follows every command.
func (s *imapSession) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if err := s.refused("EXPUNGE"); err != nil {
		return err
	}
	v := s.selected()
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	var only imap.UIDSet
	if uids != nil {
		only = v.static(*uids).(imap.UIDSet)
	}
	v.expunge(func(m *message) bool {
		return m.has(imap.FlagDeleted) && (uids == nil || only.Contains(m.uid))
	})
	return nil
}

// Copy implements imapserver.Session.
func (s *imapSession) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	if err := s.refused("COPY"); err != nil {
		return nil, err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	data, err := s.copyLocked(set, dest)
	if s.owner.without["UIDPLUS"] {
		data = nil
	}
	return data, err
}

func (s *imapSession) copyLocked(set imap.NumSet, dest string) (*imap.CopyData, error) {
	v, to := s.selected(), s.mail.boxes[canonical(dest)]
	if to == nil {
		return nil, no(imap.ResponseCodeTryCreate, "no such mailbox")
	}
	data := &imap.CopyData{UIDValidity: to.validity}
	var chosen []*message
	v.each(set, func(_, _ uint32, m *message) { chosen = append(chosen, m) })
	for _, m := range chosen {
		data.SourceUIDs.AddNum(m.uid)
		data.DestUIDs.AddNum(to.add(m.raw, m.received, m.flagList()))
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	return data, nil
}

// Move implements imapserver.SessionMove.
func (s *imapSession) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	if err := s.refused("MOVE"); err != nil {
		return err
	}
	v := s.selected()
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	if v.mailbox == s.mail.boxes[canonical(dest)] {
		return no("", "it is there already")
	}
	data, err := s.copyLocked(set, dest)
	if err != nil || data == nil {
		return err
	}
	v.expunge(func(m *message) bool { return data.SourceUIDs.Contains(m.uid) })
	return w.WriteCopyData(data)
}

// Poll implements imapserver.Session.
func (s *imapSession) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if v := s.selected(); v != nil {
		return v.tracker.Poll(w, allowExpunge)
	}
	return nil
}

// Idle implements imapserver.Session: news are told as they come, and those that
// came before at once.
func (s *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	v := s.selected()
	if v == nil {
		<-stop
		return nil
	}
	for {
		s.mail.mu.Lock()
		changed := v.changed
		s.mail.mu.Unlock()
		if err := v.tracker.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}
