package store

import (
	"context"
	"slices"
)

// UpdateRemoteFlags records the server's flags; pending wishes stay overlaid. Returns how many copies changed for the person.
func (s *Store) UpdateRemoteFlags(ctx context.Context, m MailboxID, up []FlagUpdate) (changed int, err error) {
	diff := make([]bool, len(up))
	err = s.writeEach(ctx, len(up), func(t *txn, i int) error {
		diff[i] = false
		k, err := t.copyAt(m, up[i].UID)
		if err != nil || k == nil {
			return err
		}
		diff[i], err = t.serverFlags(k, up[i])
		return err
	})
	for _, d := range diff {
		if d {
			changed++
		}
	}
	return changed, err
}

// serverFlags records the server's flags of a copy and overlays the pending
// wishes. changed: the person sees another state than before.
func (t *txn) serverFlags(k *copyState, up FlagUpdate) (changed bool, err error) {
	keywords := keywordSet(nil, up.Keywords, nil)
	modSeq := max(k.modSeq, int64(up.ModSeq))
	if k.serverFlags == up.Flags && slices.Equal(k.serverKeywords, keywords) {
		if k.modSeq == modSeq {
			return false, nil
		}
		k.modSeq = modSeq
		return false, t.run(`UPDATE message SET modseq = ? WHERE id = ?`, modSeq, k.id)
	}
	k.serverFlags, k.serverKeywords, k.modSeq = up.Flags, keywords, modSeq
	changed, err = t.overlay(k)
	return changed && k.state == here, err
}

// overlay computes what the person sees: the server's flags under the pending wishes.
func (t *txn) overlay(k *copyState) (changed bool, err error) {
	wishes, err := t.wishes(k.id)
	if err != nil {
		return false, err
	}
	flags, keywords := k.serverFlags, k.serverKeywords
	for i := range wishes {
		if wishes[i].kind == ActionFlags {
			flags, keywords = wishes[i].apply(flags, keywords)
		}
	}
	changed = flags != k.flags || !slices.Equal(keywords, k.keywords)
	k.flags, k.keywords = flags, keywords
	return changed, t.saveFlags(k)
}
