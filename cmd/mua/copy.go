package main

import (
	"context"

	"github.com/spf13/cobra"

	"mua/store"
)

func newCopy(a *app) *cobra.Command {
	var to where
	cmd := &cobra.Command{
		Use: "copy --to MAILBOX ID...|-", Short: "Copy messages to a mailbox of their account, or of another one", Args: usageArgs(cobra.MinimumNArgs(1)),
		Long: `Copy makes a copy of each message in another mailbox (or the same one), here at
once and on the server with the next sync. With --json it prints the copies.`,
		Example: "  mua copy --to Projects 12 13\n  mua copy --to Archive --to-account home 12",
		RunE: func(cmd *cobra.Command, args []string) error {
			if to.mailbox == "" {
				return usagef("say where to: --to MAILBOX")
			}
			return a.copyTo(cmd.Context(), args, to)
		},
	}
	to.flags(cmd)
	return cmd
}

func (a *app) copyTo(ctx context.Context, args []string, to where) error {
	s, ids, err := a.messageIDs(ctx, args)
	if err != nil || len(ids) == 0 {
		return err
	}
	targets, err := a.targetsOf(ctx, s, ids, to, "Nothing was copied")
	if err != nil {
		return err
	}
	out, err := s.CopyEach(ctx, ids, targets)
	if err != nil {
		return err
	}
	made := make([]store.MessageID, 0, len(out.Made))
	for _, id := range out.Made {
		if id != 0 {
			made = append(made, id)
		}
	}
	if !a.json {
		a.talk("copied %s", counted(len(made), "message", "messages"))
		return nil
	}
	for _, id := range made {
		row, err := s.Row(ctx, id)
		if err != nil {
			return err
		}
		if err := a.emit(newMessageJSON(row)); err != nil {
			return err
		}
	}
	return nil
}
