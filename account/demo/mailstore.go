package demo

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// mailstore is the user's mail. One lock guards all of it: it is small, and
// nothing waits for a network while holding it.
type mailstore struct {
	mu           sync.Mutex
	now          func() time.Time
	boxes        map[string]*mailbox
	lastValidity uint32
}

// mailbox is guarded by mailstore.mu.
type mailbox struct {
	name       string
	role       imap.MailboxAttr // "" none
	subscribed bool
	validity   uint32
	nextUID    imap.UID
	messages   []*message // by rising UID
	tracker    *imapserver.MailboxTracker
	changed    chan struct{} // closed and replaced at every change
}

// message: all but flags never changes.
type message struct {
	uid      imap.UID
	raw      []byte
	received time.Time
	flags    map[imap.Flag]imap.Flag // lower case → as written; guarded by mailstore.mu
}

// Message is a copy of what a mailbox holds, for tests to look at.
type Message struct {
	UID      uint32
	Flags    []string // sorted
	Received time.Time
	Raw      []byte
}

// standard are the mailboxes that are always there, with their roles (RFC 6154).
func standard() map[string]imap.MailboxAttr {
	return map[string]imap.MailboxAttr{
		"INBOX": "", "Sent": imap.MailboxAttrSent, "Drafts": imap.MailboxAttrDrafts,
		"Trash": imap.MailboxAttrTrash, "Junk": imap.MailboxAttrJunk, "Archive": imap.MailboxAttrArchive,
	}
}

func newMailstore(now func() time.Time) *mailstore {
	m := &mailstore{now: now, boxes: map[string]*mailbox{}, lastValidity: 1000}
	roles := standard()
	names := make([]string, 0, len(roles))
	for name := range roles {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		m.createLocked(name, roles[name]).subscribed = true
	}
	return m
}

func (m *mailstore) createLocked(name string, role imap.MailboxAttr) *mailbox {
	m.lastValidity++
	b := &mailbox{
		name: name, role: role, validity: m.lastValidity, nextUID: 1,
		tracker: imapserver.NewMailboxTracker(0), changed: make(chan struct{}),
	}
	m.boxes[name] = b
	return b
}

// canonical is the key of a mailbox: INBOX in any case is INBOX (RFC 9051 5.1).
func canonical(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

// deliver adds a message, creating the mailbox when it is missing.
func (m *mailstore) deliver(mailbox string, raw []byte, received time.Time, flags []string) imap.UID {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.boxes[canonical(mailbox)]
	if b == nil {
		b = m.createLocked(canonical(mailbox), "")
		b.subscribed = true
	}
	return b.add(raw, received, toFlags(flags))
}

func toFlags(words []string) []imap.Flag {
	flags := make([]imap.Flag, len(words))
	for i, w := range words {
		flags[i] = imap.Flag(w)
	}
	return flags
}

func (b *mailbox) add(raw []byte, received time.Time, flags []imap.Flag) imap.UID {
	msg := &message{uid: b.nextUID, raw: raw, received: received, flags: map[imap.Flag]imap.Flag{}}
	msg.change(imap.StoreFlagsAdd, flags)
	b.nextUID++
	b.messages = append(b.messages, msg)
	b.tracker.QueueNumMessages(uint32(len(b.messages)))
	b.notify()
	return msg.uid
}

// expunge removes the messages that match and tells every session.
func (b *mailbox) expunge(match func(*message) bool) {
	for i := len(b.messages) - 1; i >= 0; i-- {
		if match(b.messages[i]) {
			b.messages = slices.Delete(b.messages, i, i+1)
			b.tracker.QueueExpunge(uint32(i) + 1)
		}
	}
	b.notify()
}

func (b *mailbox) notify() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (msg *message) has(flag imap.Flag) bool {
	_, ok := msg.flags[imap.Flag(strings.ToLower(string(flag)))]
	return ok
}

// flagList is sorted, so that answers are the same at every run.
func (msg *message) flagList() []imap.Flag {
	l := make([]imap.Flag, 0, len(msg.flags))
	for _, f := range msg.flags {
		l = append(l, f)
	}
	slices.Sort(l)
	return l
}

func (msg *message) change(op imap.StoreFlagsOp, flags []imap.Flag) {
	if op == imap.StoreFlagsSet {
		clear(msg.flags)
	}
	for _, f := range flags {
		key := imap.Flag(strings.ToLower(string(f)))
		if op == imap.StoreFlagsDel {
			delete(msg.flags, key)
		} else if key != `\recent` {
			msg.flags[key] = systemFlag(key, f)
		}
	}
}

// systemFlag spells the flags of RFC 9051 2.3.2 as the RFC does; keywords stay as written.
func systemFlag(key, flag imap.Flag) imap.Flag {
	for _, s := range []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft} {
		if strings.EqualFold(string(s), string(key)) {
			return s
		}
	}
	return flag
}

// Deliver puts a message into a mailbox (created when missing) as another client
// or the outside world would, and returns its UID. raw is kept as it is.
func (s *Servers) Deliver(mailbox string, raw []byte, flags ...string) uint32 {
	return uint32(s.mail.deliver(mailbox, slices.Clone(raw), s.now(), flags))
}

// Messages returns the octets of all messages in a mailbox, by rising UID; nil
// when there is no such mailbox.
func (s *Servers) Messages(mailbox string) [][]byte {
	var l [][]byte
	for _, m := range s.List(mailbox) {
		l = append(l, m.Raw)
	}
	return l
}

// List returns all messages of a mailbox, by rising UID; nil when there is none.
func (s *Servers) List(mailbox string) []Message {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(mailbox)]
	if b == nil {
		return nil
	}
	l := make([]Message, 0, len(b.messages))
	for _, m := range b.messages {
		var flags []string
		for _, f := range m.flagList() {
			flags = append(flags, string(f))
		}
		l = append(l, Message{UID: uint32(m.uid), Flags: flags, Received: m.received, Raw: slices.Clone(m.raw)})
	}
	return l
}

// Mailboxes returns the names of all mailboxes, sorted.
func (s *Servers) Mailboxes() []string {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.mail.namesLocked()
}

func (m *mailstore) namesLocked() []string {
	l := make([]string, 0, len(m.boxes))
	for name := range m.boxes {
		l = append(l, name)
	}
	sort.Strings(l)
	return l
}

// errAbsent is what the methods below return when nothing has that name or UID.
var errAbsent = errors.New("demo: no such mailbox or message")

// Flag changes a message's flags as another client would: words beginning with
// "-" are removed, others added.
func (s *Servers) Flag(mailbox string, uid uint32, flags ...string) error {
	var add, del []imap.Flag
	for _, f := range flags {
		if name, ok := strings.CutPrefix(f, "-"); ok {
			del = append(del, imap.Flag(name))
		} else {
			add = append(add, imap.Flag(f))
		}
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(mailbox)]
	if b == nil {
		return errAbsent
	}
	for i, m := range b.messages {
		if m.uid == imap.UID(uid) {
			m.change(imap.StoreFlagsAdd, add)
			m.change(imap.StoreFlagsDel, del)
			b.tracker.QueueMessageFlags(uint32(i)+1, m.uid, m.flagList(), nil)
			b.notify()
			return nil
		}
	}
	return errAbsent
}

// Expunge removes messages as another client would; without UIDs, all of them.
func (s *Servers) Expunge(mailbox string, uids ...uint32) error {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(mailbox)]
	if b == nil {
		return errAbsent
	}
	b.expunge(func(m *message) bool { return len(uids) == 0 || slices.Contains(uids, uint32(m.uid)) })
	return nil
}

// Renumber gives a mailbox a new UIDVALIDITY and all its messages new UIDs, as a
// server does that was restored from a backup. Sessions that have it selected
// see a mailbox that was deleted.
func (s *Servers) Renumber(mailbox string) error {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	old := s.mail.boxes[canonical(mailbox)]
	if old == nil {
		return errAbsent
	}
	b := s.mail.createLocked(old.name, old.role)
	b.subscribed = old.subscribed
	b.nextUID = old.nextUID + 100
	for _, m := range old.messages {
		b.add(m.raw, m.received, m.flagList())
	}
	return nil
}
