package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// boxStep is what a group changed of a mailbox.
type boxStep struct {
	mailbox      MailboxID
	kind         MailboxKind
	name, target string
}

func boxSteps(ctx context.Context, q querier, grp GroupID, order string) ([]boxStep, error) {
	rows, err := q.QueryContext(ctx, `SELECT mailbox, kind, name, target FROM mailbox_step WHERE grp = ?`+order, grp)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []boxStep
	for rows.Next() {
		var x boxStep
		if err := rows.Scan(&x.mailbox, &x.kind, &x.name, &x.target); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// undoBoxes takes back what was done to mailboxes.
func (u *undoing) undoBoxes(t *txn, steps []boxStep, grp GroupID) error {
	inverse := map[MailboxKind]MailboxKind{MailboxCreate: MailboxDelete, MailboxDelete: MailboxCreate, MailboxRename: MailboxRename,
		MailboxSubscribe: MailboxUnsubscribe, MailboxUnsubscribe: MailboxSubscribe}
	back := make([]boxStep, len(steps))
	for i, x := range steps {
		back[i] = boxStep{x.mailbox, inverse[x.kind], x.target, x.name}
	}
	return u.redoBoxes(t, back, grp)
}

// redoBoxes does steps to mailboxes. What is not possible any more is told, and stays as it is.
func (u *undoing) redoBoxes(t *txn, steps []boxStep, grp GroupID) error {
	for _, x := range steps {
		err := u.box(t, x, grp)
		if errors.Is(err, ErrState) || errors.Is(err, ErrName) || errors.Is(err, ErrTaken) || errors.Is(err, ErrNotEmpty) {
			u.refuse(err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// refuse notes what is not possible any more, to be told.
func (u *undoing) refuse(err error) {
	u.refused = append(u.refused, strings.TrimSuffix(err.Error(), ": "+ErrState.Error()))
}

// box does one step to a mailbox. What is not possible fails before anything is written.
func (u *undoing) box(t *txn, x boxStep, grp GroupID) error {
	if x.kind == MailboxCreate {
		m, err := t.restore(grp, x.mailbox)
		if err != nil {
			return err
		}
		u.told = append(u.told, fmt.Sprintf("mailbox %s is there again", m.Name))
		return nil
	}
	m, err := mailbox(t.ctx, t.tx, x.mailbox)
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("the mailbox is not there any more: %w", ErrState)
	}
	if err != nil {
		return err
	}
	switch x.kind {
	case MailboxDelete:
		if err := t.drop(grp, m.ID); err != nil {
			return err
		}
		u.told = append(u.told, fmt.Sprintf("mailbox %s deleted", m.Name))
		return nil
	case MailboxRename:
		list, err := accountMailboxes(t.ctx, t.tx, m.Account)
		if err != nil {
			return err
		}
		if err := checkRename(list, m, x.target, m.Separator); err != nil {
			return err
		}
		u.told = append(u.told, fmt.Sprintf("mailbox %s renamed to %s", m.Name, x.target))
		return t.rename(grp, m, x.target)
	}
	on := x.kind == MailboxSubscribe
	u.told = append(u.told, fmt.Sprintf("subscription to %s %s", m.Name, map[bool]string{true: "on", false: "off"}[on]))
	return t.subscribe(grp, m, on)
}
