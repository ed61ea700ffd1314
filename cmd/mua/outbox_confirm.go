package main

import (
	"context"

	"github.com/spf13/cobra"

	"mua/store"
)

// tellMoved says that nothing leaves an outbox which may be a copy.
func (a *app) tellMoved(ctx context.Context, s *store.Store) error {
	why, err := s.Moved(ctx)
	if err == nil && why != "" {
		a.talk("%s: nothing is sent from here → mua outbox confirm", why)
	}
	return err
}

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
