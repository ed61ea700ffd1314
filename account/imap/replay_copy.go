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

// copyAgain carries out a copy that was begun before and not answered: it may be there.
func (r *replay) copyAgain(a store.Action) error {
	target, ok := r.mbs[a.Target]
	if !ok || target.Local {
		return nil
	}
	row, err := r.s.st.Row(r.ctx, a.Message)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return r.s.local(err)
	}
	if err == nil {
		find := func() (uint32, error) { return r.findAppended(target, a, row.Size) }
		uid, err := find()
		if err == nil && uid == 0 && r.settle() {
			uid, err = find()
		}
		if err != nil {
			return err
		}
		if uid != 0 {
			return r.record([]store.Replayed{{ID: a.ID, UID: uid, UIDValidity: r.s.l.selected.UIDValidity}})
		}
	}
	usable, err := r.selectFor(a)
	if err != nil || !usable {
		return err
	}
	return r.carryOut(a.Kind, []store.Action{a})
}
