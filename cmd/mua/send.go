package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
)

// sendFlags are the flags of mua send.
type sendFlags struct {
	from, subject, body, bodyFile, html, replyTo, inReplyTo string
	to, cc, bcc, attach, header                             []string
	attachName, key, wait, dsn                              string
	queue, dryRun, skipEmpty, draft                         bool
	given                                                   func(name string) bool
}

func newSend(a *app) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send [flags] [--] [TO...]",
		Short: "Spool a message and try to deliver it once",
		Long: `Send spools a message durably, then tries one delivery if the network allows.

Exit status 0 means safely spooled: accepted already, or queued and tried again
later. 69 means that the server has refused it for good. The outbox id is
printed on stdout. Without --body and --body-file the text is read from stdin.`,
		Example: `  mua send -t bob@example.org -s 'Lunch?' --body 'At noon?'
  make test 2>&1 | mua send -s 'build log' -a report.pdf team@example.org
  mua send --wait 30s -t bob@example.org -s Report --body-file report.txt
  mua send --queue --key backup-2026-11-23 -t ops@example.org -s 'Backup done' --body ok`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.to = append(f.to, args...)
			f.given = cmd.Flags().Changed
			return a.send(cmd.Context(), f)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVarP(&f.from, "from", "r", "", "sender `FROM` (default: the account's; also chooses the account)")
	fl.StringArrayVarP(&f.to, "to", "t", nil, "recipient `TO` (repeatable; several with commas)")
	fl.StringArrayVarP(&f.cc, "cc", "c", nil, "carbon copy `CC`")
	fl.StringArrayVarP(&f.bcc, "bcc", "b", nil, "blind carbon copy `BCC`")
	fl.StringVarP(&f.subject, "subject", "s", "", "`SUBJECT`")
	fl.StringArrayVarP(&f.attach, "attach", "a", nil, "attach `FILE` (repeatable; - is stdin)")
	fl.StringVar(&f.attachName, "attach-name", "", "the `NAME` of what -a - attaches")
	fl.StringVar(&f.body, "body", "", "the `TEXT`")
	fl.StringVar(&f.bodyFile, "body-file", "", "read the text from `FILE`")
	fl.StringVar(&f.html, "html", "", "add `FILE` as the HTML alternative")
	fl.StringArrayVar(&f.header, "header", nil, "add a header field `'Name: value'` (repeatable)")
	fl.StringVar(&f.replyTo, "reply-to", "", "answers go to `ADDR`")
	fl.StringVar(&f.inReplyTo, "in-reply-to", "", "this answers the message with that `MSGID`")
	fl.BoolVar(&f.queue, "queue", false, "only spool, do not connect")
	fl.StringVar(&f.wait, "wait", "", "stay up to `DURATION` until the server has answered for every recipient")
	fl.StringVar(&f.key, "key", "", "spool at most one message with this `KEY`")
	fl.StringVar(&f.dsn, "dsn", "", "ask for delivery reports: `WHEN` is never, or failure, delay and success with commas")
	fl.BoolVar(&f.skipEmpty, "skip-empty", false, "send nothing when the text is empty")
	fl.BoolVar(&f.draft, "draft", false, "save a draft instead, and print the id of the message in Drafts")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print the finished message and spool nothing")
	return cmd
}

// send is the whole of mua send.
func (a *app) send(ctx context.Context, f sendFlags) error {
	wait, err := flagDuration("wait", f.wait)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	dsn, err := notify(f.dsn)
	if err != nil {
		return err
	}
	d, acct, err := a.draft(f)
	if err != nil {
		return err
	}
	if err := a.readBody(d, f); err != nil {
		return err
	}
	if f.skipEmpty && strings.TrimSpace(d.Text) == "" {
		a.talk("the text is empty: nothing sent (--skip-empty)")
		return nil
	}
	if f.draft {
		return a.saveDraft(ctx, acct, d)
	}
	fin, err := d.Finish(time.Now())
	if err != nil {
		return err
	}
	if f.dryRun {
		_, err := io.WriteString(a.out, compose.Display(fin.Wire))
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if d.InReplyTo != "" {
		if ids, err := s.ByHeaderID(ctx, d.InReplyTo); err == nil && len(ids) > 0 {
			d.Answers = ids[0]
		}
	}
	return a.spool(ctx, s, acct, fin, spoolOptions{dsn: dsn, key: f.key, queue: f.queue, wait: wait, answers: d.Answers, fingerprint: fingerprint(d)})
}

// saveDraft puts what was given into Drafts, to be finished in the terminal or elsewhere.
func (a *app) saveDraft(ctx context.Context, acct *account.Account, d *compose.Draft) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	id, err := s.EnsureAccount(ctx, acct.Name)
	if err != nil {
		return err
	}
	if d.InReplyTo != "" {
		if ids, err := s.ByHeaderID(ctx, d.InReplyTo); err == nil && len(ids) > 0 {
			d.Answers = ids[0]
		}
	}
	draft, err := s.SaveDraft(ctx, id, d.Save(), 0)
	if err != nil {
		return ioTrouble("the draft could not be saved", err)
	}
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

// check refuses flags that contradict each other, before anything is read.
func (f sendFlags) check() error {
	stdin := count(f.bodyFile == "-", f.html == "-")
	for _, name := range f.attach {
		stdin += count(name == "-")
	}
	switch {
	case f.draft && (f.queue || f.dryRun || f.wait != "" || f.given("key")):
		return usagef("--draft sends nothing: it goes without --queue, --wait, --key and --dry-run")
	case f.queue && f.wait != "":
		return usagef("--queue does not connect and --wait waits for the server: give one of them")
	case f.given("body") && f.given("body-file"):
		return usagef("--body and --body-file both give the text: use one")
	case f.given("key") && f.key == "":
		return usagef("--key is empty: it would not make a rerun harmless")
	case stdin > 1:
		return usagef("stdin can be read only once: give one - to -a, --body-file and --html")
	case f.given("attach-name") && !slices.Contains(f.attach, "-"):
		return usagef("--attach-name names what -a - takes from stdin, which is not given")
	}
	return nil
}

// draft gathers the envelope and header from flags and chooses the account.
func (a *app) draft(f sendFlags) (*compose.Draft, *account.Account, error) {
	from, acct, err := a.sender(f.from)
	if err != nil {
		return nil, nil, err
	}
	if acct.Outgoing == nil && !f.draft {
		return nil, nil, noOutgoing(acct)
	}
	d := &compose.Draft{From: from, Sender: from.Address, Subject: f.subject}
	for _, l := range []struct {
		in  []string
		out *[]message.Address
	}{{f.to, &d.To}, {f.cc, &d.Cc}, {f.bcc, &d.Bcc}, {[]string{f.replyTo}, &d.ReplyTo}} {
		for _, s := range l.in {
			if s == "" {
				continue
			}
			addrs, err := compose.ParseAddresses(s)
			if err != nil {
				return nil, nil, err
			}
			*l.out = append(*l.out, addrs...)
		}
	}
	if len(d.To)+len(d.Cc)+len(d.Bcc) == 0 && !f.draft {
		return nil, nil, usagef("no recipient: give -t ADDR (or -c, -b)")
	}
	if f.inReplyTo != "" {
		if d.InReplyTo, err = oneMessageID(f.inReplyTo); err != nil {
			return nil, nil, err
		}
		d.References = []string{d.InReplyTo}
	}
	for _, h := range f.header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, nil, usagef("--header %q is not 'Name: value'", h)
		}
		d.Extra = append(d.Extra, message.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	return d, acct, nil
}

// oneMessageID reads a Message-ID, with or without its angle brackets.
func oneMessageID(s string) (string, error) {
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

// sender is the identity of -r, or the account's, and the account it belongs to.
func (a *app) sender(arg string) (mail.Address, *account.Account, error) {
	c, err := a.conf()
	if err != nil {
		return mail.Address{}, nil, err
	}
	acct, err := a.theAccount()
	if err != nil {
		return mail.Address{}, nil, err
	}
	if arg == "" {
		return acct.From, acct, nil
	}
	addrs, err := compose.ParseAddresses(arg)
	if err != nil {
		return mail.Address{}, nil, err
	}
	if len(addrs) != 1 {
		return mail.Address{}, nil, usagef("-r takes one address, not %d", len(addrs))
	}
	from := mail.Address{Name: addrs[0].Name, Address: addrs[0].Addr}
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
	case stdinTaken:
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
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("cannot read %q: %v", name, reason(err)), Kept: "Nothing was spooled", Err: err}
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), nil
}

// reason is why a file could not be read, without its name once more.
func reason(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

func (a *app) readStdin() ([]byte, error) {
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

// spoolOptions say what happens round a finished message.
type spoolOptions struct {
	key, fingerprint string
	queue            bool
	wait             time.Duration
	answers          store.MessageID
	dsn              string // RFC 3461 NOTIFY
	quietID          bool   // do not print the id (sendmail)
	soft             bool   // refusals of the server do not fail the command (sendmail)
}
