package main

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
)

// original is the message that another one answers or passes on.
type original struct {
	row store.Row
	raw []byte
	msg *message.Message
}

func newReply(a *app) *cobra.Command {
	var f sendFlags
	var all, list, noQuote bool
	cmd := &cobra.Command{
		Use:   "reply ID [flags]",
		Short: "Answer a message: the text is read from stdin",
		Long: `Reply sends an answer to a message, as the terminal does with r: to its author, with
--all to everybody it went to but yourself, with --list to its mailing list. The
text comes from --body, --body-file or stdin and stands above the quoted
original (--no-quote leaves that out); an empty one is refused, unless --body '' asks
for it or something is attached. The answer comes from the address that the
message was sent to; the message is marked answered once a server has taken the answer.
-t, -c and -b add recipients. Everything else is as with mua send.`,
		Example: `  echo 'Fine with me.' | mua reply 12
  mua reply 12 --all --no-quote --body-file minutes.txt -a slides.pdf
  mua reply 'mid:<abc@example.org>' --body 'Done.' --at 'tomorrow 8:00'`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			self, err := a.self()
			if err != nil {
				return err
			}
			return a.answer(cmd.Context(), args, f, func(o original) (*compose.Draft, error) {
				if list && !all && !compose.FromList(o.msg) {
					return nil, &account.Trouble{Kind: account.KindData, Account: o.row.AccountName,
						What: fmt.Sprintf("message %d comes from no mailing list that takes answers", o.row.ID),
						Hint: fmt.Sprintf("mua reply %d --all", o.row.ID)}
				}
				d := compose.Reply(o.msg, self, all, list)
				d.Answers = o.row.ID
				if noQuote {
					d.Text = ""
				}
				a.dropUnusable(d)
				return d, nil
			})
		},
	}
	fl := flagsOf(cmd, &f)
	fl.BoolVar(&all, "all", false, "answer everybody")
	fl.BoolVar(&list, "list", false, "answer the mailing list (with --all: everybody, when it came from none)")
	fl.BoolVar(&noQuote, "no-quote", false, "do not quote the message")
	f.people(fl, "the address that the message was sent to")
	f.content(fl)
	f.sending(fl)
	return cmd
}

func newForward(a *app) *cobra.Command {
	var f sendFlags
	var whole bool
	cmd := &cobra.Command{
		Use:   "forward ID -t TO [flags]",
		Short: "Forward a message: a text is read from stdin",
		Long: `Forward sends a message on to others, as the terminal does with f: its text and
attachments, or with --as-attachment the whole message as it is. A text of yours,
from --body, --body-file or stdin, stands above it. The message is marked forwarded
once a server has taken it. Everything else is as with mua send.`,
		Example: `  mua forward 12 -t bob@example.org --body 'For you.'
  mua forward 12 -t abuse@example.org --as-attachment --body ''`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(f.to)+len(f.cc)+len(f.bcc) == 0 && !f.draft:
				return noRecipient()
			case f.given("html") && !whole:
				return usagef("--html would hide the forwarded text: give --as-attachment with it")
			}
			return a.answer(cmd.Context(), args, f, func(o original) (*compose.Draft, error) {
				d := compose.Forward(o.msg, o.raw, whole)
				d.Forwards = o.row.ID
				return d, nil
			})
		},
	}
	fl := flagsOf(cmd, &f)
	fl.BoolVar(&whole, "as-attachment", false, "attach the whole message as it is")
	f.people(fl, "the address that the message was sent to")
	f.content(fl)
	fl.StringVar(&f.inReplyTo, "in-reply-to", "", "this answers the message with that `MSGID`")
	f.sending(fl)
	return cmd
}

// answer sends, for each message named, the draft that begin makes of it, completed by the flags.
func (a *app) answer(ctx context.Context, args []string, f sendFlags, begin func(original) (*compose.Draft, error)) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	if slices.Contains(args, "-") && f.readsStdin() {
		return usagef("stdin names the messages, so it gives no text: say --body or --body-file")
	}
	return a.eachOriginal(ctx, args, f, func(orig original) error {
		d, err := begin(orig)
		if err != nil {
			return err
		}
		from, acct, err := a.answerAs(orig, f)
		if err != nil {
			return err
		}
		d.From, d.Sender = from, from.Address
		if f.given("subject") {
			d.Subject = f.subject
		}
		if err := f.fill(d); err != nil {
			return err
		}
		if len(d.To)+len(d.Cc)+len(d.Bcc) == 0 && !f.draft {
			return &account.Trouble{Kind: account.KindData, Account: orig.row.AccountName,
				What: fmt.Sprintf("message %d names nobody to answer", orig.row.ID), Hint: "give -t ADDR"}
		}
		quote, theirs := d.Text, d.Attachments
		d.Text, d.Attachments = "", nil
		if err := a.readBody(d, f); err != nil {
			return err
		}
		if a.nothingToSay(d, f) {
			return nil
		}
		if d.Forwards == 0 && f.unsaid(d) { // what is forwarded speaks for itself
			return unsaid("the answer is empty")
		}
		text := d.Text
		d.Text, d.Attachments = quote, append(theirs, d.Attachments...)
		d.WriteAbove(text)
		return a.post(ctx, acct, d, f, o)
	})
}

// eachOriginal reads the messages that args name and does f with each; the others
// are done even when one fails.
func (a *app) eachOriginal(ctx context.Context, args []string, f sendFlags, do func(original) error) error {
	s, ids, err := a.messageIDs(ctx, args)
	if err != nil {
		return err
	}
	if f.given("key") && len(ids) > 1 {
		return usagef("one --key stands for one message, not for %d", len(ids))
	}
	var errs []error
	for _, id := range ids {
		orig, err := a.original(ctx, s, id)
		if err == nil {
			err = do(orig)
		}
		if err != nil && len(ids) == 1 {
			return err
		}
		a.report(err)
		errs = append(errs, err)
	}
	if err := worst(errs...); err != nil {
		return statusError{exitStatus(err)}
	}
	return nil
}

// original reads a whole message.
func (a *app) original(ctx context.Context, s *store.Store, id store.MessageID) (original, error) {
	row, err := s.Row(ctx, id)
	if err != nil {
		return original{}, err
	}
	raw, err := a.body(ctx, s, id, false)
	if err != nil {
		return original{}, err
	}
	return original{row, raw, message.Parse(raw)}, err
}

// self tells one's own addresses, of all accounts.
func (a *app) self() (func(string) bool, error) {
	c, err := a.conf()
	if err != nil {
		return nil, err
	}
	return mine(c), nil
}

// answerAs is who answers a message: -r; else, of the account the message is in (or of
// -A), the address it was sent to; else the account's own. Where that account cannot send
// or has no part in the message, another one's address that it was sent to.
func (a *app) answerAs(o original, f sendFlags) (mail.Address, *account.Account, error) {
	c, err := a.conf()
	if err != nil {
		return mail.Address{}, nil, err
	}
	acct, err := a.accountOf(c, o)
	if err != nil {
		return mail.Address{}, nil, err
	}
	var from mail.Address
	if f.from == "" {
		from, acct = a.addressed(c, o, acct)
	} else if from, acct, err = a.sender(f.from, acct); err != nil {
		return from, nil, err
	}
	if acct.Outgoing == nil && !f.draft {
		return from, nil, noOutgoing(acct)
	}
	if from.Name == "" {
		from.Name = acct.From.Name
	}
	return from, acct, nil
}

// accountOf is the account of -A, else the one a message is in, else the default one.
func (a *app) accountOf(c *account.Config, o original) (*account.Account, error) {
	if acct, ok := c.Account(o.row.AccountName); ok && a.accountArg == "" && o.row.AccountName != "" {
		return acct, nil
	}
	return a.theAccount()
}

// addressed is the identity a message was sent to.
func (a *app) addressed(c *account.Config, o original, acct *account.Account) (mail.Address, *account.Account) {
	own := func(addr string) bool { _, ok := acct.Identity(addr); return ok }
	if addr := compose.OwnAddress(o.msg, own); addr != "" && (acct.Outgoing != nil || a.accountArg != "") {
		from, _ := acct.Identity(addr)
		return from, acct
	}
	if a.accountArg == "" {
		if addr := compose.OwnAddress(o.msg, mine(c)); addr != "" {
			if other := accountFor(c, addr, nil); other != nil {
				from, _ := other.Identity(addr)
				return from, other
			}
		}
		if acct.Outgoing == nil { // such as local, or one that only receives
			if i := slices.IndexFunc(c.Accounts, func(x *account.Account) bool { return x.Outgoing != nil }); i >= 0 {
				acct = c.Accounts[i]
			}
		}
	}
	return acct.From, acct
}

// dropUnusable leaves out, and names, addresses of the original that no mail can be sent to.
func (a *app) dropUnusable(d *compose.Draft) {
	for _, list := range []*[]message.Address{&d.To, &d.Cc} {
		*list = slices.DeleteFunc(*list, func(x message.Address) bool {
			_, err := compose.ParseAddresses(x.Addr)
			if err != nil {
				a.talk("left out, for no mail can be sent there: %s", message.CleanLine(x.Addr))
			}
			return err != nil
		})
	}
}
