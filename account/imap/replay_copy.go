package imap

import (
	"errors"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// copy copies by COPY. Where COPYUID tells what was copied, the rest stays wished: the next pull tells what became of
// its original, and without one the copy is uploaded.
func (r *replay) copy(actions []store.Action) ([]store.Replayed, error) {
	target, ok := r.mbs[actions[0].Target]
	if !ok || target.Local {
		return nil, nil // not on the server: nothing to do there yet
	}
	out, err := r.copyTo(actions, target)
	if e, ok := errors.AsType[*imap.Error](err); ok && missing(e) && r.create(target.Name) {
		out, err = r.copyTo(actions, target)
	}
	return out, err
}

func (r *replay) copyTo(actions []store.Action, target store.Mailbox) ([]store.Replayed, error) {
	defer r.s.l.busy(int64(len(actions)) * itemAllowance)()
	data, err := r.s.l.client.Copy(uidSet(uidsOfActions(actions)), target.Name).Wait()
	if err != nil {
		return nil, err
	}
	out := paired(actions, data.UIDValidity, data.SourceUIDs, data.DestUIDs)
	if !r.s.l.caps.Has(imap.CapUIDPlus) {
		return out, nil
	}
	told := out[:0]
	for _, x := range out {
		if x.UID != 0 {
			told = append(told, x)
		}
	}
	return told, nil
}

// again carries out a COPY that was begun before and not answered, a move's (where the server has no MOVE) or one that
// was wished: the copy may be there.
func (r *replay) again(a store.Action) error {
	target, ok := r.mbs[a.Target]
	if !ok || target.Local {
		return nil
	}
	uid, err := r.copied(a, target)
	if err != nil {
		return err
	}
	if l := r.s.l; uid != 0 && target.Sync.UIDValidity != 0 && l.selected.UIDValidity != target.Sync.UIDValidity {
		return r.giveBack([]store.ActionID{a.ID}) // it may be another copy: the next pull will tell
	}
	done := []store.Replayed{{ID: a.ID, UID: uid}}
	if uid != 0 {
		done[0].UIDValidity = r.s.l.selected.UIDValidity
		if a.Kind == store.ActionCopy {
			return r.record(done)
		}
	}
	usable, err := r.selectFor(a)
	if err != nil || !usable {
		return err
	}
	if uid == 0 {
		return r.carryOut(a.Kind, []store.Action{a})
	}
	if err := r.expunge(a.Mailbox, []uint32{a.UID}); err != nil {
		return r.refuse(a, err)
	}
	return r.record(done)
}

// copied finds in target what was copied there, giving a server time that may still be at it; 0: nothing.
func (r *replay) copied(a store.Action, target store.Mailbox) (uid uint32, err error) {
	uid, err = r.findAppended(target, a, a.Size)
	if err == nil && uid == 0 && r.settle() {
		uid, err = r.findAppended(target, a, a.Size)
	}
	return uid, err
}
