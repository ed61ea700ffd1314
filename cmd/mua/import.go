package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/archive"
	"mua/store/message"
)

type importFlags struct {
	mailbox, dialect string
	tree, seen       bool
}

func newImport(a *app) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use: "import FILE|DIR... --mailbox NAME", Short: "Bring in mail from mbox files, Maildirs and .eml files", Args: usageArgs(cobra.MinimumNArgs(1)),
		Long: `Import stores messages from files, octet for octet, each once in a mailbox: what is
there already is left as it is, so that an import that was interrupted goes on
when it is run again. The files are only read.

A file is an mbox, or one message (always, when its name ends in .eml); - is stdin, and what comes
from another pipe will do. The dialect of an mbox
is found: by Content-Length where that is right (mboxcl, mboxcl2), else mboxrd. mboxo
cannot be told from that; where it matters say --dialect mboxo. A folder is
searched with all below it; a Maildir in it, also one named .Lists.go (Maildir++), has a mailbox
of its own below NAME. With --tree every mbox and every folder has; without --mailbox they are
at the top. What mua export --tree wrote of several accounts, which .mua-export in it tells, comes
back as it was: what lies below the account's name is at the top.

Flags come from Maildir names and from Status, X-Status, X-Keywords and X-Mozilla-Status,
the time of receipt from the line that begins a message in an mbox, else from the file;
from the message itself (Received, Date) where the file is more than a day younger, or that line has no date.

Without -A the mail goes to the account local, which is on no server. With -A it goes to that
account; on an IMAP server it is there after the next sync, with CRLF line ends.`,
		Example: `  mua import ~/Maildir --mailbox Old
  mua import old.mbox more.mbox --mailbox Archive/2019 --seen
  mua import ~/.thunderbird/x.default/Mail/Local\ Folders --tree
  mua import -A work letter.eml --mailbox INBOX
  zcat 2019.mbox.gz | mua import - --mailbox Archive/2019`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.importFiles(cmd.Context(), f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.mailbox, "mailbox", "", "into mailbox `NAME`, which is made when there is none")
	fl.BoolVar(&f.tree, "tree", false, "a mailbox for every mbox and every folder")
	fl.StringVar(&f.dialect, "dialect", "", "of every mbox: `mboxo`, mboxrd, mboxcl or mboxcl2")
	fl.BoolVar(&f.seen, "seen", false, "mark everything as read")
	return cmd
}

// dialect reads the name of one.
func dialect(name string) (archive.Dialect, error) {
	d := archive.Dialect(strings.ToLower(name))
	if d != archive.Auto && !slices.Contains(archive.Dialects(), d) {
		return d, usagef("--dialect %q is not one of mboxo, mboxrd, mboxcl, mboxcl2", name)
	}
	return d, nil
}

func (a *app) importFiles(ctx context.Context, f importFlags, paths []string) error {
	d, err := dialect(f.dialect)
	if err != nil {
		return err
	}
	if f.mailbox == "" && !f.tree {
		return usagef("say where to: --mailbox NAME, or --tree")
	}
	if f.tree && slices.ContainsFunc(paths, func(p string) bool { return p == "-" || isPipe(p) }) {
		return usagef("what comes from a pipe has no name to be a mailbox of --tree: say --mailbox NAME")
	}
	busyOnce()
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	paths, in, err := a.withPipes(ctx, paths)
	if err != nil {
		return err
	}
	defer in.remove()
	id, onServer, err := a.importAccount(ctx, s)
	if err != nil {
		return err
	}
	o := archive.Options{Dialect: d, Tree: f.tree}
	if f.mailbox == "" {
		o.Account = cmp.Or(a.accountArg, "local")
	}
	into := archive.Into{Store: s, Seen: f.seen, Mailbox: func(ctx context.Context, levels []string) (store.Mailbox, error) {
		switch {
		case f.mailbox != "":
			levels = append([]string{f.mailbox}, levels...)
		case len(levels) == 0:
			levels = []string{"INBOX"}
		}
		return s.ImportMailbox(ctx, id, levels, onServer)
	}}
	left := &leftOut{app: a, in: in}
	o.Skipped = left.tell
	p := &counter{app: a, verb: "imported", live: isTerminal(a.err) && !a.quiet, began: time.Now()}
	index := a.indexBeside(ctx, s)
	tallies, err := archive.Import(ctx, paths, o, into, p.say)
	p.clear()
	index()
	if printed := a.printTallies(tallies); printed != nil {
		return printed
	}
	if err != nil {
		t := *asTrouble(importTrouble(err))
		kept := "What was imported before is kept"
		if len(tallies) == 0 {
			kept = "Nothing was imported"
			if t.Hint == importAgain {
				t.Hint = ""
			}
		}
		t.What, t.Kept = in.name(t.What), cmp.Or(t.Kept, kept)
		return &t
	}
	if len(tallies) == 0 {
		a.talk("no mail was found there")
	} else if onServer && !a.json {
		a.talk("the next sync puts it on the server")
	}
	return left.trouble()
}

// importAccount is where mail is imported into: the account of -A, else local.
func (a *app) importAccount(ctx context.Context, s *store.Store) (store.AccountID, bool, error) {
	if a.accountArg == "" {
		id, err := s.EnsureAccount(ctx, "local")
		return id, false, err
	}
	return a.mailboxAccount(ctx, s)
}

func (a *app) printTallies(list []archive.Tally) error {
	for _, t := range list {
		if a.json {
			row := struct {
				Account  string `json:"account"`
				Mailbox  string `json:"mailbox"`
				Imported int    `json:"imported"`
				Already  int    `json:"already"`
				Bytes    int64  `json:"bytes"`
			}{t.Mailbox.AccountName, t.Mailbox.Name, t.New, t.Had, t.Octets}
			if err := a.emit(row); err != nil {
				return err
			}
			continue
		}
		line := fmt.Sprintf("%s / %s: %d imported", message.CleanLine(t.Mailbox.AccountName), message.CleanLine(t.Mailbox.Name), t.New)
		if t.Had > 0 {
			line += fmt.Sprintf(", %d there already", t.Had)
		}
		if _, err := fmt.Fprintf(a.out, "%s (%s)\n", line, humanSize(t.Octets)); err != nil {
			return ioTrouble("cannot write to stdout", err)
		}
	}
	return nil
}

const importAgain = "the same command again goes on"

func importTrouble(err error) error {
	t := &account.Trouble{Kind: account.KindIO, What: err.Error(), Hint: importAgain, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Kind, t.Hint = account.KindNotFound, ""
	case errors.Is(err, archive.ErrNotMail):
		t.Kind, t.Hint = account.KindData, "a file whose name ends in .eml is imported as it is"
	case errors.Is(err, context.Canceled):
		t.Kind, t.What = account.KindTemporary, "interrupted"
	case errors.Is(err, fs.ErrPermission):
	default:
		return err
	}
	return t
}

// leftOut hears what an import leaves out.
type leftOut struct {
	app    *app
	in     pipedFiles
	told   int
	failed int
}

const maxTold = 20

func (l *leftOut) tell(path string, why error) {
	if !errors.Is(why, archive.ErrNotMail) && !errors.Is(why, archive.ErrExpunged) {
		l.failed++
	}
	if l.told++; l.told <= maxTold {
		l.app.talk("left out %s: %s", message.CleanLine(l.in.name(path)), message.CleanLine(why.Error()))
	}
}

// trouble ends an import that has left out what it should not have.
func (l *leftOut) trouble() error {
	if l.told > maxTold {
		l.app.talk("left out %d in all", l.told)
	}
	if l.failed == 0 {
		return nil
	}
	return &account.Trouble{Kind: account.KindIO, What: counted(l.failed, "message or file", "messages or files") + " could not be read", Kept: "The rest was imported"}
}

// counter draws how many messages are done on a terminal's stderr.
type counter struct {
	app   *app
	verb  string
	live  bool
	began time.Time
	at    time.Time
	drawn bool
}

func (c *counter) say(done int) {
	now := time.Now()
	if !c.live || now.Sub(c.at) < progressEvery {
		return
	}
	c.at, c.drawn = now, true
	fmt.Fprintf(c.app.err, "\r\x1b[2K%s %d messages, %.0f/s", c.verb, done, float64(done)/max(now.Sub(c.began).Seconds(), 0.001))
}

func (c *counter) clear() {
	if c.drawn {
		fmt.Fprint(c.app.err, "\r\x1b[2K")
	}
}
