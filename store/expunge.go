package store

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// ExpungeRemote records that the server no longer has these UIDs: copies are
// tombstoned for 30 days. A copy with pending wishes was deleted by somebody
// else meanwhile: that is journaled as a conflict. But a copy whose move was already given for replay
// was probably moved by us and the answer lost: it waits in the target for its UID
// (SetSyncState ends the wait). Returns how many copies vanished for the person.
func (s *Store) ExpungeRemote(ctx context.Context, m MailboxID, uids []uint32) (removed int, err error) {
	return s.ExpungeMoved(ctx, m, uids, -1)
}

// ExpungeMoved is ExpungeRemote where since was the last message when it was certain that the server had them: a copy that
// is new since then in another mailbox shows that another client has moved the message there. It keeps its id and its
// pending wishes.
func (s *Store) ExpungeMoved(ctx context.Context, m MailboxID, uids []uint32, since MessageID) (removed int, err error) {
	hit := make([]bool, len(uids))
	var of *txn
	var plain map[uint32]copyState
	err = s.writeEach(ctx, len(uids), func(t *txn, i int) (err error) {
		hit[i] = false
		if t != of {
			if plain, err = t.unwished(m, uids[i:], since); err != nil {
				return err
			}
			of = t
		}
		if k, ok := plain[uids[i]]; ok {
			hit[i] = true
			delete(plain, uids[i])
			k.leaveServer()
			return t.endBy(&k, byServer)
		}
		k, err := t.copyAt(m, uids[i])
		if err != nil || k == nil {
			return err
		}
		n, err := t.movedTo(k, 0, since)
		if err != nil {
			return err
		}
		hit[i], err = t.expungeTo(k, n, "deleted by another client")
		return err
	})
	for _, h := range hit {
		if h {
			removed++
		}
	}
	return removed, err
}

// unwished finds at once those copies under UIDs of m that are what the server showed: nobody has ever wished anything of
// them, and nothing that is new since then has their Message-ID. They are most of what another client removes.
func (t *txn) unwished(m MailboxID, uids []uint32, since MessageID) (map[uint32]copyState, error) {
	if since < 0 {
		since = math.MaxInt64
	}
	list, err := t.copies(`server_mailbox = ?1 AND server_uid IN (SELECT value FROM json_each(?2)) AND mailbox = ?1 AND state = 0
		AND NOT EXISTS (SELECT 1 FROM action WHERE message = message.id)
		AND NOT EXISTS (SELECT 1 FROM message n WHERE n.header_id = message.header_id AND n.id > ?3 AND n.id <> message.id)`, m, toJSON(uids), since)
	if err != nil {
		return nil, err
	}
	out := make(map[uint32]copyState, len(list))
	for _, k := range list {
		out[k.uid] = k
	}
	return out, nil
}

// expunge takes a copy off its server, which no longer has it.
func (t *txn) expunge(k *copyState, why string) (removed bool, err error) {
	return t.expungeTo(k, nil, why)
}

// expungeTo is expunge of a copy that another client may have moved, so that it is now n.
func (t *txn) expungeTo(k, n *copyState, why string) (removed bool, err error) {
	if err := t.notMoved(k); err != nil {
		return false, err
	}
	wishes, err := t.wishes(k.id)
	if err != nil {
		return false, err
	}
	if n != nil && k.state == here {
		return false, t.follow(k, n, wishes)
	}
	lost, deleting, again, how := false, false, false, byServer
	for i := range wishes {
		a := &wishes[i]
		moved := a.kind == ActionMove && a.given != 0
		if moved {
			ended, err := t.isLocal(a.target)
			if err != nil {
				return false, err
			}
			if ended { // it went with its mailbox, which another client has deleted
				moved = false
				if k.mailbox != a.target && k.content != 0 {
					how = toRescue
				}
			}
		}
		switch {
		case a.kind == ActionDelete: // fulfilled by whomever
			if err := t.closeAction(a.id, done, "", k); err != nil {
				return false, err
			}
			deleting = true
		case deleting && a.kind == ActionAppend: // the deletion was taken back after it was handed out
			again = true
		case a.kind == ActionFlags && k.state == gone: // nobody misses it
			if err := t.closeAction(a.id, done, "", k); err != nil {
				return false, err
			}
		case moved:
			return false, t.presumeMoved(k, a, wishes)
		default:
			lost = true
			words := fmt.Sprintf("%s while %s was pending here", why, wishWords(a))
			if err := t.closeAction(a.id, contradicted, words, k); err != nil {
				return false, err
			}
		}
	}
	k.leaveServer()
	if again {
		return false, t.savePlace(k)
	}
	local, err := t.isLocal(k.mailbox)
	if err != nil {
		return false, err
	}
	if deleting && n != nil {
		box, err := mailbox(t.ctx, t.tx, n.mailbox)
		if err != nil {
			return false, err
		}
		return false, errors.Join(t.savePlace(k), t.overtaken(k, box))
	}
	if deleting && k.state != here {
		return false, t.endBy(k, byBoth)
	}
	if k.state != here || local && (deleting || !lost) { // kept here, off the server
		return false, t.savePlace(k)
	}
	if err := t.dropBlocked(k.id); err != nil {
		return false, err
	}
	return true, t.endBy(k, how)
}

// presumeMoved takes a move whose answer was lost for done. What a pull that ended early has seen in the target since then
// is this message; else the target's pull will tell (dropUnseen).
func (t *txn) presumeMoved(k *copyState, a *actionRow, wishes []actionRow) error {
	n, err := t.movedTo(k, a.target, a.given-1)
	if err != nil {
		return err
	}
	if n != nil {
		return t.follow(k, n, wishes)
	}
	err = t.run(`UPDATE action SET state = ?, given = 1 + (SELECT max(id) FROM message) WHERE id = ?`, presumed, a.id)
	if err != nil {
		return err
	}
	k.serverMailbox, k.uid, k.detached, k.awaiting = a.target, 0, false, 1
	return t.savePlace(k)
}

// notMoved makes a wish again of a move that was presumed done and was not, unless the person wishes otherwise since.
func (t *txn) notMoved(k *copyState) error {
	if k.uid != 0 {
		return nil
	}
	err := t.run(`UPDATE action SET state = 'pending', given = 0 WHERE message = ?1 AND state = ?2
		AND NOT EXISTS (SELECT 1 FROM action WHERE message = ?1 AND state = 'pending' AND kind <> 'flags')`, k.id, presumed)
	if err != nil {
		return err
	}
	return t.moveKnown(k)
}

// moveKnown forgets that a move of k was presumed done.
func (t *txn) moveKnown(k *copyState) error {
	return t.run(`DELETE FROM action WHERE message = ? AND state = ?`, k.id, presumed)
}

// dropBlocked forgets wishes of a copy that wait for an outbox item.
func (t *txn) dropBlocked(id MessageID) error {
	return t.run(`DELETE FROM action WHERE message = ? AND state = 'pending' AND blocked_by IS NOT NULL`, id)
}

// outcome of a wish.
type outcome string

const (
	done         outcome = "done"         // the server has it so; the row goes
	refused      outcome = "refused"      // the server said no
	contradicted outcome = "contradicted" // somebody else did otherwise meanwhile
	presumed     outcome = "presumed"     // a move that is done for all we know; given: 1 + the last message then
)

// closeAction ends a wish. Refused and contradicted ones stay as the journal of conflicts, with words for the reader.
func (t *txn) closeAction(id ActionID, o outcome, words string, k *copyState) error {
	if o == done {
		return t.run(`DELETE FROM action WHERE id = ?`, id)
	}
	return t.run(`UPDATE action SET state = ?, ended = ?, words = ?, remote = ? WHERE id = ?`, o, t.now, words, k.serverJSON(), id)
}

func wishWords(a *actionRow) string {
	switch a.kind {
	case ActionMove:
		return "a move"
	case ActionAppend:
		return "its upload"
	case ActionCopy:
		return "its copying"
	case ActionDelete:
		return "its deletion"
	}
	return "a change of flags"
}

// DetachUIDs forgets all UIDs of a mailbox because UIDVALIDITY changed; copies wait for AddRemote to adopt them.
func (s *Store) DetachUIDs(ctx context.Context, m MailboxID) error {
	return s.write(ctx, func(t *txn) error {
		if err := t.run(`DELETE FROM marked WHERE mailbox = ?`, m); err != nil { // by UID, too
			return err
		}
		return t.run(`UPDATE message SET server_uid = NULL, modseq = 0, detached = 1 WHERE server_mailbox = ? AND server_uid IS NOT NULL`, m)
	})
}

// CountDetached counts the copies that DropDetached would end. What only waits to be put on the server is not among them.
func (s *Store) CountDetached(ctx context.Context, m MailboxID) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM message WHERE server_mailbox = ? AND server_uid IS NULL AND detached = 1`, m).Scan(&n)
	})
	return n, err
}

// DropDetached tombstones copies that DetachUIDs left and no AddRemote adopted; their wishes go to the journal. One that
// another client has moved (ExpungeMoved says what since is) follows with its wishes.
func (s *Store) DropDetached(ctx context.Context, m MailboxID, since MessageID) (removed int, err error) {
	err = s.write(ctx, func(t *txn) error {
		removed = 0
		list, err := t.copies(`server_mailbox = ? AND server_uid IS NULL AND detached = 1`, m)
		if err != nil {
			return err
		}
		for i := range list {
			n, err := t.movedTo(&list[i], 0, since)
			if err != nil {
				return err
			}
			ok, err := t.expungeTo(&list[i], n, "gone when the server numbered the mailbox anew")
			if err != nil {
				return err
			}
			if ok {
				removed++
			}
		}
		return nil
	})
	return removed, err
}

// dropUnseen ends the wait of copies that we put into mailbox m and that completed pulls do not show.
func (t *txn) dropUnseen(m MailboxID) error {
	const patience = 2 // completed pulls
	err := t.run(`UPDATE message SET awaiting = awaiting + 1 WHERE server_mailbox = ? AND server_uid IS NULL AND awaiting > 0`, m)
	if err != nil {
		return err
	}
	if err := t.dropPresumed(m); err != nil {
		return err
	}
	list, err := t.copies(`server_mailbox = ? AND server_uid IS NULL AND awaiting > ?`, m, patience)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].state == here {
			if err := t.journalLoss(&list[i], "not found on the server after it was put there"); err != nil {
				return err
			}
		}
		if _, err := t.expunge(&list[i], "gone from the server"); err != nil {
			return err
		}
	}
	return nil
}

// dropPresumed ends the wait of copies whose move into m was presumed done and that a completed pull of m does not show.
// Another client has taken them elsewhere, where they are wished away from again, or has deleted them.
func (t *txn) dropPresumed(m MailboxID) error {
	list, err := t.copies(`server_mailbox = ? AND server_uid IS NULL AND EXISTS (SELECT 1 FROM action WHERE message = message.id AND state = ?)`, m, presumed)
	if err != nil {
		return err
	}
	for i := range list {
		k := &list[i]
		var given MessageID
		if err := t.row(`SELECT given FROM action WHERE message = ? AND state = ?`, k.id, presumed).Scan(&given); err != nil {
			return err
		}
		n, err := t.movedTo(k, 0, given-1)
		if err != nil {
			return err
		}
		if _, err := t.expungeTo(k, n, "deleted by another client"); err != nil {
			return err
		}
	}
	return nil
}

// journalLoss notes a conflict that no pending wish stands for.
func (t *txn) journalLoss(k *copyState, words string) error {
	grp, err := t.newGroup("adopt", false)
	if err != nil {
		return err
	}
	return t.run(`INSERT INTO action(grp, account, message, kind, target, base, local, remote, state, created, ended, words)
		VALUES (?,?,?,'move',?,?,?,'','contradicted',?,?,?)`, grp, k.account, k.id, null(k.mailbox), k.serverJSON(), k.localJSON(), t.now, t.now, words)
}
