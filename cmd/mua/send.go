package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
)

func newSend(a *app) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send [flags] [--] [TO...]",
		Short: "Spool a message and try to deliver it once",
		Long: `Send spools a message durably, then tries one delivery if the network allows.

Exit status 0 means safely spooled: accepted already, or queued and tried again
later. 69 means that the server has refused it for good. The outbox id is
printed on stdout. Without --body and --body-file the text is read from stdin. What has
neither text nor subject nor attachment is refused, unless --body '' asks for it.`,
		Example: `  mua send -t bob@example.org -s 'Lunch?' --body 'At noon?'
  make test 2>&1 | mua send -s 'build log' -a report.pdf team@example.org
  mua send --wait 30s -t bob@example.org -s Report --body-file report.txt
  mua send --from-draft 12        # of mua list in:drafts, or mua outbox edit 7
  mua send --at 'tomorrow 8:00' -t bob@example.org -s Reminder --body 'Today at noon.'
  mua send --queue --key backup-2026-11-23 -t ops@example.org -s 'Backup done' --body ok`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.to = append(f.to, args...)
			return a.send(cmd.Context(), f)
		},
	}
	fl := flagsOf(cmd, &f)
	f.people(fl, "the account's")
	f.content(fl)
	fl.StringVar(&f.inReplyTo, "in-reply-to", "", "this answers the message with that `MSGID`")
	fl.StringVar(&f.fromDraft, "from-draft", "", "send the draft with that `ID`, with what the other flags say instead (-r, -s, --body) or besides (-t, -a)")
	f.sending(fl)
	return cmd
}

// send is the whole of mua send.
func (a *app) send(ctx context.Context, f sendFlags) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	a.brief = o.queue || !o.notBefore.IsZero()
	if f.given("from-draft") {
		return a.fromDraft(ctx, f, o)
	}
	from, acct, err := a.sendAs(f)
	if err != nil {
		return err
	}
	d := &compose.Draft{From: from, Sender: from.Address, Subject: f.subject}
	if err := f.fill(d); err != nil {
		return err
	}
	if len(d.To)+len(d.Cc)+len(d.Bcc) == 0 && !f.draft {
		return noRecipient()
	}
	if err := a.readBody(d, f); err != nil {
		return err
	}
	if a.nothingToSay(d, f) {
		return nil
	}
	if f.unsaid(d) {
		if strings.TrimSpace(d.Subject) == "" {
			return unsaid("the message has neither text nor subject, and nothing is attached")
		}
		a.talk("the message has no text, only its subject")
	}
	return a.post(ctx, acct, d, f, o)
}

// unsaid reports a draft without text, where nobody has said that it is to have none, and nothing attached for it.
func (f *sendFlags) unsaid(d *compose.Draft) bool {
	return strings.TrimSpace(d.Text) == "" && !f.given("body") && !f.draft && d.HTML == "" && len(d.Attachments) == 0
}

// unsaid is the refusal of what most likely lost its text on the way: an empty pipe, a stdin that is /dev/null.
func unsaid(what string) error {
	return usagef("%s: nothing was sent; --body TEXT or stdin gives a text, --body '' sends it without one", what)
}

// sendAs is the identity and the account that send uses.
func (a *app) sendAs(f sendFlags) (mail.Address, *account.Account, error) {
	acct, err := a.theAccount()
	if err != nil {
		return mail.Address{}, nil, err
	}
	from := acct.From
	if f.from != "" {
		if from, acct, err = a.sender(f.from, acct); err != nil {
			return from, nil, err
		}
	}
	if acct.Outgoing == nil && !f.draft {
		return from, nil, noOutgoing(acct)
	}
	return from, acct, nil
}

func noRecipient() error { return usagef("no recipient: give -t ADDR (or -c, -b)") }

// nothingToSay reports, and says, that --skip-empty keeps a message from being sent. Where -a -
// attaches what would be the text, that is what must not be empty.
func (a *app) nothingToSay(d *compose.Draft, f sendFlags) bool {
	if !f.skipEmpty || strings.TrimSpace(d.Text) != "" {
		return false
	}
	if i := slices.Index(f.attach, "-"); i >= 0 && !f.given("body") && !f.given("body-file") && len(d.Attachments[i].Data) > 0 {
		return false
	}
	a.talk("the text is empty: nothing sent (--skip-empty)")
	return true
}

// post saves, prints or spools a message, as the flags say.
func (a *app) post(ctx context.Context, acct *account.Account, d *compose.Draft, f sendFlags, o spoolOptions) error {
	if f.draft {
		return a.saveDraft(ctx, acct, d)
	}
	fin, err := d.Finish(time.Now())
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.printFinished(fin)
	}
	if err := a.fits(fin); err != nil {
		return err
	}
	s, err := a.openFor(ctx, acct, fin, o.key)
	if err != nil {
		return err
	}
	a.findAnswered(ctx, s, d)
	o.answers, o.fingerprint = d.Answers, fingerprint(d)
	return a.spool(ctx, s, acct, fin, o)
}

// fits refuses a message that is larger than max_message, before it is spooled.
func (a *app) fits(fin *compose.Finished) error {
	c, err := a.conf()
	if err != nil || int64(len(fin.Wire)) <= c.MaxMessage {
		return err
	}
	return &account.Trouble{
		Kind: account.KindData, Kept: "Nothing was spooled", Hint: "max_message in the configuration, if your server takes more",
		What: fmt.Sprintf("the finished message has %d octets, and at most %d are sent", len(fin.Wire), c.MaxMessage),
	}
}

// printFinished is --dry-run.
func (a *app) printFinished(fin *compose.Finished) error {
	_, err := io.WriteString(a.out, compose.Display(fin.Wire))
	return err
}

// findAnswered finds the message that --in-reply-to names, if it is here.
func (a *app) findAnswered(ctx context.Context, s *store.Store, d *compose.Draft) {
	if d.InReplyTo == "" || d.Answers != 0 {
		return
	}
	if ids, err := s.ByHeaderID(ctx, d.InReplyTo); err == nil && len(ids) > 0 {
		d.Answers = ids[0]
	}
}

// saveDraft puts what was given into Drafts, to be finished in the terminal or elsewhere.
func (a *app) saveDraft(ctx context.Context, acct *account.Account, d *compose.Draft) error {
	s, err := a.openToCarry(ctx, "")
	if err != nil {
		return a.keepDraft(d.Save(), err)
	}
	id, err := s.EnsureAccount(ctx, acct.Name)
	if err != nil {
		return a.keepDraft(d.Save(), err)
	}
	a.findAnswered(ctx, s, d)
	draft, err := s.SaveDraft(ctx, id, d.Save(), 0)
	if err != nil {
		return a.keepDraft(d.Save(), ioTrouble("the draft could not be saved", err))
	}
	return a.printDraft(ctx, s, draft)
}

// printDraft prints a draft's id, or the message object.
func (a *app) printDraft(ctx context.Context, s *store.Store, draft store.MessageID) error {
	if !a.json {
		_, err := fmt.Fprintln(a.out, draft)
		return err
	}
	row, err := s.Row(ctx, draft)
	if err != nil {
		return err
	}
	return a.emit(newMessageJSON(row))
}

// fill adds to a draft what the flags say of its header.
func (f *sendFlags) fill(d *compose.Draft) error {
	for _, l := range []struct {
		in  []string
		out *[]message.Address
	}{{f.to, &d.To}, {f.cc, &d.Cc}, {f.bcc, &d.Bcc}, {[]string{f.replyTo}, &d.ReplyTo}} {
		for _, s := range l.in {
			addrs, err := compose.ParseAddresses(s)
			if err != nil {
				return err
			}
			*l.out = append(*l.out, addrs...)
		}
	}
	if f.inReplyTo != "" {
		id, err := oneMessageID(f.inReplyTo)
		if err != nil {
			return err
		}
		d.InReplyTo, d.References = id, []string{id}
	}
	for _, h := range f.header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return usagef("--header %q is not 'Name: value'", h)
		}
		d.Extra = append(d.Extra, message.Field{Name: strings.Trim(name, " \t"), Value: strings.Trim(value, " \t")})
	}
	return nil
}

// oneMessageID reads a Message-ID, with or without its angle brackets.
func oneMessageID(s string) (string, error) {
	if err := compose.CheckLine("--in-reply-to", s); err != nil {
		return "", err
	}
	id := strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(id, "<"); ok {
		id = strings.TrimSuffix(rest, ">")
	}
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }
	if id == "" || strings.ContainsFunc(id, bad) {
		return "", &account.Trouble{Kind: account.KindData, What: fmt.Sprintf("--in-reply-to %q is not one Message-ID such as <abc@example.org>", s)}
	}
	return "<" + id + ">", nil
}

// sender is the identity of -r and the account it belongs to: that of -A, else the one whose address it
// is, else fallback.
func (a *app) sender(arg string, fallback *account.Account) (mail.Address, *account.Account, error) {
	c, err := a.conf()
	if err != nil {
		return mail.Address{}, nil, err
	}
	addrs, err := compose.ParseAddresses(arg)
	if err != nil {
		return mail.Address{}, nil, err
	}
	if len(addrs) != 1 {
		return mail.Address{}, nil, usagef("-r takes one address, not %d", len(addrs))
	}
	from, acct := mail.Address{Name: addrs[0].Name, Address: addrs[0].Addr}, fallback
	if a.accountArg == "" {
		acct = accountFor(c, from.Address, acct)
	}
	if id, ok := acct.Identity(from.Address); ok && from.Name == "" {
		from.Name = id.Name
	}
	return from, acct, nil
}

// accountFor is the account that an address of ours belongs to, else fallback.
func accountFor(c *account.Config, addr string, fallback *account.Account) *account.Account {
	for _, acct := range c.Accounts {
		if _, ok := acct.Identity(addr); ok && acct.Outgoing != nil {
			return acct
		}
	}
	return fallback
}

func noOutgoing(acct *account.Account) error {
	return &account.Trouble{
		Kind: account.KindConfig, Account: acct.Name, What: "this account cannot send: it has no outgoing server",
		Hint: "add outgoing = \"smtps://…\" to [account." + acct.Name + "]",
	}
}

// readBody fills in text, HTML and attachments. Every file is read whole now.
func (a *app) readBody(d *compose.Draft, f sendFlags) error {
	stdinTaken := false
	for _, name := range f.attach {
		att, err := a.attachment(name, f.attachName)
		if err != nil {
			return err
		}
		stdinTaken = stdinTaken || name == "-"
		d.Attachments = append(d.Attachments, att)
	}
	if f.given("html") {
		b, err := a.readInput(f.html)
		if err != nil {
			return err
		}
		stdinTaken = stdinTaken || f.html == "-"
		d.HTML = string(b)
	}
	switch {
	case f.given("body"):
		d.Text = f.body
	case f.given("body-file"):
		b, err := a.readInput(f.bodyFile)
		if err != nil {
			return err
		}
		d.Text = string(b)
	case stdinTaken || f.given("from-draft"):
	default:
		if isTerminal(a.in) {
			a.talk("type the text; end it with Ctrl-D")
		}
		b, err := a.readInput("-")
		if err != nil {
			return err
		}
		d.Text = string(b)
	}
	return nil
}

func (a *app) attachment(name, stdinName string) (compose.Attachment, error) {
	if name != "-" {
		return compose.Attach(name)
	}
	if err := compose.CheckLine("--attach-name", stdinName); err != nil {
		return compose.Attachment{}, err
	}
	b, err := a.readStdin()
	if err != nil {
		return compose.Attachment{}, err
	}
	if stdinName == "" {
		stdinName = "attachment"
	}
	return compose.NewAttachment(stdinName, b), nil
}

// readInput reads a text that a person named, - from stdin; not there is exit 66.
func (a *app) readInput(name string) ([]byte, error) {
	if name == "-" {
		return a.readStdin()
	}
	b, err := compose.ReadFile("read", name)
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), err
}

func (a *app) readStdin() ([]byte, error) {
	a.stdinRead = true
	b, err := io.ReadAll(a.in)
	if err != nil {
		return nil, ioTrouble("cannot read stdin", err)
	}
	return b, nil
}

// fingerprint tells whether two messages with the same key are the same: all
// that the person gave, without what differs from run to run (Date, Message-ID).
func fingerprint(d *compose.Draft) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %q %q %q %q %q %q", d.From.String(), d.To, d.Cc, d.Bcc, d.ReplyTo, d.Subject, d.Text, d.HTML, d.InReplyTo, d.Extra)
	for _, att := range d.Attachments {
		fmt.Fprintf(h, "%q %q %x", att.Name, att.Type, sha256.Sum256(att.Data))
	}
	return hex.EncodeToString(h.Sum(nil))
}
