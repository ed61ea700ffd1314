package main

import (
	"context"
	"crypto/sha256"
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
	"mua/store/query"
)

type exportFlags struct {
	format, dialect, output string
	tree, flags, force      bool
}

func newExport(a *app) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use: "export [QUERY...] --format mbox|maildir|eml -o PATH", Short: "Write mail to an mbox, a Maildir or .eml files",
		Long: `Export writes the messages that a query selects (without one: all, of the account of -A when
that is given), the oldest first, octet for octet: imported again they are the same.
The same bytes in several mailboxes are written once. With --tree every mailbox
has an mbox, a Maildir++ folder or a folder of its own below PATH, without -A below a folder for each
account; .mua-export beside them tells mua import that they are accounts.

An mbox is written as mboxrd, which any reader takes and nothing is lost by; its line that
begins a message tells when it came. --flags also writes Status, X-Status and X-Keywords, which mua
import takes off again. A Maildir carries the flags in its names.

Nothing is overwritten: PATH must not be there yet, or be an empty folder. --force
replaces an mbox when the new one is whole, and adds to a folder. Of messages
that are on a server only nothing is written; the exit status is then 75.`,
		Example: `  mua export --format mbox -o all.mbox
  mua export in:Archive before:2020-01-01 --format maildir -o ~/old
  mua export from:ada --format eml -o letters
  mua export -A work --tree --format maildir -o ~/work-mail`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.export(cmd.Context(), f, strings.Join(args, " "))
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", "`FORMAT`: mbox, maildir or eml")
	fl.StringVarP(&f.output, "output", "o", "", "the file or folder to write; - is stdout, for an mbox")
	fl.StringVar(&f.dialect, "dialect", "", "of an mbox: mboxo, `mboxrd`, mboxcl or mboxcl2")
	fl.BoolVar(&f.tree, "tree", false, "every mailbox apart")
	fl.BoolVar(&f.flags, "flags", false, "flags in an mbox, as Status, X-Status and X-Keywords")
	fl.BoolVar(&f.force, "force", false, "replace an mbox; add to a folder that is not empty")
	return cmd
}

func (a *app) export(ctx context.Context, f exportFlags, text string) error {
	a.reads = true
	format := archive.Format(f.format)
	d, err := dialect(f.dialect)
	switch {
	case err != nil:
		return err
	case !slices.Contains([]archive.Format{archive.Mbox, archive.Maildir, archive.EML}, format):
		return usagef("say how: --format mbox, maildir or eml")
	case f.output == "":
		return usagef("say where to: -o PATH")
	case f.output == "-" && (format != archive.Mbox || f.tree || isTerminal(a.out)):
		return usagef("-o - is for an mbox that goes into a pipe or a file")
	case format != archive.Mbox && (d != archive.Auto || f.flags):
		return usagef("--dialect and --flags are for --format mbox")
	}
	tree, err := query.Parse(text, time.Now())
	if err != nil {
		return err
	}
	longLived()
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	a.saved(s, tree)
	if err := a.catchUp(ctx, s, tree); err != nil {
		return err
	}
	q := store.ListQuery{Query: text}
	if q.Account, err = a.storeAccount(ctx, s); err != nil {
		return err
	}
	x := &exporting{app: a, s: s, q: q, tree: f.tree, seen: map[[sha256.Size]byte]bool{}}
	x.accounts = f.tree && (q.Account == 0 || archive.HasAccounts(f.output))
	x.p = counter{app: a, verb: "exported", live: isTerminal(a.err) && !a.quiet, began: time.Now()}
	if f.output == "-" {
		x.out = archive.Stream(a.out, d, f.flags)
	} else if x.out, err = archive.NewExporter(archive.Out{Path: f.output, Format: format, Dialect: d, Flags: f.flags, Force: f.force, Accounts: x.accounts}); err != nil {
		return exportTrouble(f.output, err, false)
	}
	err = x.run(ctx)
	x.p.clear()
	if err != nil {
		x.out.Abort()
		return exportTrouble(f.output, err, format != archive.Mbox && x.written > 0)
	}
	if err := x.out.Close(); err != nil {
		return exportTrouble(f.output, err, format != archive.Mbox)
	}
	return x.told(f.output)
}

// exporting is one export.
type exporting struct {
	app  *app
	s    *store.Store
	q    store.ListQuery
	out  *archive.Exporter
	tree bool
	p    counter

	accounts bool // in the tree, above their mailboxes

	seen    map[[sha256.Size]byte]bool // what is written already; without a tree
	written int
	octets  int64
	away    int // on the server only
}

func (x *exporting) run(ctx context.Context) error {
	if !x.tree {
		return x.each(ctx, x.q, nil)
	}
	boxes, err := x.s.Mailboxes(ctx, x.q.Account)
	if err != nil {
		return err
	}
	for _, m := range boxes {
		levels := []string{m.Name}
		if m.Separator != "" {
			levels = strings.Split(m.Name, m.Separator)
		}
		if x.accounts {
			levels = append([]string{m.AccountName}, levels...)
		}
		q := x.q
		q.Mailbox, q.Account = m.ID, m.Account
		if err := x.each(ctx, q, levels); err != nil {
			return err
		}
	}
	return nil
}

// each writes what a query selects, the oldest first.
func (x *exporting) each(ctx context.Context, q store.ListQuery, levels []string) error {
	q.Before, q.Limit = &store.Cursor{Received: time.UnixMilli(-1 << 50)}, page
	for {
		rows, err := x.s.List(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range slices.Backward(rows) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := x.one(ctx, r, levels); err != nil {
				return err
			}
		}
		if len(rows) < page {
			return nil
		}
		q.Before = &store.Cursor{Received: rows[0].Received, ID: rows[0].ID}
	}
}

func (x *exporting) one(ctx context.Context, r store.Row, levels []string) error {
	raw, err := x.s.Raw(ctx, r.ID)
	switch {
	case errors.Is(err, store.ErrNoBody):
		x.away++
		return nil
	case errors.Is(err, store.ErrNotFound): // it went meanwhile
		return nil
	case err != nil:
		return fmt.Errorf("message %d: %w", r.ID, err)
	}
	if !x.tree {
		sum := sha256.Sum256(raw)
		if x.seen[sum] {
			return nil
		}
		x.seen[sum] = true
	}
	m := archive.Message{Raw: raw, Received: r.Received, Flags: r.Flags, Keywords: r.Keywords}
	if err := x.out.Write(levels, fmt.Sprintf("message-%d", r.ID), &m); err != nil {
		return err
	}
	x.written++
	x.octets += int64(len(raw))
	x.p.say(x.written)
	return nil
}

// told says what was written, and what was not.
func (x *exporting) told(path string) error {
	if x.app.json && path != "-" {
		err := x.app.emit(struct {
			Path     string `json:"path"`
			Exported int    `json:"exported"`
			Bytes    int64  `json:"bytes"`
			Away     int    `json:"away"`
		}{path, x.written, x.octets, x.away})
		if err != nil {
			return err
		}
	} else {
		x.app.talk("exported %s (%s)", counted(x.written, "message", "messages"), humanSize(x.octets))
	}
	if x.away == 0 {
		return nil
	}
	return &account.Trouble{Kind: account.KindTemporary, What: fmt.Sprintf("%s on the server only and not exported", counted(x.away, "message is", "messages are")),
		Kept: "The rest was exported", Hint: `offline = "all" and mua sync bring them here`}
}

func exportTrouble(path string, err error, some bool) error {
	kept := "Nothing was written"
	if some {
		kept = "What was written before is there"
	}
	t := &account.Trouble{Kind: account.KindCreate, Kept: kept, Err: err}
	e, isPath := errors.AsType[*fs.PathError](err)
	switch {
	case errors.Is(err, fs.ErrExist):
		t.What, t.Hint = fmt.Sprintf("%s exists already", message.CleanLine(path)), "--force replaces an mbox, and adds to a folder"
		if isPath && e.Path != path {
			t.What = fmt.Sprintf("%s exists already", message.CleanLine(e.Path))
		}
	case errors.Is(err, context.Canceled):
		t.Kind, t.What = account.KindTemporary, "interrupted"
	case isPath:
		t.What = fmt.Sprintf("cannot write %s: %v", message.CleanLine(e.Path), e.Err)
	default:
		return err
	}
	return t
}
