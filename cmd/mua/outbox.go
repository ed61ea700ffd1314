package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/account/agent"
	"mua/outbox"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
)

func newOutbox(a *app) *cobra.Command {
	cmd := switched(&cobra.Command{
		Use:   "outbox [list|show|flush|...]",
		Short: "Look at and steer what waits to be sent",
		Long: `The outbox holds every message until a server has taken responsibility for it.
Without a subcommand it lists what is not yet done.`,
		Example: `  mua outbox
  mua outbox show 7
  mua outbox flush`,
	}, "all", "everything, also what is done", a.outboxList)
	cmd.AddCommand(newOutboxList(a), newOutboxShow(a), newOutboxFlush(a), newOutboxRetry(a), newOutboxWait(a), newOutboxResolve(a), newOutboxEdit(a), newOutboxConfirm(a),
		a.outboxVerb("hold", "Keep items from being sent until released", "held", (*store.Store).Hold),
		a.outboxVerb("release", "Let held items go", "released", func(s *store.Store, ctx context.Context, id store.OutboxID) error {
			it, err := s.Item(ctx, id)
			if err != nil {
				return err
			}
			if it.State == store.Queued { // it was let go before: a rerun is no error
				return nil
			}
			if err := s.Release(ctx, id); err != nil {
				return err
			}
			a.hintNobody(ctx, s, it.AccountName)
			return nil
		}),
		a.outboxVerb("cancel", "Take items back; the text is kept as a draft", "cancelled", a.cancel()),
	)
	return cmd
}

func newOutboxList(a *app) *cobra.Command {
	return switched(&cobra.Command{
		Use: "list", Short: "List what is not yet done", Example: "  mua outbox list --all --json",
	}, "all", "everything, also what is done", a.outboxList)
}

// switched makes a command without arguments that has one switch.
func switched(cmd *cobra.Command, name, usage string, run func(ctx context.Context, on bool) error) *cobra.Command {
	on := cmd.Flags().Bool(name, false, usage)
	cmd.Args = usageArgs(cobra.NoArgs)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), *on) }
	return cmd
}

func (a *app) outboxList(ctx context.Context, all bool) error {
	a.reads = true
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	acct, err := a.storeAccount(ctx, s)
	if err != nil {
		return err
	}
	items, err := s.Items(ctx, all)
	if err != nil {
		return err
	}
	if err := a.tellMoved(ctx, s); err != nil && !errors.Is(err, store.ErrReadOnly) {
		return err
	}
	last := ""
	for _, it := range items {
		if acct != 0 && it.Account != acct {
			continue
		}
		why := a.describe(it, time.Now())
		if why == last && len(why) > longReason {
			why = "as the one above"
		} else {
			last = why
		}
		if err := a.printItemWith(it, why); err != nil {
			return err
		}
	}
	return nil
}

// longReason is how long what is said of an item may be, in octets, to be said again of the next one in a list.
const longReason = 40

// printItem prints one item: a line with what matters, then why it waits.
func (a *app) printItem(it store.Item) error {
	return a.printItemWith(it, a.describe(it, time.Now()))
}

func (a *app) printItemWith(it store.Item, why string) error {
	if a.json {
		return a.emit(a.itemJSON(it))
	}
	fmt.Fprintf(a.out, "%d\t%s\t%s\t%s\t%s\n", it.ID, it.State, it.AccountName, message.CleanLine(recipientsShown(it, 2)), message.CleanLine(it.Subject))
	_, err := fmt.Fprintf(a.out, "\t%s\n", message.CleanLine(why))
	return err
}

// recipientsShown names so many recipients, and counts the others.
func recipientsShown(it store.Item, most int) string {
	to := ""
	for i, r := range it.Recipients {
		if i == most && len(it.Recipients) > most+1 {
			return to + fmt.Sprintf(" and %d more", len(it.Recipients)-most)
		}
		if i > 0 {
			to += ", "
		}
		to += r.Addr
	}
	return to
}

func newOutboxShow(a *app) *cobra.Command {
	var raw bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Tell the whole story of an item", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Show tells who gets an item, every attempt with the server's words, how it stands
now, and ends with what one can do with it.`,
		Example: "  mua outbox show 7\n  mua outbox show 7 --raw > spooled.eml",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			a.reads = true
			s, ids, err := a.outboxItems(ctx, args)
			if err != nil {
				return err
			}
			if raw && len(ids) > 1 {
				return usagef("--raw gives one item's bytes, not those of %d", len(ids))
			}
			for _, id := range ids { // none when stdin named none
				if err := a.outboxShow(ctx, s, id, raw); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "the exact bytes that go on the wire")
	return cmd
}

func (a *app) outboxShow(ctx context.Context, s *store.Store, id store.OutboxID, raw bool) error {
	if raw {
		b, err := s.ItemRaw(ctx, id)
		if err != nil {
			return noItem(id, err)
		}
		return a.write("", "", b)
	}
	it, story, err := a.itemStory(ctx, s, id)
	if err != nil {
		return err
	}
	if err := a.tellMoved(ctx, s); err != nil {
		return err
	}
	if a.json {
		o := a.itemJSON(it)
		o.Story = story
		return a.emit(o)
	}
	head := []string{"From     " + it.From.Addr, "To       " + recipientsShown(it, 10), "Subject  " + it.Subject,
		fmt.Sprintf("State    %s (account %s)", it.State, it.AccountName)}
	lines := append(head, story...)
	if do := a.canDo(ctx, s, it); do != "" {
		lines = append(lines, do)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(a.out, message.CleanLine(line)); err != nil {
			return ioTrouble("cannot write to stdout", err)
		}
	}
	return nil
}

// itemStory reads an item and what happened to it, in words.
func (a *app) itemStory(ctx context.Context, s *store.Store, id store.OutboxID) (store.Item, []string, error) {
	it, err := s.Item(ctx, id)
	if err != nil {
		return it, nil, noItem(id, err)
	}
	attempts, err := s.Attempts(ctx, id)
	if err != nil {
		return it, nil, err
	}
	ledger := map[store.AttemptID][]store.RecipientResult{}
	for _, at := range attempts {
		if ledger[at.ID], err = s.AttemptLedger(ctx, at.ID); err != nil {
			return it, nil, err
		}
	}
	now := time.Now()
	story := outbox.Story(it, attempts, ledger, now)
	said, says := outbox.Describe(it, now), a.describe(it, now)
	last := len(story) - 1 // how it stands
	story[last] = strings.Replace(story[last], said, message.CleanLine(says).String(), 1)
	return it, story, nil
}

func noItem(id store.OutboxID, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no outbox item %d", id), Hint: "mua outbox list --all", Err: err}
	}
	return err
}

// outboxItems opens the store and reads item ids.
func (a *app) outboxItems(ctx context.Context, args []string) (*store.Store, []store.OutboxID, error) {
	words, err := a.idWords(args)
	if err != nil {
		return nil, nil, err
	}
	var ids []store.OutboxID
	for _, w := range words {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil || n <= 0 {
			return nil, nil, usagef("%q is not an outbox id", w)
		}
		ids = append(ids, store.OutboxID(n))
	}
	s, err := a.open(ctx)
	return s, ids, err
}

// outboxVerb is a command that does one thing to each item named.
func (a *app) outboxVerb(name, short, done string, do func(*store.Store, context.Context, store.OutboxID) error) *cobra.Command {
	return &cobra.Command{
		Use: name + " ID...", Short: short, Args: usageArgs(cobra.MinimumNArgs(1)),
		Example: "  mua outbox " + name + " 7",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, ids, err := a.outboxItems(cmd.Context(), args)
			if err != nil {
				return err
			}
			return a.eachItem(cmd.Context(), s, ids, done, do)
		},
	}
}

func (a *app) eachItem(ctx context.Context, s *store.Store, ids []store.OutboxID, done string, do func(*store.Store, context.Context, store.OutboxID) error) error {
	var errs []error
	for _, id := range ids {
		if err := do(s, ctx, id); err != nil && !a.isSo(ctx, s, id, done) {
			err = a.itemState(ctx, s, id, noItem(id, err))
			a.report(err)
			errs = append(errs, err)
			continue
		}
		if err := a.printDone(ctx, s, id, done); err != nil {
			return err
		}
	}
	if err := worst(errs...); err != nil {
		return statusError{exitStatus(err)}
	}
	return nil
}

// isSo reports whether an item is already what a command was to make of it: a rerun is no error.
func (a *app) isSo(ctx context.Context, s *store.Store, id store.OutboxID, done string) bool {
	it, err := s.Item(ctx, id)
	return err == nil && string(it.State) == done
}

// itemState says what state an item is in when a wish does not fit it, and what is likeliest to.
func (a *app) itemState(ctx context.Context, s *store.Store, id store.OutboxID, err error) error {
	if !errors.Is(err, store.ErrState) {
		return err
	}
	it, readErr := s.Item(ctx, id)
	if readErr != nil {
		return err
	}
	hint := ""
	if can := a.cans(it, true); len(can) > 0 {
		hint = fmt.Sprintf("mua outbox %s %d%s: %s", can[0].verb, id, can[0].rest, can[0].does)
	}
	return &account.Trouble{Kind: account.KindOther, Account: it.AccountName, What: fmt.Sprintf("item %d is %s: that is not possible now", id, it.State), Hint: hint, Err: err}
}

func (a *app) printDone(ctx context.Context, s *store.Store, id store.OutboxID, done string) error {
	if a.json {
		it, err := s.Item(ctx, id)
		if err != nil {
			return err
		}
		return a.emit(a.itemJSON(it))
	}
	_, err := fmt.Fprintf(a.out, "%d\t%s\n", id, done)
	return err
}

func newOutboxRetry(a *app) *cobra.Command {
	var failed bool
	cmd := &cobra.Command{
		Use: "retry ID...|--failed", Short: "Make items due now",
		Example: "  mua outbox retry 7\n  mua outbox retry --failed",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if failed == (len(args) > 0) {
				return usagef("give item ids, or --failed for all that failed")
			}
			s, ids, err := a.outboxItems(ctx, args)
			if err != nil {
				return err
			}
			if failed {
				if ids, err = failedItems(ctx, s); err != nil {
					return err
				}
			}
			return a.eachItem(ctx, s, ids, "due now", a.retry)
		},
	}
	cmd.Flags().BoolVar(&failed, "failed", false, "all items with refused recipients")
	return cmd
}

// retry makes an item due now. One that may have arrived is not sent again by the way.
func (a *app) retry(s *store.Store, ctx context.Context, id store.OutboxID) error {
	it, err := s.Item(ctx, id)
	if err != nil {
		return err
	}
	if it.State == store.Uncertain {
		return &account.Trouble{
			Kind: account.KindOther, Account: it.AccountName, What: fmt.Sprintf("item %d is uncertain: the server may have it already", id),
			Hint: fmt.Sprintf("mua outbox resolve %d --sent, or --retry to send it again", id),
		}
	}
	if err := s.Retry(ctx, id); err != nil {
		return err
	}
	if doubt := it.InDoubt(); len(doubt) > 0 {
		a.talk("not for %s, who may have item %d already → mua outbox resolve %d --sent, or --retry to send it again", message.CleanLine(strings.Join(doubt, ", ")), id, id)
	} else if may := it.MayHave(); len(may) > 0 {
		a.talk("the server may have item %d already for %s: sent again, it may arrive twice", id, message.CleanLine(strings.Join(may, ", ")))
	}
	a.hintNobody(ctx, s, it.AccountName)
	return nil
}

func failedItems(ctx context.Context, s *store.Store) ([]store.OutboxID, error) {
	items, err := s.Items(ctx, true)
	if err != nil {
		return nil, err
	}
	var ids []store.OutboxID
	for _, it := range items {
		if it.State == store.Failed || it.State == store.Partial && it.Waiting == outbox.WaitAnswer {
			ids = append(ids, it.ID)
		}
	}
	return ids, nil
}

func newOutboxWait(a *app) *cobra.Command {
	var timeout string
	cmd := &cobra.Command{
		Use: "wait ID...", Short: "Wait until the server has answered for every recipient", Args: usageArgs(cobra.MinimumNArgs(1)),
		Long: `Wait ends with 0 when accepted, 69 when refused or cancelled, 75 when still queued
(or uncertain) at the timeout, and at once when only a person can end it: held, in doubt,
a data folder to be confirmed. 78 when no account is configured that could send it.
Meanwhile it sends the item whenever it is due, should no other process do so.`,
		Example: "  mua outbox wait 7 --timeout 2m",
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := flagDuration("timeout", timeout)
			if err != nil {
				return err
			}
			s, ids, err := a.outboxItems(cmd.Context(), args)
			if err != nil {
				return err
			}
			return a.waitItems(cmd.Context(), s, ids, d)
		},
	}
	cmd.Flags().StringVar(&timeout, "timeout", "", "give up after `D` (default: never)")
	return cmd
}

func (a *app) waitItems(ctx context.Context, s *store.Store, ids []store.OutboxID, d time.Duration) error {
	if d > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	var errs []error
	for _, id := range ids {
		if err := a.waitItem(ctx, s, id); errors.Is(err, store.ErrNotFound) {
			return noItem(id, err)
		} else if err != nil {
			a.talk("%s", asTrouble(err).Error())
		}
		it, err := s.Item(context.WithoutCancel(ctx), id)
		if err != nil {
			return err
		}
		if err := a.printItem(it); err != nil {
			return err
		}
		switch {
		case it.State == store.Sent:
		case refused(it) || it.State == store.Cancelled:
			errs = append(errs, a.itemTrouble(it, account.KindRefused))
		default:
			errs = append(errs, a.stillOpen(it))
		}
	}
	return worst(errs...)
}

// waitItem waits for an item's answer and tries it whenever it is due, should
// nobody else do so.
func (a *app) waitItem(ctx context.Context, s *store.Store, id store.OutboxID) error {
	it, err := s.Item(ctx, id)
	if err != nil {
		return err
	}
	c, err := a.conf()
	if err != nil {
		return a.waitFor(ctx, s, id, nil)
	}
	acct, ok := c.Account(it.AccountName)
	if !ok || acct.Outgoing == nil {
		return a.waitFor(ctx, s, id, nil)
	}
	return a.waitFor(ctx, s, id, func(left time.Duration) error {
		_, err := agent.Deliver(ctx, a.agentOptions(c, s), acct, id, left)
		return notOurs(err)
	})
}

func newOutboxResolve(a *app) *cobra.Command {
	var sent, retry bool
	cmd := &cobra.Command{
		Use: "resolve ID --sent|--retry", Short: "Settle an uncertain item", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `An item is uncertain when the connection was lost after the final dot: the server
may or may not have it. Say --sent when you know that it arrived, --retry to send
the same message (same Message-ID) again. Of one that was given up for others the text
is then kept in Drafts, for them.`,
		Example: "  mua outbox resolve 7 --sent",
		RunE: func(cmd *cobra.Command, args []string) error {
			if sent == retry {
				return usagef("say --sent or --retry")
			}
			s, ids, err := a.outboxItems(cmd.Context(), args)
			if err != nil {
				return err
			}
			return a.eachItem(cmd.Context(), s, ids, "resolved", func(s *store.Store, ctx context.Context, id store.OutboxID) error {
				var err error
				if sent {
					err = outbox.TakeAsSent(ctx, s, id, outbox.DecidedSent, compose.ForTheRestOf(s))
				} else {
					err = s.Resolve(ctx, id, false, outbox.DecidedAgain)
				}
				if err != nil {
					return err
				}
				if it, err := s.Item(ctx, id); err == nil && it.State == store.Queued { // again, or for those deferred
					a.hintNobody(ctx, s, it.AccountName)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&sent, "sent", false, "it arrived")
	cmd.Flags().BoolVar(&retry, "retry", false, "send it again")
	return cmd
}
