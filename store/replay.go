package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// pendingAction is a wish with what is needed to hand it out.
type pendingAction struct {
	Action
	given   MessageID // as actionRow has it
	uid     sql.NullInt64
	onBox   sql.NullInt64 // server mailbox
	target  sql.NullInt64
	content sql.NullInt64
	movedTo sql.NullInt64                    // the message in another account that it was moved to
	flags   Flags                            // the copy's, as seen here; of a copy: those of what is copied
	words   string                           // its keywords, JSON
	source  struct{ uid, box sql.NullInt64 } // what is copied, on the server
}

// HasWishes tells whether anything is pending for an account's server, possible now or not.
func (s *Store) HasWishes(ctx context.Context, a AccountID) (some bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM action WHERE account = ?1 AND state = 'pending' AND blocked_by IS NULL)
			OR EXISTS (SELECT 1 FROM mailbox_wish WHERE account = ?1 AND state = 'pending')`, a).Scan(&some)
	})
	return some, err
}

// PendingActions lists what is to be replayed for an account: flags first, then what moves, deletes
// and appends, each in the order wished; blocked ones are left out. Per message at most one action that
// changes its place is given at a time: finish it and ask again, until nothing comes. A wish whose
// copy has no known UID on the server waits, unless it is an append. For an append, Mailbox is where to
// put it and Add and AddKeywords are the flags to give. What was handed out is not collapsed with later wishes.
func (s *Store) PendingActions(ctx context.Context, a AccountID) (out []Action, err error) {
	if some, err := s.Replayable(ctx, a); err != nil || len(some) == 0 {
		return nil, err
	}
	err = s.write(ctx, func(t *txn) error {
		list, err := t.replayable(a)
		if err != nil {
			return err
		}
		out = make([]Action, 0, len(list))
		for i := range list {
			if err := t.give(&list[i]); err != nil {
				return err
			}
			out = append(out, list[i].Action)
		}
		return nil
	})
	return out, err
}

// Replayable tells what PendingActions would list. It hands nothing out and writes nothing: whoever asks on every change of the
// store would wake itself.
func (s *Store) Replayable(ctx context.Context, a AccountID) (ids []ActionID, err error) {
	err = s.reading(ctx, func(conn *sql.Conn) error {
		mark, err := markWishes(short(ctx), conn, a)
		if err != nil || mark.free == 0 || s.idle.still(a, mark) {
			return err
		}
		var some bool
		err = conn.QueryRowContext(short(ctx), `SELECT EXISTS (SELECT 1 FROM action a WHERE account = ? AND state = 'pending' AND blocked_by IS NULL AND `+notCarrying+`)`, a).Scan(&some)
		if err == nil && !some {
			s.idle.note(a, mark)
		}
		if err != nil || !some {
			return err
		}
		list, err := (&txn{s: s, tx: conn, ctx: ctx}).replayable(a)
		for i := range list {
			ids = append(ids, list[i].ID)
		}
		return err
	})
	return ids, err
}

// replayable picks what can be replayed now, in order.
func (t *txn) replayable(a AccountID) ([]pendingAction, error) {
	all, err := t.pendingActions(a)
	if err != nil {
		return nil, err
	}
	list, err := mailboxesOnServer(t.ctx, t.tx, a)
	if err != nil {
		return nil, err
	}
	boxes := make(map[MailboxID]*Mailbox, len(list))
	for i := range list {
		boxes[list[i].ID] = &list[i]
	}
	placed := map[MessageID]bool{}
	var out []pendingAction
	for _, p := range all {
		if p.Kind == ActionDelete && p.movedTo.Valid { // not before it is where it was moved to
			if ok, err := t.stored(MessageID(p.movedTo.Int64)); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
		}
		place := p.Kind != ActionFlags
		if place && placed[p.Message] {
			continue
		}
		placed[p.Message] = placed[p.Message] || place
		if p.resolve(boxes) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(x, y pendingAction) int { return x.phase() - y.phase() })
	return out, nil
}

// phase orders what is replayed: flags and copies while the UID is still the old one.
func (p *pendingAction) phase() int {
	switch p.Kind {
	case ActionFlags:
		return 0
	case ActionCopy: // while what is copied is where it was
		return 1
	}
	return 2
}

// resolve fills in mailboxes and UID as the server has them now; false when the wish must wait.
func (p *pendingAction) resolve(boxes map[MailboxID]*Mailbox) bool {
	usable := func(id MailboxID) bool { return boxes[id] != nil && !boxes[id].Local }
	p.Target = MailboxID(p.target.Int64)
	if p.Kind == ActionCopy && (!p.source.uid.Valid || !usable(MailboxID(p.source.box.Int64))) {
		p.Kind = ActionAppend // the server does not have it elsewhere, or not yet
	}
	switch p.Kind {
	case ActionCopy:
		p.Mailbox, p.UID = MailboxID(p.source.box.Int64), uint32(p.source.uid.Int64)
		if p.onBox.Valid || !usable(p.Target) {
			return false
		}
	case ActionAppend:
		p.Mailbox = p.Target
		if p.onBox.Valid || !p.content.Valid || !usable(p.Target) {
			return false
		}
	default:
		p.Mailbox, p.UID = MailboxID(p.onBox.Int64), uint32(p.uid.Int64)
		if !p.uid.Valid || !usable(p.Mailbox) || p.Kind == ActionMove && !usable(p.Target) {
			return false
		}
	}
	p.MailboxName = boxes[p.Mailbox].Name
	if p.Target != 0 {
		p.TargetName = boxes[p.Target].Name
	}
	return true
}

// notCarrying leaves out the deletions that wait for an upload to another account: there may be thousands, and they are asked
// for with every message that has come there. stored looks at the rest.
const notCarrying = `NOT (a.kind = 'delete' AND EXISTS (SELECT 1 FROM message f JOIN action u ON u.message = f.moved_to
	WHERE f.id = a.message AND u.state = 'pending' AND u.kind = 'append'))`

func (t *txn) pendingActions(a AccountID) ([]pendingAction, error) {
	rows, err := t.query(`SELECT a.id, a.grp, a.kind, a.message, a.target, a.add_flags, a.remove_flags, a.add_keywords, a.remove_keywords, a.given, a.tries,
		m.server_mailbox, m.server_uid, m.content, m.header_id, m.size, m.received, m.flags, m.keywords, m.moved_to,
		EXISTS (SELECT 1 FROM message f WHERE f.moved_to = m.id AND f.state = 2), o.server_mailbox, o.server_uid, o.flags, o.keywords
		FROM action a JOIN message m ON m.id = a.message LEFT JOIN message o ON o.id = m.copy_of WHERE a.account = ? AND a.state = 'pending' AND a.blocked_by IS NULL
		AND `+notCarrying+` ORDER BY a.id`, a)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []pendingAction
	for rows.Next() {
		var p pendingAction
		var add, remove string
		var received int64
		var origin sql.NullInt64
		var originWords sql.NullString
		err := rows.Scan(&p.ID, &p.Group, &p.Kind, &p.Message, &p.target, &p.Add, &p.Remove, &add, &remove, &p.given, &p.Tries,
			&p.onBox, &p.uid, &p.content, &p.HeaderID, &p.Size, &received, &p.flags, &p.words, &p.movedTo, &p.Carried, &p.source.box, &p.source.uid, &origin, &originWords)
		if err != nil {
			return nil, err
		}
		if p.Kind == ActionCopy && p.source.uid.Valid {
			p.flags, p.words = Flags(origin.Int64), originWords.String
		}
		p.AddKeywords, p.RemoveKeywords, p.Received = fromJSON[string](add), fromJSON[string](remove), time.UnixMilli(received)
		out = append(out, p)
	}
	return out, rows.Err()
}

// give notes that a wish is handed out: from now on it is not changed. An append takes the flags of now along, a copy
// those of what is copied.
func (t *txn) give(p *pendingAction) error {
	if (p.Kind == ActionAppend || p.Kind == ActionCopy) && p.given == 0 {
		p.Add, p.AddKeywords = p.flags, fromJSON[string](p.words)
	}
	return t.run(`UPDATE action SET given = CASE given WHEN 0 THEN 1 + (SELECT coalesce(max(id), 0) FROM message) ELSE given END,
		tries = tries + 1, add_flags = ?, add_keywords = ? WHERE id = ?`, p.Add, toJSON(p.AddKeywords), p.ID)
}

// ReturnActions takes back wishes that were handed out and not tried: they may be changed again. What was handed out
// before that too may have been carried out then, and its answer lost: that stays as it is.
func (s *Store) ReturnActions(ctx context.Context, ids []ActionID) error {
	return s.writeEach(ctx, len(ids), func(t *txn, i int) error {
		return t.run(`UPDATE action SET given = CASE WHEN tries <= 1 THEN 0 ELSE given END, tries = max(tries - 1, 0)
			WHERE id = ? AND state = 'pending'`, ids[i])
	})
}

// FinishActions records outcomes. A refused wish is reverted here and journaled as a conflict. Outcomes of
// wishes that are settled already are passed over.
func (s *Store) FinishActions(ctx context.Context, done []Replayed) error {
	return s.writeEach(ctx, len(done), func(t *txn, i int) error { return t.finish(done[i]) })
}

func (t *txn) finish(r Replayed) error {
	var id MessageID
	err := t.row(`SELECT message FROM action WHERE id = ? AND state = 'pending'`, r.ID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	k, err := t.anyCopy(id)
	if err != nil {
		return err
	}
	wishes, err := t.wishes(id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(wishes, func(a actionRow) bool { return a.id == r.ID })
	if i < 0 {
		return nil // blocked: never handed out
	}
	if r.Refused != "" {
		return t.refuse(&k, &wishes[i], r.Refused)
	}
	if err := t.closeAction(r.ID, done, "", &k); err != nil {
		return err
	}
	return t.fulfil(&k, &wishes[i], r)
}

// fulfil brings the server's side of a copy to what a wish has done there.
func (t *txn) fulfil(k *copyState, a *actionRow, r Replayed) error {
	switch a.kind {
	case ActionFlags:
		if k.serverMailbox == 0 {
			return nil
		}
		k.serverFlags, k.serverKeywords = a.apply(k.serverFlags, k.serverKeywords)
		_, err := t.overlay(k)
		return err
	case ActionDelete:
		k.leaveServer()
		return t.savePlace(k)
	case ActionAppend, ActionCopy:
		k.serverFlags, k.serverKeywords = a.add, a.addKeywords
		if err := t.saveFlags(k); err != nil {
			return err
		}
	}
	if r.Mailbox != 0 {
		return t.arriveElsewhere(k, a, r)
	}
	if err := t.arrive(k, a.target, r); err != nil || a.kind != ActionCopy {
		return err
	}
	return t.settle(k, a.grp) // the flags of what was copied came along
}

// arriveElsewhere is arrive of what another client has moved on since: there it is, unless a person wishes otherwise.
func (t *txn) arriveElsewhere(k *copyState, a *actionRow, r Replayed) error {
	if k.state == here && k.mailbox == a.target {
		k.mailbox = r.Mailbox
	}
	if err := t.arrive(k, r.Mailbox, r); err != nil {
		return err
	}
	if err := t.touch(k.id); err != nil {
		return err
	}
	return t.settle(k, a.grp)
}

// Alone tells whether no other message has, or had, the bytes of this one, for all that is here of it.
func (s *Store) Alone(ctx context.Context, id MessageID) (alone bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM message m JOIN message o ON o.content = m.content
				WHERE m.id = ?1 AND o.id <> m.id)
			AND NOT EXISTS (SELECT 1 FROM message m JOIN message o ON o.header_id = m.header_id AND o.size = m.size AND o.content IS NULL
				WHERE m.id = ?1 AND o.id <> m.id)`, id).Scan(&alone)
	})
	return alone, err
}

// AwaitedLike counts the other messages that are here and for all we know in mailbox m on the server, under UIDs that are not
// known yet, with the Message-ID and size of this one.
func (s *Store) AwaitedLike(ctx context.Context, id MessageID, m MailboxID) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM message m JOIN message o ON o.server_mailbox = ?2 AND o.server_uid IS NULL
			AND o.header_id = m.header_id AND o.size = m.size AND o.state = 0 AND o.id <> m.id WHERE m.id = ?1`, id, m).Scan(&n)
	})
	return n, err
}

// arrive puts the server's side of a copy into a mailbox, under the UID the server told or to wait for it.
func (t *txn) arrive(k *copyState, box MailboxID, r Replayed) error {
	var validity uint32
	if err := t.row(`SELECT uidvalidity FROM mailbox WHERE id = ?`, box).Scan(&validity); err != nil {
		return err
	}
	moved := k.serverMailbox != 0
	k.serverMailbox, k.uid, k.detached, k.awaiting = box, 0, false, 1
	if r.UID != 0 && validity != 0 && (r.UIDValidity == validity || r.UIDValidity == 0) {
		k.uid, k.awaiting = r.UID, 0
		other, err := t.copyAt(box, r.UID)
		if err != nil {
			return err
		}
		if other != nil && other.id != k.id { // pulled before we knew that it is ours
			if moved {
				wishes, err := t.wishes(k.id)
				if err != nil {
					return err
				}
				return t.follow(k, other, wishes)
			}
			other.leaveServer()
			if err := t.end(other); err != nil {
				return err
			}
			if err := t.run(`DELETE FROM action WHERE message = ? AND state = 'pending'`, other.id); err != nil {
				return err
			}
		}
	}
	return t.savePlace(k)
}

// Landed lists the UIDs in mailbox m that a pull has found there since a wish was handed out first, and that nobody has
// moved or deleted since: what was wished may have been done, and be one of them.
func (s *Store) Landed(ctx context.Context, id ActionID, m MailboxID) (uids []uint32, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT server_uid FROM message WHERE server_mailbox = ?1 AND server_uid IS NOT NULL AND mailbox = ?1 AND state = 0
			AND id >= (SELECT given FROM action WHERE id = ?2)
			AND `+leftAlone, m, id)
		if err != nil {
			return err
		}
		uids, err = collect[uint32](rows)
		return err
	})
	return uids, err
}

// refuse takes a wish back that the server did not grant.
func (t *txn) refuse(k *copyState, a *actionRow, words string) error {
	if err := t.closeAction(a.id, refused, refusalWords(a)+" was refused: "+words, k); err != nil {
		return err
	}
	if a.kind == ActionAppend {
		if back, err := t.notCarried(k, a); err != nil || back {
			return err
		}
	}
	switch {
	case a.kind == ActionFlags:
		_, err := t.overlay(k)
		return err
	case a.kind == ActionCopy: // the original is where it was
		return t.end(k)
	case a.kind == ActionAppend: // stays here, on no server
		return t.run(`DELETE FROM action WHERE message = ? AND state = 'pending' AND blocked_by IS NULL`, k.id)
	}
	rest, err := t.wishes(k.id)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(rest, func(x actionRow) bool { return x.location() }) {
		return t.settle(k, a.grp) // the person has wished something else since
	}
	k.state = here
	if k.serverMailbox != 0 {
		k.mailbox = k.serverMailbox
	}
	if err := t.savePlace(k); err != nil {
		return err
	}
	return t.touch(k.id)
}

func refusalWords(a *actionRow) string {
	switch a.kind {
	case ActionMove:
		return "the move"
	case ActionAppend:
		return "the upload"
	case ActionCopy:
		return "the copy"
	case ActionDelete:
		return "the deletion"
	}
	return fmt.Sprintf("the change of flags (+%v -%v)", append(a.add.Names(), a.addKeywords...), append(a.remove.Names(), a.dropKeywords...))
}
