package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"mua/store"
	"mua/store/message"
)

func newUndo(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "undo", Short: "Take back the last action and say what that did", Args: usageArgs(cobra.NoArgs),
		Long: `Undo takes back the last action: flags, moves, copies, deletes, what was done to
mailboxes, and what was cancelled in the outbox, unless its text was written on, sent
or deleted since; again, the one before. It works after a restart, and also when the
server has carried the action out already: then the inverse is wished.

What was imported stays, and so does the mailbox that was made for it: mua delete takes
messages away. mua outbox edit is not undone: its text is there to be written on.`,
		Example: "  mua undo",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.revise(cmd.Context(), "undone", a.undo)
		},
	}
}

// undo takes back the last action, and says so when nothing sends what has come back into the outbox by it.
func (a *app) undo(s *store.Store, ctx context.Context) (string, error) {
	before, err := s.Items(ctx, false)
	if err != nil {
		return "", err
	}
	did, err := s.Undo(ctx)
	if err != nil {
		return "", err
	}
	after, err := s.Items(ctx, false)
	if err != nil {
		return "", err
	}
	for _, it := range after {
		if it.State == store.Queued && !slices.ContainsFunc(before, func(b store.Item) bool { return b.ID == it.ID }) {
			a.hintNobody(ctx, s, it.AccountName)
			break
		}
	}
	return did, nil
}

func newRedo(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "redo", Short: "Do again what undo took back, and say what that did", Args: usageArgs(cobra.NoArgs),
		Long: `Redo does again what mua undo took back last, as long as nothing else has been
done since.`,
		Example: "  mua undo && mua redo",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.revise(cmd.Context(), "redone", (*store.Store).Redo)
		},
	}
}

func (a *app) revise(ctx context.Context, key string, do func(*store.Store, context.Context) (string, error)) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	did, err := do(s, ctx)
	if err != nil {
		return err
	}
	if a.json {
		err = a.emit(map[string]string{key: did})
	} else {
		_, err = fmt.Fprintln(a.out, message.CleanLine(did))
	}
	if err != nil { // to run it again would take back more
		return ioTrouble(fmt.Sprintf("it is %s: %s; but stdout cannot be written", key, message.CleanLine(did)), err)
	}
	return nil
}
