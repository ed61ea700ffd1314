package imap

import (
	"context"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// expunge removes just these from the selected mailbox. Without UIDPLUS a plain EXPUNGE is sent only
// when nothing else is marked \Deleted but what we have marked before, in this session or another: several moves that
// were begun and cut come here one by one, each to find the marks of all. Where others have marked something ours stay
// marked, for whoever expunges next. Taking our marks back would show what is moved in both mailboxes; taking theirs off
// for the moment of an EXPUNGE would lose them if we were killed in it.
func (r *replay) expunge(box store.MailboxID, uids []uint32) error {
	l := r.s.l
	exact := l.caps.Has(imap.CapUIDPlus)
	if !exact {
		if err := r.s.st.AddMarked(r.ctx, box, l.selected.UIDValidity, uids); err != nil {
			return r.s.local(err)
		}
	}
	if err := l.store(uidSet(uids), imap.StoreFlagsAdd, []imap.Flag{imap.FlagDeleted}, len(uids)); err != nil {
		return err
	}
	if exact {
		return l.expungeNow(uids)
	}
	return r.expungeMarked(box, uids)
}

// expungeMarked ends what we have marked \Deleted in the selected mailbox, as far as nothing else is marked there.
// wished are those whose wish is being carried out.
func (r *replay) expungeMarked(box store.MailboxID, wished []uint32) error {
	l := r.s.l
	validity := l.selected.UIDValidity
	found, err := l.search(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}})
	if err != nil {
		return err
	}
	marked := rangesOf(found)
	before, err := r.s.st.Marked(r.ctx, box, validity)
	if err != nil {
		return r.s.local(err)
	}
	ours := append(before, wished...)
	slices.Sort(ours)
	there := slices.DeleteFunc(slices.Compact(ours), func(u uint32) bool { return !marked.has(u) })
	alone := marked.count() == uint64(len(there)) // a server may claim that 1:4294967295 are
	if len(there) > 0 && (alone || l.caps.Has(imap.CapUIDPlus)) {
		if err := l.expungeNow(there); err != nil {
			return err
		}
		there = nil
	}
	// What the server has done is recorded even if ctx has ended meanwhile.
	return r.s.local(r.s.st.KeepMarked(context.WithoutCancel(r.ctx), box, validity, there))
}

// expungeNow expunges what is marked: only these where the server can.
func (l *link) expungeNow(uids []uint32) error {
	defer l.busy(int64(len(uids)) * itemAllowance)()
	if l.caps.Has(imap.CapUIDPlus) {
		return l.client.UIDExpunge(uidSet(uids)).Close()
	}
	return l.client.Expunge().Close()
}

// expungeLater looks, once in a session, at what was marked before and could not be expunged, because we were killed or
// others had marked something.
func (r *replay) expungeLater() error {
	boxes, err := r.s.st.MarkedMailboxes(r.ctx, r.s.id)
	if err != nil || len(boxes) == 0 {
		return r.s.local(err)
	}
	if err := r.readMailboxes(); err != nil {
		return err
	}
	for _, box := range boxes {
		if r.s.swept[box] {
			continue
		}
		usable, err := r.selectFor(store.Action{Mailbox: box})
		if err == nil && usable {
			err = r.expungeMarked(box, nil)
		}
		if _, refused := errors.AsType[*imap.Error](err); err != nil && !(refused && r.s.l.alive()) {
			return err
		}
		if usable {
			r.s.swept[box] = true
		}
	}
	return nil
}
