package main

import (
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mua/outbox"
	"mua/store"
)

// sendFlags are the flags of the commands that send: mua send, reply, forward and resend.
type sendFlags struct {
	from, subject, body, bodyFile, html, replyTo, inReplyTo string
	to, cc, bcc, attach, header                             []string
	attachName, key, wait, at, dsn                          string
	fromDraft                                               string // an id
	queue, dryRun, skipEmpty, draft, requireTLS             bool
	given                                                   func(name string) bool
}

// flagsOf gives cmd's flags in the order they are added.
func flagsOf(cmd *cobra.Command, f *sendFlags) *pflag.FlagSet {
	fl := cmd.Flags()
	fl.SortFlags = false
	f.given = fl.Changed
	return fl
}

// people adds the flags that say from whom and to whom.
func (f *sendFlags) people(fl *pflag.FlagSet, from string) {
	fl.StringVarP(&f.from, "from", "r", "", "sender `FROM` (default: "+from+"; also chooses the account)")
	fl.StringArrayVarP(&f.to, "to", "t", nil, "recipient `TO` (repeatable; several with commas)")
	fl.StringArrayVarP(&f.cc, "cc", "c", nil, "carbon copy `CC`")
	fl.StringArrayVarP(&f.bcc, "bcc", "b", nil, "blind carbon copy `BCC`")
}

// content adds the flags that say what.
func (f *sendFlags) content(fl *pflag.FlagSet) {
	fl.StringVarP(&f.subject, "subject", "s", "", "`SUBJECT`")
	fl.StringArrayVarP(&f.attach, "attach", "a", nil, "attach `FILE` (repeatable; - is stdin)")
	fl.StringVar(&f.attachName, "attach-name", "", "the `NAME` of what -a - attaches")
	fl.StringVar(&f.body, "body", "", "the `TEXT`")
	fl.StringVar(&f.bodyFile, "body-file", "", "read the text from `FILE`")
	fl.StringVar(&f.html, "html", "", "add `FILE` as the HTML alternative")
	fl.StringArrayVar(&f.header, "header", nil, "add a header field `'Name: value'` (repeatable)")
	fl.StringVar(&f.replyTo, "reply-to", "", "answers go to `ADDR`")
	fl.BoolVar(&f.skipEmpty, "skip-empty", false, "send nothing when the text is empty")
	fl.BoolVar(&f.draft, "draft", false, "save a draft instead, and print the id of the message in Drafts")
}

// sending adds the flags that say when and how.
func (f *sendFlags) sending(fl *pflag.FlagSet) {
	fl.StringVar(&f.at, "at", "", "send at `TIME`: 15:04, 'tomorrow 8:00', 'fri 9:00', +2h, +1d, 2026-11-26T08:00:00+01:00")
	fl.BoolVar(&f.queue, "queue", false, "only spool, do not connect")
	fl.StringVar(&f.wait, "wait", "", "stay up to `DURATION` until the server has answered for every recipient")
	fl.StringVar(&f.key, "key", "", "spool at most one message with this `KEY`")
	fl.StringVar(&f.dsn, "dsn", "", "ask for delivery reports: `WHEN` is never, or failure, delay and success with commas")
	fl.BoolVar(&f.requireTLS, "requiretls", false, "demand TLS all the way to the recipient (RFC 8689), or do not send")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print the finished message and spool nothing")
}

// spoolOptions say what happens round a finished message.
type spoolOptions struct {
	key, fingerprint string
	queue            bool
	wait             time.Duration
	notBefore        time.Time // of --at; zero: at once
	answers          store.MessageID
	draft            store.MessageID // that ends with the spooling; 0: none
	dsn              string          // RFC 3461 NOTIFY
	requireTLS       bool
	quietID          bool // do not print the id (sendmail)
	soft             bool // refusals of the server do not fail the command (sendmail)
}

// options refuses flags that contradict each other, before anything is read, and gives
// what the flags say of the spooling.
func (f *sendFlags) options(now time.Time) (spoolOptions, error) {
	o := spoolOptions{key: f.key, queue: f.queue, requireTLS: f.requireTLS}
	if err := f.check(); err != nil {
		return o, err
	}
	var err error
	if o.wait, err = flagDuration("wait", f.wait); err != nil {
		return o, err
	}
	if o.dsn, err = notify(f.dsn); err != nil {
		return o, err
	}
	if f.given("at") {
		o.notBefore, err = outbox.ParseTime(f.at, now)
	}
	return o, err
}

// check refuses flags that contradict each other.
func (f *sendFlags) check() error {
	stdin := count(f.bodyFile == "-", f.html == "-")
	for _, name := range f.attach {
		stdin += count(name == "-")
	}
	switch {
	case f.draft && (f.queue || f.dryRun || f.requireTLS || f.given("wait") || f.given("key") || f.given("at") || f.given("dsn")):
		return usagef("--draft sends nothing: it goes without --at, --queue, --wait, --key, --dsn, --requiretls and --dry-run")
	case f.given("from-draft") && (f.draft || f.given("key")):
		return usagef("--from-draft sends a draft, once: it goes without --draft and --key")
	case f.queue && f.given("wait"):
		return usagef("--queue does not connect and --wait waits for the server: give one of them")
	case f.given("at") && f.given("wait"):
		return usagef("--at sends later and --wait waits now: give one of them (mua outbox wait ID waits until then)")
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

// readsStdin reports whether the text or a file comes from stdin.
func (f *sendFlags) readsStdin() bool {
	return !f.given("body") && !f.given("body-file") && !f.given("from-draft") || f.bodyFile == "-" || f.html == "-" || slices.Contains(f.attach, "-")
}
