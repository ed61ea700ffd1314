package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"mua/store"
	"mua/store/message"
)

func newUndo(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "undo", Short: "Take back the last action and say what that did", Args: usageArgs(cobra.NoArgs),
		Long: `Undo takes back the last action: flags, moves, copies, deletes, and what was done
to mailboxes; again, the one before. It works after a restart, and also when the
server has carried the action out already: then the inverse is wished.

What was imported stays, and so does the mailbox that was made for it: mua delete takes
messages away. What was cancelled in the outbox stays so, too: its text is in Drafts, and
mua send --from-draft sends it.`,
		Example: "  mua undo",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.revise(cmd.Context(), "undone", (*store.Store).Undo)
		},
	}
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
		return a.emit(map[string]string{key: did})
	}
	_, err = fmt.Fprintln(a.out, message.CleanLine(did))
	return err
}
