package demo

import (
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

func noMailbox() error { return no(imap.ResponseCodeNonExistent, "no such mailbox") }

// Select implements imapserver.Session.
func (s *imapSession) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	if err := s.refused("SELECT"); err != nil {
		return nil, err
	}
	if o == nil || !o.ReadOnly {
		if err := s.refused("SELECT " + name); err != nil {
			return nil, err
		}
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(name)]
	if b == nil {
		return nil, noMailbox()
	}
	flags := b.flags()
	s.mu.Lock()
	s.view = &view{b, b.tracker.NewSession()}
	s.mu.Unlock()
	return &imap.SelectData{
		Flags: flags, PermanentFlags: append(flags[:len(flags):len(flags)], imap.FlagWildcard),
		NumMessages: uint32(len(b.messages)), UIDNext: b.nextUID, UIDValidity: b.validity,
		FirstUnseenSeqNum: b.firstUnseen(),
	}, nil
}

// flags are the system flags and the keywords in use.
func (b *mailbox) flags() []imap.Flag {
	l := []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}
	known := map[imap.Flag]bool{}
	for _, f := range l {
		known[f] = true
	}
	for _, m := range b.messages {
		for _, f := range m.flagList() {
			if !known[f] {
				known[f] = true
				l = append(l, f)
			}
		}
	}
	return l
}

func (b *mailbox) firstUnseen() uint32 {
	for i, m := range b.messages {
		if !m.has(imap.FlagSeen) {
			return uint32(i) + 1
		}
	}
	return 0
}

// Unselect implements imapserver.Session.
func (s *imapSession) Unselect() error {
	s.drop()
	return nil
}

// Create implements imapserver.Session.
func (s *imapSession) Create(name string, o *imap.CreateOptions) error {
	if err := s.refused("CREATE"); err != nil {
		return err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	name = canonical(strings.TrimRight(name, string(delimiter)))
	if name == "" || s.mail.boxes[name] != nil {
		return no(imap.ResponseCodeAlreadyExists, "there is one of that name")
	}
	var role imap.MailboxAttr
	if o != nil && len(o.SpecialUse) > 0 {
		role = o.SpecialUse[0]
	}
	s.mail.createLocked(name, role)
	return nil
}

// Delete implements imapserver.Session.
func (s *imapSession) Delete(name string) error {
	if err := s.refused("DELETE"); err != nil {
		return err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	switch {
	case s.mail.boxes[canonical(name)] == nil:
		return noMailbox()
	case canonical(name) == "INBOX":
		return no("", "INBOX stays")
	}
	delete(s.mail.boxes, name)
	return nil
}

// Rename implements imapserver.Session. Mailboxes below move along; INBOX cannot.
func (s *imapSession) Rename(from, to string, _ *imap.RenameOptions) error {
	if err := s.refused("RENAME"); err != nil {
		return err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	to = strings.TrimRight(to, string(delimiter))
	switch {
	case canonical(from) == "INBOX":
		return no("", "INBOX stays")
	case s.mail.boxes[from] == nil:
		return noMailbox()
	case to == "" || s.mail.boxes[canonical(to)] != nil:
		return no(imap.ResponseCodeAlreadyExists, "there is one of that name")
	}
	names := s.mail.namesLocked()
	for _, name := range names {
		if rest, below := strings.CutPrefix(name, from+string(delimiter)); below && s.mail.boxes[to+string(delimiter)+rest] != nil {
			return no(imap.ResponseCodeAlreadyExists, "there is one of the name that "+name+" would get")
		}
	}
	for _, name := range names {
		rest, below := strings.CutPrefix(name, from+string(delimiter))
		if name == from || below {
			b := s.mail.boxes[name]
			delete(s.mail.boxes, name)
			b.name = to
			if below {
				b.name += string(delimiter) + rest
			}
			s.mail.boxes[b.name] = b
		}
	}
	return nil
}

// Subscribe implements imapserver.Session.
func (s *imapSession) Subscribe(name string) error { return s.subscribe(name, true) }

// Unsubscribe implements imapserver.Session.
func (s *imapSession) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *imapSession) subscribe(name string, yes bool) error {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(name)]
	if b == nil {
		return noMailbox()
	}
	b.subscribed = yes
	return nil
}

// List implements imapserver.Session.
func (s *imapSession) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if err := s.refused("LIST"); err != nil {
		return err
	}
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	for _, data := range s.listing(ref, patterns, o) {
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

func (s *imapSession) listing(ref string, patterns []string, o *imap.ListOptions) []*imap.ListData {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	var l []*imap.ListData
	names := s.mail.namesLocked()
	for _, name := range names {
		b := s.mail.boxes[name]
		if !matches(name, ref, patterns) || o.SelectSubscribed && !b.subscribed || o.SelectSpecialUse && b.role == "" {
			continue
		}
		data := &imap.ListData{Mailbox: name, Delim: delimiter, Attrs: s.attrs(b, names, o)}
		if o.ReturnStatus != nil {
			data.Status = b.status(o.ReturnStatus)
		}
		l = append(l, data)
	}
	return l
}

func matches(name, ref string, patterns []string) bool {
	for _, p := range patterns {
		if imapserver.MatchList(name, delimiter, ref, p) || strings.EqualFold(ref+p, name) && name == "INBOX" {
			return true
		}
	}
	return false
}

func (s *imapSession) attrs(b *mailbox, names []string, o *imap.ListOptions) []imap.MailboxAttr {
	attrs := []imap.MailboxAttr{imap.MailboxAttrHasNoChildren}
	for _, name := range names {
		if strings.HasPrefix(name, b.name+string(delimiter)) {
			attrs[0] = imap.MailboxAttrHasChildren
		}
	}
	if b.role != "" && !s.owner.without["SPECIAL-USE"] {
		attrs = append(attrs, b.role)
	}
	if b.subscribed && (o.ReturnSubscribed || o.SelectSubscribed) {
		attrs = append(attrs, imap.MailboxAttrSubscribed)
	}
	return attrs
}

// Status implements imapserver.Session.
func (s *imapSession) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	if err := s.refused("STATUS"); err != nil {
		return nil, err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(name)]
	if b == nil {
		return nil, noMailbox()
	}
	return b.status(o), nil
}

// status fills in all there is: the library writes only what was asked for.
func (b *mailbox) status(*imap.StatusOptions) *imap.StatusData {
	var unseen, deleted, recent uint32
	var size, freed int64
	for _, m := range b.messages {
		size += int64(len(m.raw))
		if !m.has(imap.FlagSeen) {
			unseen++
		}
		if m.has(imap.FlagDeleted) {
			deleted++
			freed += int64(len(m.raw))
		}
	}
	n := uint32(len(b.messages))
	return &imap.StatusData{
		Mailbox: b.name, NumMessages: &n, UIDNext: b.nextUID, UIDValidity: b.validity,
		NumUnseen: &unseen, NumDeleted: &deleted, Size: &size, DeletedStorage: &freed, NumRecent: &recent,
	}
}

// Append implements imapserver.Session.
func (s *imapSession) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	var raw bytes.Buffer
	if _, err := io.CopyN(&raw, r, r.Size()); err != nil { // a connection that ends leaves half a literal
		return nil, err
	}
	if err := s.refused("APPEND"); err != nil {
		return nil, err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	b := s.mail.boxes[canonical(name)]
	if b == nil {
		return nil, no(imap.ResponseCodeTryCreate, "no such mailbox")
	}
	received := o.Time
	if received.IsZero() {
		received = s.mail.now()
	}
	uid := b.add(raw.Bytes(), received, o.Flags)
	if s.owner.without["UIDPLUS"] {
		return nil, nil
	}
	return &imap.AppendData{UIDValidity: b.validity, UID: uid}, nil
}

// Namespace implements imapserver.SessionNamespace.
func (s *imapSession) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}
