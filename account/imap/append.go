package imap

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

// append puts one message into a mailbox on the server, unless it is there.
func (r *replay) append(a store.Action) error {
	mb, ok := r.mbs[a.Mailbox]
	if !ok || mb.Local || mb.NoSelect {
		return nil // it has no place on the server yet
	}
	raw, err := r.s.st.Raw(r.ctx, a.Message)
	if err != nil {
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrNoBody) {
			return r.record([]store.Replayed{{ID: a.ID, Refused: "the message is no longer here"}})
		}
		return r.s.local(err)
	}
	raw = crlf(raw)
	uid, err := r.findAppended(mb, a, int64(len(raw)))
	if err == nil && uid == 0 && a.Tries > 0 && r.settle() {
		uid, err = r.findAppended(mb, a, int64(len(raw)))
	}
	if err == nil && uid == 0 && a.Tries > 0 && !r.sought {
		r.sought = true
		if found, err := r.movedOn(a, raw); err != nil || found != nil {
			return cmp.Or(err, r.record(found))
		}
	}
	if err != nil {
		return err
	}
	flags := toServer(a.Add, a.AddKeywords)
	if uid != 0 {
		if err := r.s.l.store(uidSet([]uint32{uid}), imap.StoreFlagsAdd, flags, 1); err != nil && !r.s.l.alive() {
			return err
		}
		return r.record([]store.Replayed{{ID: a.ID, UID: uid, UIDValidity: r.s.l.selected.UIDValidity}})
	}
	data, err := r.s.l.append(mb.Name, flags, a, raw)
	if e, ok := errors.AsType[*imap.Error](err); ok {
		return r.appendRefused(a, e)
	}
	if err != nil {
		return err
	}
	return r.record([]store.Replayed{{ID: a.ID, UID: uint32(data.UID), UIDValidity: data.UIDValidity}})
}

// movedOn finds a message whose APPEND was not answered, and which is not where it was to be put, in the mailboxes into which
// something has come since they were pulled: another client may have moved it on. The bytes must be the same, and nothing
// else here have them: it might be that which was moved. Only one APPEND can have been under way when a connection was lost,
// and this is done once in a replay.
func (r *replay) movedOn(a store.Action, raw []byte) ([]store.Replayed, error) {
	if alone, err := r.s.st.Alone(r.ctx, a.Message); err != nil || !alone || int64(len(raw)) > r.s.o.MaxMessage {
		return nil, r.s.local(err)
	}
	list, err := r.s.mailboxes()
	if err != nil {
		return nil, err
	}
	for _, mb := range slices.SortedFunc(maps.Values(r.mbs), func(x, y store.Mailbox) int { return cmp.Compare(x.ID, y.ID) }) {
		i := slices.IndexFunc(list, func(x listed) bool { return x.Name == mb.Name })
		if mb.ID == a.Mailbox || mb.Local || mb.NoSelect || mb.Sync.UIDNext == 0 || i < 0 || list[i].status == nil ||
			list[i].status.UIDValidity != mb.Sync.UIDValidity || uint32(list[i].status.UIDNext) <= mb.Sync.UIDNext {
			continue
		}
		uid, err := r.sameIn(mb, a, raw)
		if _, refused := errors.AsType[*imap.Error](err); refused && r.s.l.alive() {
			continue
		}
		if err != nil {
			return nil, err
		}
		if uid != 0 {
			return []store.Replayed{{ID: a.ID, UID: uid, UIDValidity: mb.Sync.UIDValidity, Mailbox: mb.ID}}, nil
		}
	}
	return nil, nil
}

// sameIn finds the same bytes among what has come into a mailbox since it was pulled; 0: they are not there.
func (r *replay) sameIn(mb store.Mailbox, a store.Action, raw []byte) (uint32, error) {
	l, size := r.s.l, int64(len(raw))
	sel, err := l.examine(mb.Name)
	if err != nil || sel.UIDValidity != mb.Sync.UIDValidity {
		return 0, err
	}
	found, err := r.likely(a, size)
	if err != nil {
		return 0, err
	}
	hits := slices.DeleteFunc(found.list(100), func(uid uint32) bool { return uid < mb.Sync.UIDNext })
	if len(hits) == 0 {
		return 0, nil
	}
	l.guard.SetLiteral(r.s.o.MaxMessage + literalSlack)
	msgs, err := l.fetch(uidSet(hits), wantList, len(hits), 0, 0).wait()
	if err != nil {
		return 0, err
	}
	for _, m := range msgs {
		if m.size != size || m.flags.Has(store.Deleted) {
			continue
		}
		whole, err := l.fetch(uidSet([]uint32{m.uid}), wantWhole, 1, size, 0).wait()
		if err != nil {
			return 0, err
		}
		if len(whole) == 1 && bytes.Equal(whole[0].raw, raw) {
			return m.uid, nil
		}
	}
	return 0, nil
}

// settle waits, once in a replay, for an APPEND of an earlier session that may still be under way: what was
// on the wire when its connection was lost reaches the server whatever becomes of us. false: it has waited before, or
// the context has ended.
func (r *replay) settle() bool {
	if r.settled {
		return false
	}
	r.settled = true
	select {
	case <-time.After(r.s.o.Settle):
		return true
	case <-r.ctx.Done():
		return false
	}
}

// appendRefused records a refusal. go-imap gives the connection up when a literal is refused.
func (r *replay) appendRefused(a store.Action, e *imap.Error) error {
	if temporary(e) {
		return e
	}
	if err := r.record(refusals([]store.Action{a}, e)); err != nil {
		return err
	}
	if r.s.l.alive() {
		return nil
	}
	return r.s.reconnect(r.ctx)
}

// findAppended looks for the message in the mailbox: an append whose answer was lost, or a server
// that files what is sent by itself. In a mailbox for sent mail the Message-ID alone counts, elsewhere the
// size too: a draft keeps its Message-ID when it changes. What has no Message-ID is known by size and header. The mailbox is created when it is missing.
func (r *replay) findAppended(mb store.Mailbox, a store.Action, size int64) (uid uint32, err error) {
	l := r.s.l
	sel, err := l.open(mb.Name, false)
	if e, ok := errors.AsType[*imap.Error](err); ok && l.alive() && (missing(e) || e.Code == "") && r.create(mb.Name) {
		sel, err = l.open(mb.Name, false)
	}
	if _, refused := errors.AsType[*imap.Error](err); refused && l.alive() {
		return 0, nil // the APPEND will tell why
	}
	if err != nil {
		return 0, err
	}
	if sel.NumMessages == 0 || a.Carried && a.Tries == 0 { // the same from elsewhere is another one, and may be what goes then
		return 0, nil
	}
	found, err := r.likely(a, size)
	if err != nil {
		if _, refused := errors.AsType[*imap.Error](err); refused && l.alive() {
			return 0, nil // a server that cannot search
		}
		return 0, err
	}
	hits := found.list(100)
	if len(hits) == 0 {
		return 0, nil
	}
	if hits, err = r.unclaimed(mb, a, hits); err != nil || len(hits) == 0 {
		return 0, err
	}
	if mb.Role == store.RoleSent && !r.begun(a) && !a.Carried {
		return hits[len(hits)-1], nil
	}
	w, ours := wantList, []byte(nil)
	if a.HeaderID == "" { // a size alone is no proof
		w = wantHeader
		l.guard.SetLiteral(r.s.o.MaxMessage + literalSlack)
		if ours, err = r.s.st.Header(r.ctx, a.Message); err != nil {
			return 0, r.s.local(err)
		}
		ours = crlf(ours[:min(len(ours), maxHeader)])
	}
	msgs, err := l.fetch(uidSet(hits), w, len(hits), size*int64(len(hits)), 0).wait()
	if err != nil {
		return 0, err
	}
	same := 0
	for _, m := range msgs {
		if m.flags.Has(store.Deleted) && (r.begun(a) || !a.Add.Has(store.Deleted)) { // whoever expunges next takes it away: another copy, or as good as none
			continue
		}
		if m.size == size && (w == wantList || sameHeader(m.header, ours)) {
			uid, same = max(uid, m.uid), same+1
		}
	}
	if uid != 0 && a.Carried {
		if awaited, err := r.s.st.AwaitedLike(r.ctx, a.Message, mb.ID); err != nil || same <= awaited { // those are there, and not this one
			return 0, r.s.local(err)
		}
	}
	return uid, nil
}

// likely are the messages of the selected mailbox that may be a's: by Message-ID, else by size.
func (r *replay) likely(a store.Action, size int64) (ranges, error) {
	if a.HeaderID != "" {
		return r.s.l.byMessageID(a.HeaderID)
	}
	set, err := r.s.l.search(&imap.SearchCriteria{Larger: size - 1, Smaller: size + 1})
	return rangesOf(set), err
}

// sameHeader compares headers, with the empty line that ends them or without.
func sameHeader(a, b []byte) bool {
	n := min(len(a), len(b))
	return n > 0 && bytes.Equal(a[:n], b[:n]) && len(bytes.TrimSpace(a[n:])) == 0 && len(bytes.TrimSpace(b[n:])) == 0
}

// unclaimed leaves out the UIDs that belong to other copies here; but not to those that a pull has made of what a COPY
// brought whose answer was lost.
func (r *replay) unclaimed(mb store.Mailbox, a store.Action, hits []uint32) ([]uint32, error) {
	if r.s.l.selected.UIDValidity != mb.Sync.UIDValidity {
		return hits, nil
	}
	copies, err := r.s.st.RemoteCopies(r.ctx, mb.ID)
	if err != nil {
		return nil, r.s.local(err)
	}
	other := make(map[uint32]bool, len(copies))
	for _, c := range copies {
		other[c.UID] = c.Message != a.Message
	}
	if r.begun(a) {
		landed, err := r.s.st.Landed(r.ctx, a.ID, mb.ID)
		if err != nil {
			return nil, r.s.local(err)
		}
		for _, u := range landed {
			delete(other, u)
		}
	}
	kept := hits[:0]
	for _, u := range hits {
		if !other[u] {
			kept = append(kept, u)
		}
	}
	return kept, nil
}

// append is APPEND (RFC 9051 6.3.12).
func (l *link) append(mailbox string, flags []imap.Flag, a store.Action, raw []byte) (*imap.AppendData, error) {
	if int64(len(raw)) > maxAppends {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: fmt.Sprintf("%d octets are too many to append", len(raw))}
	}
	defer l.busy(0)()
	cmd := l.client.Append(mailbox, int64(len(raw)), &imap.AppendOptions{Flags: flags, Time: a.Received})
	_, writeErr := cmd.Write(raw)
	closeErr := cmd.Close()
	data, err := cmd.Wait()
	if err == nil && (writeErr != nil || closeErr != nil) {
		err = &account.Trouble{Kind: account.KindTemporary, Account: l.acct, Host: l.host, What: l.host + " did not take the message", Err: errors.Join(writeErr, closeErr)}
	}
	return data, err
}

// crlf gives bare LF and CR the line end that IMAP wants; a sound message is returned as it is.
func crlf(raw []byte) []byte {
	sound := true
	for i, c := range raw {
		if c == '\n' && (i == 0 || raw[i-1] != '\r') || c == '\r' && (i+1 == len(raw) || raw[i+1] != '\n') {
			sound = false
			break
		}
	}
	if sound {
		return raw
	}
	out := make([]byte, 0, len(raw)+len(raw)/32)
	for i, c := range raw {
		switch {
		case c == '\n' && (i == 0 || raw[i-1] != '\r'), c == '\r' && (i+1 == len(raw) || raw[i+1] != '\n'):
			out = append(out, "\r\n"...)
		default:
			out = append(out, c)
		}
	}
	return out
}
