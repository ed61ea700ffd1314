package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// OnServer is a mailbox as its server has it now: while a rename waits to be carried out, under the name that it has there.
// ErrNotFound when it is still to be made.
func (s *Store) OnServer(ctx context.Context, a AccountID, id MailboxID) (Mailbox, error) {
	list, err := s.MailboxesOnServer(ctx, a)
	if err != nil {
		return Mailbox{}, err
	}
	if i := slices.IndexFunc(list, func(m Mailbox) bool { return m.ID == id }); i >= 0 {
		return list[i], nil
	}
	return Mailbox{}, fmt.Errorf("mailbox %d is not on the server yet: %w", id, ErrNotFound)
}

// FindOnServer is FindMailbox that gives the mailbox as its server has it now. A name that none has here is looked for
// among the names there.
func (s *Store) FindOnServer(ctx context.Context, a AccountID, name string) (Mailbox, error) {
	m, err := s.FindMailbox(ctx, a, name)
	if err == nil {
		return s.OnServer(ctx, a, m.ID)
	}
	if !errors.Is(err, ErrNotFound) {
		return Mailbox{}, err
	}
	list, listErr := s.MailboxesOnServer(ctx, a)
	if listErr != nil {
		return Mailbox{}, listErr
	}
	if m, ok := MailboxNamed(list, name); ok {
		return m, nil
	}
	return Mailbox{}, err
}
