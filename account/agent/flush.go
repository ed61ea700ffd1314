package agent

import (
	"context"
	"errors"
	"os"
	"time"

	"mua/account"
	"mua/account/imap"
	"mua/outbox"
	"mua/outbox/compose"
	"mua/outbox/submit"
	"mua/store"
)

// afterDot is how long the answer to a written final dot is awaited although
// nobody has the patience for more: to leave then would make the message
// uncertain (RFC 5321 4.5.3.2.6).
const afterDot = 10 * time.Minute

// Flush tries everything due of one account. store.ErrLocked: another process
// flushes it. force tries even after a refused login.
func Flush(ctx context.Context, o Options, a *account.Account, force bool) (outbox.Summary, error) {
	return flush(ctx, o, a, force, nil)
}

// flush is Flush; down, when given, is why there is no use in asking the incoming server for what was sent.
func flush(ctx context.Context, o Options, a *account.Account, force bool, down error) (outbox.Summary, error) {
	f, err := flusher(ctx, o, a)
	if err != nil {
		return outbox.Summary{}, err
	}
	f.Force = force
	if find, ok := f.Finder.(*finder); ok {
		find.down = down
	}
	o.say(account.Status{Account: a.Name, Phase: account.Sending})
	sum, err := f.Flush(ctx)
	if o.Unattended && !errors.Is(err, store.ErrLocked) {
		err = errors.Join(err, o.Store.NoteFlush(context.WithoutCancel(ctx), f.AccountID))
	}
	return sum, err
}

// Deliver tries one item, due or not, for at most patience; what was not
// answered by then stays spooled. An item whose final dot is written is waited for.
func Deliver(ctx context.Context, o Options, a *account.Account, id store.OutboxID, patience time.Duration) (store.Item, error) {
	f, err := flusher(ctx, o, a)
	if err != nil {
		return store.Item{}, err
	}
	f.Grace = afterDot
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f.One(ctx, id)
}

func flusher(ctx context.Context, o Options, a *account.Account) (*outbox.Flusher, error) {
	if a.Outgoing == nil {
		return nil, &account.Trouble{
			Kind: account.KindConfig, Account: a.Name, What: "the account has no outgoing server",
			Hint: "add outgoing = \"smtps://…\" to [account." + a.Name + "]",
		}
	}
	id, err := o.Store.EnsureAccount(ctx, a.Name)
	if err != nil {
		return nil, err
	}
	f := &outbox.Flusher{
		Store: o.Store, Account: a, AccountID: id, Now: o.now,
		Submitter: submit.Submitter{Wire: o.Wire}, Retry: outbox.DefaultSchedule(),
		Changed: configured(o.Config),
		Rewrite: compose.ForTheRestOf(o.Store),
	}
	if a.Incoming != nil && a.Incoming.Protocol == account.IMAP {
		f.Finder = &finder{o: o, a: a}
	}
	return f, nil
}

// configured is when the configuration last changed; zero when there is no file.
func configured(c *account.Config) time.Time {
	st, err := os.Stat(c.Path)
	if err != nil {
		return time.Time{}
	}
	return st.ModTime()
}

// finder looks for a sent message over a connection of its own.
type finder struct {
	o    Options
	a    *account.Account
	down error // why that is not even tried; nil: it is
}

// FindSent implements outbox.SentFinder.
func (f *finder) FindSent(ctx context.Context, messageID string) (int, error) {
	if f.down != nil {
		return 0, f.down
	}
	s, err := imap.Open(ctx, f.a, f.o.Store, imap.Options{Wire: f.o.Wire, MaxMessage: f.o.Config.MaxMessage})
	if err != nil {
		return 0, err
	}
	defer s.Close() //nolint:errcheck // nothing was written
	return s.FindSent(ctx, messageID)
}
