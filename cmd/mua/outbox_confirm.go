package main

import (
	"github.com/spf13/cobra"

	"mua/store"
)

func newOutboxConfirm(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "confirm", Short: "Let a copied or restored outbox send", Args: usageArgs(cobra.NoArgs),
		Long: `A data folder that was copied, or restored from a backup, may hold messages that
were sent since from where it came from. So nothing leaves it by itself. Look at
what waits (mua outbox list), cancel what was sent, then confirm: from then on
this data folder is the one that sends.`,
		Example: "  mua outbox list\n  mua outbox cancel 7\n  mua outbox confirm",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			why, err := s.Moved(ctx)
			if err != nil {
				return err
			}
			if why == "" {
				a.talk("there was nothing to confirm: this outbox sends as it is")
				return nil
			}
			if err := s.Confirm(ctx); err != nil {
				return ioTrouble("the outbox could not be confirmed", err)
			}
			n, err := s.OutboxCounts(ctx)
			if err != nil {
				return err
			}
			a.talk("confirmed: %s can be sent from here now (mua outbox flush)", counted(n[store.Queued], "message", "messages"))
			return nil
		},
	}
}
