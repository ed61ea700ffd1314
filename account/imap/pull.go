package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

// maxReconnects is how often one Pull connects again to isolate a message that breaks the connection.
const maxReconnects = 24

// Pulled says what a Pull brought.
type Pulled struct {
	New, Changed, Removed int
	Warnings              []string // messages and lines left out, words of the server; cleaned
}

// Pull brings the news of the named mailboxes, nil: of all, into the store. A mailbox that cannot be
// pulled does not stop the others; the first trouble is returned. Only a broken connection ends it.
func (s *Session) Pull(ctx context.Context, mailboxes []string) (Pulled, error) {
	defer s.during(ctx)()
	p := &puller{s: s, ctx: ctx}
	err := p.pull(mailboxes)
	p.out.Warnings = append(p.out.Warnings, s.l.takeWarnings()...)
	return p.out, p.kept(err)
}

// kept says in an error what is safe: who interrupts a long pull, or loses the network, wants to know whether it was in vain.
func (p *puller) kept(err error) error {
	t, ok := errors.AsType[*account.Trouble](err)
	if !ok || p.out.New == 0 || t.Kept != "" {
		return err
	}
	c := *t
	c.Kept = fmt.Sprintf("%d new messages are here, and the next sync goes on from there", p.out.New)
	if p.out.New == 1 {
		c.Kept = "1 new message is here, and the next sync goes on from there"
	}
	return &c
}

// puller is one Pull.
type puller struct {
	s          *Session
	ctx        context.Context
	out        Pulled
	reconnects int
	labels     bool              // the server shows one message in several mailboxes, as Gmail its labels
	elsewhere  bool              // mail of another mailbox is here
	since      store.MessageID   // the last message when the last pull that saw all mailboxes began: what is new since may have been moved
	taken      []store.MailboxID // mailboxes from which messages seem to have been taken
}

func (p *puller) pull(names []string) error {
	s := p.s
	s.status(account.Pulling, "", 0, 0, true)
	var mbs []store.Mailbox
	var status map[string]*imap.StatusData
	var err error
	if names == nil || !s.listed {
		mbs, status, err = s.refreshList(p.ctx)
	} else if mbs, err = s.st.MailboxesOnServer(p.ctx, s.id); err != nil {
		err = s.local(err)
	}
	if err != nil {
		return err
	}
	if names != nil {
		if mbs, err = p.choose(mbs, names); err != nil {
			return err
		}
	}
	inOrder(mbs)
	p.labels = s.l.caps.Has("X-GM-EXT-1") || slices.ContainsFunc(mbs, func(m store.Mailbox) bool { return m.Role == store.RoleAll })
	p.elsewhere = slices.ContainsFunc(mbs, func(m store.Mailbox) bool { return m.Total > 0 })
	last, err := s.st.LastMessage(p.ctx)
	if err != nil {
		return s.local(err)
	}
	if p.since, err = s.st.SeenSince(p.ctx, s.id, last); err != nil {
		return s.local(err)
	}
	p.taken = taken(mbs, status)
	var first error
	for _, mb := range mbs {
		if mb.NoSelect || mb.Local {
			continue
		}
		if names == nil && (p.leftOut(mb, status[mb.Name]) || p.unchanged(mb, status[mb.Name])) {
			continue
		}
		if err := p.mailbox(mb, status[mb.Name], names != nil); err != nil {
			if first == nil {
				first = err
			}
			if !s.l.alive() || p.ctx.Err() != nil {
				break
			}
		}
	}
	if first == nil && names == nil {
		first = s.local(errors.Join(s.st.RescueMoved(p.ctx, s.id), s.st.SeenAll(p.ctx, s.id, last)))
	}
	return first
}

// choose picks mailboxes by the names that they have here, which may not be those on the server yet; else by those there.
func (p *puller) choose(mbs []store.Mailbox, names []string) ([]store.Mailbox, error) {
	var out []store.Mailbox
	for _, n := range names {
		found, err := p.s.st.FindOnServer(p.ctx, p.s.id, n)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, p.s.local(err)
		}
		i := slices.IndexFunc(mbs, func(m store.Mailbox) bool { return err == nil && m.ID == found.ID })
		if i < 0 {
			return nil, &account.Trouble{Kind: account.KindNotFound, Account: p.s.acct.Name, What: fmt.Sprintf("there is no mailbox %q", account.CleanWords(n)), Hint: "mua mailboxes lists them"}
		}
		out = append(out, mbs[i])
	}
	return out, nil
}

// inOrder puts the inbox first and what is read least last.
func inOrder(mbs []store.Mailbox) {
	rank := func(m store.Mailbox) int {
		switch m.Role {
		case store.RoleInbox:
			return 0
		case store.RoleDrafts, store.RoleSent:
			return 1
		case store.RoleArchive:
			return 3
		case store.RoleTrash:
			return 4
		case store.RoleAll, store.RoleJunk:
			return 5
		}
		return 2
	}
	slices.SortStableFunc(mbs, func(a, b store.Mailbox) int { return rank(a) - rank(b) })
}

// unchanged tells a mailbox that need not be selected: its numbers are those of the last pull
// and nothing is missing here.
func (p *puller) unchanged(mb store.Mailbox, st *imap.StatusData) bool {
	have := mb.Sync
	if st == nil || st.NumMessages == nil || have.UIDNext == 0 {
		return false
	}
	if st.UIDValidity != have.UIDValidity || uint32(st.UIDNext) != have.UIDNext || *st.NumMessages != have.Messages || st.HighestModSeq != have.HighestModSeq {
		return false
	}
	if have.HighestModSeq == 0 && have.Messages > 0 && p.s.o.Now().Sub(have.FlagsAt) >= p.s.o.FlagsEvery {
		return false // flags may have changed unseen
	}
	apart, err := p.apart(mb, have.UIDValidity)
	if err != nil || len(apart.due) > 0 {
		return false
	}
	if waits, err := p.s.st.AwaitsUIDs(p.ctx, mb.ID); err != nil || waits {
		return false // what we have put there is to be found, or to be given up
	}
	missing, err := p.missing(mb)
	return err == nil && !slices.ContainsFunc(missing, func(c store.RemoteCopy) bool { return !apart.leave[c.UID] })
}

// mailbox brings one mailbox up to date. named: it was asked for by name, so that flags are compared
// whatever the timer says.
func (p *puller) mailbox(mb store.Mailbox, st *imap.StatusData, named bool) error {
	m := &mailboxPull{puller: p, mb: mb, status: st, named: named}
	err := m.run()
	if p.out.New > 0 {
		p.elsewhere = true
	}
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*account.Trouble](err); ok && p.ctx.Err() == nil {
		return t
	}
	if p.ctx.Err() != nil {
		return p.s.trouble(p.ctx, err)
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		return &account.Trouble{Kind: account.KindTemporary, Account: p.s.acct.Name, Host: p.s.l.host, Err: err,
			What: fmt.Sprintf("%s refuses mailbox %s: %s", p.s.l.host, account.CleanWords(mb.Name), account.CleanWords(e.Text)), Kept: "What is here of it is kept"}
	}
	return p.s.trouble(p.ctx, err)
}

// warn notes something left out.
func (p *puller) warn(format string, args ...any) {
	if len(p.out.Warnings) < 100 {
		p.out.Warnings = append(p.out.Warnings, account.CleanWords(fmt.Sprintf(format, args...)))
	}
}
