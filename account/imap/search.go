package imap

import (
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
	"mua/store/query"
)

// checkedMost is how many of the newest messages that the server finds in a mailbox are looked at
// where the store has the last word.
const checkedMost = 2_000

// Hits are messages that the server found, to be checked by what it could not be asked.
type Hits struct {
	Messages []store.MessageID
	Check    query.Node
}

// Search asks the server which messages match a query, in all mailboxes that it can mean, also in
// those that are left out here. Of what is not here yet the headers are fetched and stored, newest
// first, at most limit of a mailbox (0: all). warnings tell of mailboxes that could not be searched.
func (s *Session) Search(ctx context.Context, tree query.Node, limit int) (hits []Hits, warnings []string, err error) {
	defer s.during(ctx)()
	alts, err := alternatives(tree)
	if err != nil {
		return nil, nil, err
	}
	mbs, err := s.st.Mailboxes(ctx, s.id)
	if err != nil {
		return nil, nil, s.local(err)
	}
	if len(mbs) == 0 { // never synchronised
		if mbs, _, err = s.refreshList(ctx); err != nil {
			return nil, nil, err
		}
	}
	inOrder(mbs)
	names, err := s.namesThere(ctx)
	if err != nil {
		return nil, nil, s.local(err)
	}
	hits = make([]Hits, len(alts))
	for i := range alts {
		hits[i].Check = alts[i].check
	}
	f := &finder{s: s, ctx: ctx, limit: limit, names: names}
	for _, mb := range mbs {
		if mb.NoSelect || mb.Local || f.names[mb.ID] == "" { // still to be made
			continue
		}
		if err := f.mailbox(mb, alts, hits); err != nil {
			if !s.l.alive() || ctx.Err() != nil {
				return nil, nil, s.trouble(ctx, err)
			}
			if t, ok := s.trouble(ctx, err).(*account.Trouble); ok && t.Kind == account.KindIO {
				return nil, nil, t
			}
			f.warnings = append(f.warnings, account.CleanWords(fmt.Sprintf("mailbox %s was not searched: %v", mb.Name, err)))
		}
	}
	return hits, append(f.warnings, s.l.takeWarnings()...), nil
}

// finder is one Search.
type finder struct {
	s        *Session
	ctx      context.Context
	limit    int
	names    map[store.MailboxID]string // on the server, which may not know yet of a rename
	warnings []string
}

// mailbox searches one mailbox.
func (f *finder) mailbox(mb store.Mailbox, alts []alternative, hits []Hits) error {
	s := f.s
	var sel *imap.SelectData
	for i := range alts {
		if !alts[i].means(s.acct.Name, mb) {
			continue
		}
		if sel == nil {
			var err error
			if sel, err = f.open(&mb); err != nil {
				return err
			}
		}
		uids, err := f.uids(sel.NumMessages, &alts[i])
		if err != nil {
			return err
		}
		ids, err := f.messages(mb, uids)
		if err != nil {
			return err
		}
		hits[i].Messages = append(hits[i].Messages, ids...)
	}
	return nil
}

// open selects a mailbox and makes sure that UIDs mean here what they mean there.
func (f *finder) open(mb *store.Mailbox) (*imap.SelectData, error) {
	s := f.s
	sel, err := s.l.examine(f.names[mb.ID])
	if err != nil {
		return nil, err
	}
	switch {
	case sel.UIDValidity == 0 || mb.Sync.UIDValidity != 0 && mb.Sync.UIDValidity != sel.UIDValidity:
		return nil, fmt.Errorf("the server has numbered its messages anew: mua sync %s", s.acct.Name)
	case mb.Sync.UIDValidity == 0: // never pulled: recorded before any UID is stored
		mb.Sync = store.SyncState{UIDValidity: sel.UIDValidity}
		return sel, s.local(s.st.SetSyncState(f.ctx, mb.ID, mb.Sync))
	}
	return sel, nil
}

// uids are the newest UIDs that the server finds, newest first. They are asked for in windows, so that
// a line of them has bounds.
func (f *finder) uids(messages uint32, a *alternative) ([]uint32, error) {
	limit := f.limit
	if _, all := a.check.(query.All); !all && limit > 0 {
		limit = max(limit, checkedMost)
	}
	var out []uint32
	for hi := messages; hi > 0 && (limit == 0 || len(out) < limit); {
		lo := hi - min(hi, searchWindow) + 1
		c := a.criteria
		if messages > searchWindow {
			var seq imap.SeqSet
			seq.AddRange(lo, hi)
			c.SeqNum = []imap.SeqSet{seq}
		}
		part, err := f.s.l.search(&c)
		if err != nil {
			return nil, err
		}
		found := rangesOf(part).list(int(hi-lo) + 1)
		if found == nil && len(part) > 0 {
			return nil, fmt.Errorf("the server finds more than there is")
		}
		slices.Reverse(found)
		out = append(out, found...)
		hi = lo - 1
	}
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// messages are our ids of UIDs; of what is not here the header is fetched.
func (f *finder) messages(mb store.Mailbox, uids []uint32) (ids []store.MessageID, err error) {
	s := f.s
	s.l.guard.SetLiteral(maxHeader + literalSlack)
	for part := range slices.Chunk(uids, headersMost) {
		here, err := s.st.RemoteCopiesAt(f.ctx, mb.ID, part)
		if err != nil {
			return nil, s.local(err)
		}
		missing := slices.DeleteFunc(slices.Clone(part), func(u uint32) bool {
			return slices.ContainsFunc(here, func(c store.RemoteCopy) bool { return c.UID == u })
		})
		for _, c := range here {
			ids = append(ids, c.Message)
		}
		for few := range slices.Chunk(missing, headersMost/4) { // a set of them fits in a command
			fresh, err := f.headers(mb, few)
			if err != nil {
				return nil, err
			}
			ids = append(ids, fresh...)
		}
	}
	return ids, nil
}

// headers fetches and stores the headers of messages that are not here.
func (f *finder) headers(mb store.Mailbox, uids []uint32) ([]store.MessageID, error) {
	s := f.s
	msgs, err := s.l.fetch(uidSet(uids), wantHeader, len(uids), 0, 0).wait()
	if err != nil {
		return nil, err
	}
	var batch []store.Incoming
	for _, x := range msgs {
		if x.header != nil && slices.Contains(uids, x.uid) {
			batch = append(batch, x.incoming(s.o.Now()))
		}
	}
	ids, _, err := s.st.AddRemote(f.ctx, mb.ID, batch)
	return ids, s.local(err)
}
