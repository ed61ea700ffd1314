package imap

import (
	"context"
	"slices"

	"mua/store"
)

// present leaves out the wishes whose message another client has taken out of the selected mailbox: a server says OK to
// a STORE on a UID that is no more, and the wish would count as done. They go back to the journal, where the next pull
// finds them: it knows whether the message is gone or elsewhere.
func (r *replay) present(actions []store.Action) ([]store.Action, error) {
	l, was := r.s.l, r.mbs[actions[0].Mailbox].Sync
	if l.expunged.Load() == 0 && l.selected.NumMessages == was.Messages && uint32(l.selected.UIDNext) == was.UIDNext && was.UIDNext != 0 {
		return actions, nil // as the last pull has left it
	}
	var there ranges
	if l.selected.NumMessages > 0 {
		var err error
		if there, err = l.allUIDs(l.selected.NumMessages); err != nil {
			return nil, err
		}
	}
	var absent []store.ActionID
	kept := slices.DeleteFunc(slices.Clone(actions), func(a store.Action) bool {
		if there.has(a.UID) {
			return false
		}
		absent = append(absent, a.ID)
		return true
	})
	return kept, r.giveBack(absent)
}

func idsOfActions(actions []store.Action) []store.ActionID {
	out := make([]store.ActionID, len(actions))
	for i, a := range actions {
		out[i] = a.ID
	}
	return out
}

// giveBack returns wishes that were not tried.
func (r *replay) giveBack(ids []store.ActionID) error {
	if len(ids) == 0 {
		return nil
	}
	return r.s.local(r.s.st.ReturnActions(context.WithoutCancel(r.ctx), ids))
}
