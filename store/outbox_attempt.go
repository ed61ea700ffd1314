package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// letterSize is up to how many octets an item is read in the transaction that claims it.
const letterSize = 64 << 10

// Claimed is an item taken for an attempt.
type Claimed struct {
	Item    Item
	Attempt AttemptID
	Wire    []byte // the bytes to send; nil for large ones: ItemRaw reads them
}

// Claim takes the next due item (or the given one, due or not, when id is not 0) of an account into
// state sending and opens an attempt; nil when nothing is due. The caller holds the flush lock.
func (s *Store) Claim(ctx context.Context, a AccountID, id OutboxID, host string) (*Claimed, error) {
	var c *claiming
	err := s.writeKnown(ctx, func(t *txn) (err error) {
		c, err = s.claim(t, a, id, host)
		return err
	}, func(ctx context.Context) (open bool, err error) {
		if c == nil {
			return true, nil
		}
		err = s.pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM attempt t JOIN outbox o ON o.id = t.item
			WHERE t.id = ? AND o.id = ? AND t.ended IS NULL AND o.state = 'sending' AND o.owner = ?)`,
			c.Attempt, c.Item.ID, owner()).Scan(&open)
		return open, err
	})
	if err != nil || c == nil {
		return nil, err
	}
	s.mark.write(c.spool, c.mark)
	return &c.Claimed, nil
}

// claiming is a claim not yet committed, with the mark that goes with it.
type claiming struct {
	Claimed
	spool string
	mark  int64
}

// owner names this process in a claim.
func owner() string { return fmt.Sprintf("pid %d", os.Getpid()) }

// claim takes an item within a transaction; nil when nothing is due.
func (s *Store) claim(t *txn, a AccountID, id OutboxID, host string) (*claiming, error) {
	found, err := t.due(a, id)
	if err != nil || found == 0 {
		return nil, err
	}
	c := &claiming{}
	if c.Item, err = s.item(t.ctx, t.tx, found); err != nil {
		return nil, err
	}
	if err := t.run(`UPDATE outbox SET state = 'sending', owner = ? WHERE id = ?`, owner(), found); err != nil {
		return nil, err
	}
	n, err := t.insert(`INSERT INTO attempt(item, started, host) VALUES (?, ?, ?)`, found, t.now, host)
	if err != nil {
		return nil, err
	}
	c.Item.State, c.Attempt = Sending, AttemptID(n)
	if c.Item.Size <= letterSize { // read here, a letter costs no transaction of its own
		if c.Wire, err = s.wire(t.ctx, t.tx, found); err != nil {
			c.Wire = nil // ItemRaw will say why
		}
	}
	c.spool, c.mark, err = t.nextMark()
	return c, err
}

// due finds what Claim takes, or 0.
func (t *txn) due(a AccountID, id OutboxID) (found OutboxID, err error) {
	if id != 0 {
		err = t.row(`SELECT id FROM outbox WHERE id = ? AND account = ? AND state = 'queued'`, id, a).Scan(&found)
	} else {
		err = t.row(`SELECT id FROM outbox WHERE account = ? AND state = 'queued' AND due <= ? ORDER BY due, id LIMIT 1`, a, t.now).Scan(&found)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return found, err
}

// DotPending commits that the final dot is about to be written, and what RCPT said so far of those it did
// not accept: should the answer to the dot be lost, they are not in doubt.
func (s *Store) DotPending(ctx context.Context, at AttemptID, soFar ...RecipientResult) error {
	var spool string
	var mark int64
	err := s.writeKnown(ctx, func(t *txn) error {
		var item OutboxID
		var err error
		if spool, mark, err = t.nextMark(); err != nil { // what is copied before this must not send it
			return err
		}
		err = t.row(`UPDATE attempt SET dot = ? WHERE id = ? AND ended IS NULL RETURNING item`, t.now, at).Scan(&item)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("attempt %d is not open: %w", at, ErrState)
		}
		if err != nil || len(soFar) == 0 {
			return err
		}
		return t.recordRecipients(item, AttemptResult{Attempt: at, Recipients: soFar, NoAttempt: true})
	}, func(ctx context.Context) (done bool, err error) {
		err = s.pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM attempt WHERE id = ? AND dot IS NOT NULL)`, at).Scan(&done)
		return done, err
	})
	if err == nil {
		s.mark.write(spool, mark)
	}
	return err
}

// nextMark counts the spool's mark up; "" while nobody has asked where the spool lives.
func (t *txn) nextMark() (spool string, mark int64, err error) {
	err = t.row(`UPDATE spool SET mark = mark + 1 RETURNING id, mark`).Scan(&spool, &mark)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return spool, mark, err
}

// EndAttempt records an attempt's result and everything that follows from it in one transaction: as soon
// as the server has accepted the message for anyone, the Sent copy becomes visible and the blocked wishes
// are released. ErrState when the attempt has ended already.
func (s *Store) EndAttempt(ctx context.Context, r AttemptResult) error {
	_, err := s.end(ctx, r, nil)
	return err
}

// EndAndClaim is EndAttempt, and Claim of the account's next due item, in one commit; nil when nothing is due.
func (s *Store) EndAndClaim(ctx context.Context, r AttemptResult, a AccountID, host string) (*Claimed, error) {
	c, err := s.end(ctx, r, func(t *txn) (*claiming, error) { return s.claim(t, a, 0, host) })
	if err != nil || c == nil {
		return nil, err
	}
	s.mark.write(c.spool, c.mark)
	return &c.Claimed, nil
}

func (s *Store) end(ctx context.Context, r AttemptResult, next func(*txn) (*claiming, error)) (c *claiming, err error) {
	draft, err := s.keptDraft(ctx, r)
	if err != nil {
		return nil, err
	}
	err = s.writeKnown(ctx, func(t *txn) (err error) {
		if c, err = nil, t.endAttempt(r, draft); err == nil && next != nil {
			c, err = next(t)
		}
		return err
	}, func(ctx context.Context) (done bool, err error) {
		err = s.pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM attempt t JOIN outbox o ON o.id = t.item
			WHERE t.id = ? AND t.ended IS NOT NULL AND t.outcome = ? AND o.state = ?)`, r.Attempt, r.Outcome, r.State).Scan(&done)
		return done, err
	})
	return c, err
}

// keptDraft makes the draft that an item leaves which is given up; nil when none is asked for, or it has one.
func (s *Store) keptDraft(ctx context.Context, r AttemptResult) (*columns, error) {
	if !r.KeepDraft {
		return nil, nil
	}
	var item OutboxID
	err := s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT item FROM attempt WHERE id = ?`, r.Attempt).Scan(&item)
	})
	if err != nil {
		return nil, err
	}
	it, err := s.Item(ctx, item)
	if err != nil || it.KeptDraft != 0 { // given up before, and tried again since
		return nil, err
	}
	for _, x := range r.Recipients { // not recorded yet
		if i := slices.IndexFunc(it.Recipients, func(y Recipient) bool { return y.Addr == x.Addr && y.State != Accepted }); i >= 0 {
			it.Recipients[i].State = x.State
		}
	}
	return s.textOf(ctx, it, r.Rewrite)
}

func (t *txn) endAttempt(r AttemptResult, draft *columns) error {
	var item OutboxID
	err := t.row(`UPDATE attempt SET ended = ?, outcome = ? WHERE id = ? AND ended IS NULL RETURNING item`, t.now, r.Outcome, r.Attempt).Scan(&item)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("attempt %d is not open: %w", r.Attempt, ErrState)
	}
	if err != nil {
		return err
	}
	if err := t.recordRecipients(item, r); err != nil {
		return err
	}
	if err := t.recordItem(item, r); err != nil {
		return err
	}
	if draft != nil {
		if err := t.keepDraft(item, draft); err != nil {
			return err
		}
	}
	return t.releaseAccepted(item, r)
}

// keepDraft keeps the text of an item in Drafts, to be sent anew.
func (t *txn) keepDraft(item OutboxID, c *columns) error {
	var a AccountID
	if err := t.row(`SELECT account FROM outbox WHERE id = ?`, item).Scan(&a); err != nil {
		return err
	}
	grp, err := t.newGroup("draft", false)
	if err != nil {
		return err
	}
	id, err := t.insertDraft(a, c, grp)
	if err != nil {
		return err
	}
	if err := t.tell(item, keptAs(id)); err != nil {
		return err
	}
	return t.run(`UPDATE outbox SET draft = ? WHERE id = ?`, id, item)
}

// keptAs tells in an item's story which draft was made of it; one written on since is another message.
func keptAs(draft MessageID) string {
	return fmt.Sprintf("given up: the text is kept as draft %d", draft)
}

func (t *txn) recordRecipients(item OutboxID, r AttemptResult) error {
	count := 1
	if r.NoAttempt {
		count = 0
	}
	if err := t.run(`DELETE FROM attempt_recipient WHERE attempt = ?`, r.Attempt); err != nil { // what DotPending noted
		return err
	}
	for i, x := range r.Recipients {
		err := t.run(`INSERT INTO attempt_recipient(attempt, seq, addr, state, code, enhanced, text) VALUES (?,?,?,?,?,?,?)`,
			r.Attempt, i, x.Addr, x.State, x.Code, x.Enhanced, x.Text)
		if err != nil {
			return err
		}
		err = t.run(`UPDATE recipient SET state = ?, code = ?, enhanced = ?, text = ?, attempts = attempts + ? WHERE item = ? AND addr = ? AND state <> 'accepted'`,
			x.State, x.Code, x.Enhanced, x.Text, count, item, x.Addr)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) recordItem(item OutboxID, r AttemptResult) error {
	deferred := slices.ContainsFunc(r.Recipients, func(x RecipientResult) bool { return x.State == Deferred })
	count := 1
	if r.NoAttempt {
		count = 0
	}
	next := ms(r.NextAttempt)
	err := t.run(`UPDATE outbox SET state = ?1, next_attempt = ?2, waiting = ?3, last_error = ?4, attempts = attempts + ?5,
		first_deferral = CASE WHEN ?6 THEN coalesce(first_deferral, ?7) ELSE first_deferral END,
		due = max(coalesce(?2, ?7), coalesce(not_before, 0)),
		ended = CASE WHEN ?1 IN ('sent', 'partial', 'failed') THEN ?7 END WHERE id = ?8`,
		r.State, next, r.Waiting, r.LastError, count, deferred, t.now, item)
	return err
}

// releaseAccepted lets go what waits for acceptance, when somebody's copy was accepted: in an
// earlier attempt that was done then.
func (t *txn) releaseAccepted(item OutboxID, r AttemptResult) error {
	some := slices.ContainsFunc(r.Recipients, func(x RecipientResult) bool { return x.State == Accepted })
	if !some && r.State != Sent && r.State != Partial {
		return nil
	}
	return t.accepted(item)
}

// Attempts is the item's story, oldest first.
func (s *Store) Attempts(ctx context.Context, id OutboxID) ([]Attempt, error) {
	return s.attempts(ctx, `item = ? ORDER BY id`, id)
}

// Orphans lists items left sending by a dead process with their open attempt. The caller holds the flush lock.
func (s *Store) Orphans(ctx context.Context, a AccountID) ([]Attempt, error) {
	return s.attempts(ctx, `ended IS NULL AND item IN (SELECT id FROM outbox WHERE state = 'sending' AND account = ?) ORDER BY id`, a)
}

func (s *Store) attempts(ctx context.Context, where string, args ...any) (out []Attempt, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		rows, err := q.QueryContext(ctx, `SELECT id, item, started, ended, host, dot IS NOT NULL, outcome FROM attempt WHERE `+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x Attempt
			var started, ended sql.NullInt64
			if err := rows.Scan(&x.ID, &x.Item, &started, &ended, &x.Host, &x.DotPending, &x.Outcome); err != nil {
				return err
			}
			x.Started, x.Ended = at(started), at(ended)
			out = append(out, x)
		}
		return rows.Err()
	})
	return out, err
}

// AttemptLedger lists the outcome per recipient of one attempt.
func (s *Store) AttemptLedger(ctx context.Context, id AttemptID) (out []RecipientResult, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		rows, err := q.QueryContext(ctx, `SELECT addr, state, code, enhanced, text FROM attempt_recipient WHERE attempt = ? ORDER BY seq`, id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r RecipientResult
			if err := rows.Scan(&r.Addr, &r.State, &r.Code, &r.Enhanced, &r.Text); err != nil {
				return err
			}
			out = append(out, r)
		}
		return rows.Err()
	})
	return out, err
}

// SetWaiting records why an account's due items wait (network, login, …) without touching their attempts.
func (s *Store) SetWaiting(ctx context.Context, a AccountID, why, words string) error {
	return s.write(ctx, func(t *txn) error {
		return t.run(`UPDATE outbox SET waiting = ?, last_error = ? WHERE account = ? AND state = 'queued' AND due <= ?`, why, words, a, t.now)
	})
}

// later is the later of two optional times as stored.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
