package ui

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
	"mua/ui/keys"
)

// askBounce asks to whom a message is passed on as it is (RFC 5322 3.6.6), and spools it.
func (u *App) askBounce(r row) {
	list := u.identities()
	i := chooseIdentity(list, mail.Address{}, r.AccountName)
	if len(list) == 0 || list[i].account.Outgoing == nil {
		u.oops("bounce", &account.Trouble{Kind: account.KindConfig, What: "no account that can send is set up"})
		return
	}
	from := list[i]
	u.readBook()
	u.prompt("Pass on to:", "", &u.bounces, u.completeAddresses, func(p *prompt, answer string) {
		if strings.TrimSpace(answer) == "" {
			p.close()
			return
		}
		to, err := compose.ParseAddresses(answer)
		if err != nil {
			bad := placed(err)
			p.fail(bad.column, bad.words)
			return
		}
		p.close()
		u.bounce(r, from, to)
	})
}

// bounce spools a message for others.
func (u *App) bounce(r row, from identity, to []message.Address) {
	p := posting{account: from.account, now: u.now()}
	u.pump.Serial(func(ctx context.Context) func() {
		id, err := p.bounce(ctx, u.o, r.ID, compose.Draft{From: from.addr, To: to})
		return func() {
			switch {
			case errors.Is(err, store.ErrNoBody):
				u.say("The text of this message is not here yet; %s fetches it", u.keys.Key(keys.Sync, keys.Global))
			case err != nil:
				u.oops("bounce", err)
			default:
				u.spooled(nil, id, p, r.Subject)
			}
		}
	})
}

func (p posting) bounce(ctx context.Context, o Options, id store.MessageID, d compose.Draft) (store.OutboxID, error) {
	raw, err := o.Store.Raw(ctx, id)
	if err != nil {
		return 0, err
	}
	f, err := compose.Resend(raw, &d, p.now)
	if err != nil {
		return 0, err
	}
	return p.spool(ctx, o, f)
}

// completeAddresses completes the last address of a list from those that are known.
func (u *App) completeAddresses(ctx context.Context, s string) []string {
	head, token := lastToken(s)
	token = strings.Trim(token, ` "<`)
	if token == "" {
		return nil
	}
	list, err := u.book.Known(ctx, token, offered)
	if err == nil && len(list) == 0 { // the cards may be new, or not read yet
		u.book.Refresh(ctx)
		list, err = u.book.Known(ctx, token, offered)
	}
	if err != nil {
		return nil
	}
	var out []string
	for _, a := range list {
		out = append(out, head+compose.FormatAddresses([]message.Address{clean(a.Contact)}))
	}
	return out
}
