package imap

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

// renameSamples is how many messages must be where they were for a mailbox to be one that we know.
const renameSamples = 8

// followRenames finds the mailboxes that another client has renamed. RENAME keeps UIDVALIDITY and the UIDs (RFC 9051
// 6.3.6): a mailbox that is not under its name any more, while another name has its UIDVALIDITY, no smaller UIDNEXT, and
// the same newest messages under the same UIDs, is that one. Nothing of it is fetched again. What is not found so is
// recognised by its messages (store.AddRemote).
func (s *Session) followRenames(ctx context.Context, list []listed) error {
	have, err := s.st.MailboxesOnServer(ctx, s.id)
	if err != nil {
		return s.local(err)
	}
	at := make(map[string]*listed, len(list))
	free := map[string]*listed{} // names that no mailbox here goes by, or goes by still
	for i := range list {
		at[list[i].Name], free[list[i].Name] = &list[i], &list[i]
	}
	var lost []store.Mailbox
	for _, m := range have {
		l := at[m.Name]
		switch {
		case m.Local || m.NoSelect || strings.EqualFold(m.Name, "INBOX"):
			delete(free, m.Name)
		case l != nil && (l.status == nil || l.status.UIDValidity == m.Sync.UIDValidity || m.Sync.UIDValidity == 0):
			delete(free, m.Name)
		case m.Sync.UIDValidity != 0:
			lost = append(lost, m)
		}
	}
	names := map[store.MailboxID]string{}
	for _, m := range lost {
		name, err := s.newName(ctx, m, list, free)
		if err != nil {
			return err
		}
		if name != "" {
			names[m.ID] = name
			delete(free, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return s.local(s.st.RenameMailboxes(ctx, s.id, names))
}

// newName is what a mailbox is called now, "" when that cannot be told.
func (s *Session) newName(ctx context.Context, m store.Mailbox, list []listed, free map[string]*listed) (string, error) {
	shared := -1 // others with this UIDVALIDITY: some servers give all the same
	for _, l := range list {
		if l.status != nil && l.status.UIDValidity == m.Sync.UIDValidity {
			shared++
		}
	}
	if shared < 0 {
		return "", nil
	}
	samples, err := s.st.RemoteSamples(ctx, m.ID, renameSamples)
	if err != nil {
		return "", s.local(err)
	}
	for _, l := range list {
		if free[l.Name] == nil || l.NoSelect || l.status == nil || l.status.UIDValidity != m.Sync.UIDValidity ||
			uint32(l.status.UIDNext) < m.Sync.UIDNext || strings.EqualFold(l.Name, "INBOX") {
			continue
		}
		same, err := s.sameMessages(l.Name, samples, shared == 0)
		if err != nil || same {
			return l.Name, err
		}
	}
	return "", nil
}

// sameMessages tells whether a mailbox has the samples under their UIDs. otherwise: the answer when it has none of them,
// nor anything else under their UIDs.
func (s *Session) sameMessages(name string, samples []store.RemoteSample, otherwise bool) (bool, error) {
	if len(samples) == 0 {
		return otherwise, nil
	}
	if _, err := s.l.examine(name); err != nil {
		if _, refused := errors.AsType[*imap.Error](err); refused && s.l.alive() {
			return false, nil
		}
		return false, err
	}
	uids := make([]uint32, len(samples))
	of := make(map[uint32]store.RemoteSample, len(samples))
	for i, x := range samples {
		uids[i], of[x.UID] = x.UID, x
	}
	s.l.guard.SetLiteral(s.o.MaxMessage + literalSlack)
	msgs, err := s.l.fetch(uidSet(uids), wantHeader, len(uids), 0, 0).wait()
	if err != nil {
		if s.l.alive() {
			return false, nil
		}
		return false, s.l.explain(err)
	}
	found := 0
	for _, x := range msgs {
		sample, asked := of[x.uid]
		if !asked {
			continue
		}
		if x.size != sample.Size || !bytes.Contains(x.header, []byte(sample.HeaderID)) {
			return false, nil
		}
		found++
	}
	return found > 0 || otherwise, nil
}

// taken are the mailboxes from which messages seem to have been taken: they hold fewer than what they held and what has
// come since. nil status: not known.
func taken(mbs []store.Mailbox, status map[string]*imap.StatusData) (out []store.MailboxID) {
	for _, mb := range mbs {
		st := status[mb.Name]
		if st == nil || st.NumMessages == nil || mb.Sync.UIDNext == 0 || st.UIDValidity != mb.Sync.UIDValidity {
			continue
		}
		came := uint32(st.UIDNext) - min(mb.Sync.UIDNext, uint32(st.UIDNext))
		if uint64(*st.NumMessages) < uint64(mb.Sync.Messages)+uint64(came) {
			out = append(out, mb.ID)
		}
	}
	return out
}

// maybeKnown tells by their sizes which of msgs may be here already: their header comes first, and with it nothing else if
// they are.
func (m *mailboxPull) maybeKnown(msgs []message) (map[int64]bool, error) {
	if len(msgs) == 0 {
		return nil, nil
	}
	sizes := make([]int64, len(msgs))
	for i := range msgs {
		sizes[i] = msgs[i].size
	}
	var elsewhere []store.MailboxID
	for _, id := range m.taken {
		if id != m.mb.ID {
			elsewhere = append(elsewhere, id)
		}
	}
	known, err := m.s.st.KnownSizes(m.ctx, m.s.id, sizes, elsewhere)
	return known, m.s.local(err)
}

// wentBack tells a server that is in an earlier state than it was: restored from a backup, with the UIDVALIDITY it had. Its
// UIDs from there on mean other messages now.
func wentBack(was store.SyncState, sel *imap.SelectData) bool {
	return was.UIDValidity == sel.UIDValidity && was.UIDNext != 0 &&
		(sel.UIDNext != 0 && uint32(sel.UIDNext) < was.UIDNext || sel.HighestModSeq != 0 && sel.HighestModSeq < was.HighestModSeq)
}

// renumbered tells a mailbox most of whose messages are gone while about as many have come: they may be the same, under
// new UIDs.
func renumbered(was store.SyncState, sel *imap.SelectData) bool {
	if was.UIDValidity != sel.UIDValidity || was.UIDNext == 0 || uint32(sel.UIDNext) < was.UIDNext {
		return false
	}
	came := uint64(sel.UIDNext) - uint64(was.UIDNext)
	gone := int64(was.Messages) + int64(came) - int64(sel.NumMessages)
	return was.Messages > 20 && gone > int64(was.Messages)/2 && int64(came) >= gone/2
}

// explainRestore words what wentBack has found.
func explainRestore(mailbox string) string {
	return account.CleanWords(mailbox) + ": the server is in an earlier state than before (restored from a backup?); its messages are matched with those here"
}
