package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
	"mua/store/query"
)

// listFlags are the flags of mua list.
type listFlags struct {
	limit   int
	limited bool // the limit was given, so it needs no word
	sort    string
	threads bool
	count   bool
}

func newList(a *app) *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use: "list [QUERY...]", Short: "List messages, newest first",
		Long: `List shows messages of the inbox, newest first, or of the mailboxes that the
query names. Words match text, subject, people and attachment names; fields are
from: to: cc: subject: body: filename: in: is: has: before: after: on: newer:
older: larger: smaller: id: mid: thread: list: keyword:; -from:x or NOT x excludes, OR and
parentheses work, also for what is of one field: from:(ada OR bob). word* finds what begins so. Accents and case do not matter, nor how a
message is encoded; of Chinese, Japanese, Thai and the like any part of a word is found.
[search] of the configuration names queries: with invoices = "subject:invoice newer:1y",
in:invoices is what that finds. The arguments side by side are the query: quote a phrase for the shell and
for the query, as in 'subject:"two words"'. A query that names a mailbox anywhere
is not narrowed to the inbox.

--threads gives one line per thread, by its newest message that matches: that message's id, N where
something is unread, who wrote, and how many messages there are in all mailboxes but Trash and Junk. mua show
--thread shows one. In JSON a line is that message's object with messages, unread, people and ids (of the messages
listed). A thread's id stays; where two turn out to be one, the lower is kept and both name it.`,
		Example: `  mua list
  mua list is:unread newer:7d
  mua list --threads -n 20
  mua list in:archive from:ada has:attachment -n 200 --json
  mua list 'subject:"annual report"' -is:read
  mua list 'subject:(budget OR plan) -from:(ada OR bob)'
  mua list subject:invoice OR larger:2M --sort size`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.limited = cmd.Flags().Changed("limit")
			return a.list(cmd.Context(), f, args)
		},
	}
	cmd.Flags().IntVarP(&f.limit, "limit", "n", 50, "at most `LIMIT` messages (0: all)")
	cmd.Flags().BoolVar(&f.threads, "threads", false, "one line per thread")
	cmd.Flags().BoolVar(&f.count, "count", false, "print the number of matches only")
	cmd.Flags().StringVar(&f.sort, "sort", "date", "`ORDER`: date, from, subject or size")
	return cmd
}

func (a *app) list(ctx context.Context, f listFlags, args []string) error {
	a.reads = true
	q, err := listQuery(f, strings.Join(args, " "))
	if err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if q.Account, err = a.storeAccount(ctx, s); err != nil {
		return err
	}
	tree, err := query.Parse(q.Query, time.Now())
	if err == nil {
		a.saved(s, tree)
		if err := a.catchUp(ctx, s, tree); err != nil {
			return err
		}
	}
	if f.count {
		n, err := s.Count(ctx, q)
		if err != nil {
			return err
		}
		return a.printCount(n)
	}
	all, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	print := a.printRow
	if q.Threads {
		print = a.printThread
		if err := a.fillThreads(ctx, s); err != nil {
			return err
		}
	}
	names := q.Account == 0 && len(all) > 2 // local and more than one other: say whose each is
	shown := 0
	err = a.eachRow(ctx, s, q, f.limit, func(r store.Row) error {
		shown++
		return print(r, names)
	})
	if err == nil && !f.limited && shown == f.limit && isTerminal(a.out) {
		a.talk("the newest %d; -n 0 lists all", shown)
	}
	if err == nil && shown == 0 && !a.tellNoInbox(ctx, s, q, args) {
		a.tellNoHits(tree)
	}
	return err
}

// listQuery checks the flags; without a mailbox in the query it means the inbox.
func listQuery(f listFlags, text string) (store.ListQuery, error) {
	q := store.ListQuery{Query: text, Sort: store.Sort(f.sort), Threads: f.threads}
	switch q.Sort {
	case store.SortDate, store.SortFrom, store.SortSubject, store.SortSize:
	default:
		return q, usagef("--sort %q is not one of date, from, subject, size", f.sort)
	}
	if f.threads && q.Sort != store.SortDate {
		return q, usagef("--threads lists by date: it does not go with --sort %s", f.sort)
	}
	if f.count && f.threads {
		return q, usagef("--count counts messages: it does not go with --threads")
	}
	if f.limit < 0 {
		return q, usagef("-n takes a number of messages, 0 for all")
	}
	tree, err := query.Parse(text, time.Now())
	if err != nil {
		return q, err
	}
	if !query.NamesMailbox(tree) {
		q.Query = strings.TrimSpace("in:inbox (" + text + ")")
		if strings.TrimSpace(text) == "" {
			q.Query = "in:inbox"
		}
	}
	return q, nil
}

// page is how many rows are read from the store at once.
const page = 500

// eachRow reads rows page by page, so that memory does not grow with the mailbox.
func (a *app) eachRow(ctx context.Context, s *store.Store, q store.ListQuery, limit int, f func(store.Row) error) error {
	left := limit
	for {
		q.Limit = page
		if q.Sort != store.SortDate && limit == 0 {
			q.Limit = 1 << 30 // no cursor in these orders
		}
		if limit > 0 {
			q.Limit = min(left, q.Limit)
			if q.Sort != store.SortDate {
				q.Limit = left
			}
		}
		rows, err := s.List(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := f(r); err != nil {
				return err
			}
		}
		left -= len(rows)
		if len(rows) < q.Limit || limit > 0 && left <= 0 {
			return nil
		}
		last := rows[len(rows)-1]
		q.After = &store.Cursor{Received: last.Received, ID: last.ID}
	}
}

// printRow prints one message: id, flags, date, account where that is asked for,
// sender, subject.
func (a *app) printRow(r store.Row, account bool) error {
	if a.json {
		return a.emit(newMessageJSON(r))
	}
	line := fmt.Sprintf("%6d %s %s  ", r.ID, flagLetters(r), r.Date.Local().Format("2006-01-02 15:04"))
	if account {
		line += pad(message.CleanLine(r.AccountName).String(), 10) + "  "
	}
	line += pad(a.who(r), 22) + "  " + message.CleanLine(r.Subject).String()
	if len(r.Attachments) > 0 {
		line += fmt.Sprintf("  [%d attached]", len(r.Attachments))
	}
	return a.printLine(line)
}

// printLine prints a line, no wider than a terminal.
func (a *app) printLine(line string) error {
	if w := a.width(); w > 0 {
		line = cut(line, w)
	}
	_, err := fmt.Fprintln(a.out, strings.TrimRight(line, " "))
	return err
}

// who is the other side of a message: its sender, or the recipients of one's own.
func (a *app) who(r store.Row) string {
	c, err := a.conf()
	if err != nil || len(r.From) != 1 || len(r.To) == 0 {
		return people(r.From)
	}
	for _, acct := range c.Accounts {
		if _, mine := acct.Identity(r.From[0].Addr); mine {
			return "→ " + people(r.To)
		}
	}
	return people(r.From)
}

// flagLetters is a fixed column: new, answered or forwarded, flagged.
func flagLetters(r store.Row) string {
	out := []byte("   ")
	if !r.Flags.Has(store.Seen) {
		out[0] = 'N'
	}
	switch {
	case r.Flags.Has(store.Draft):
		out[1] = 'D'
	case r.Flags.Has(store.Answered):
		out[1] = 'r'
	case r.Flags.Has(store.Forwarded):
		out[1] = 'f'
	}
	if r.Flags.Has(store.Flagged) {
		out[2] = '!'
	}
	return string(out)
}

// people names the first person of a list.
func people(list []message.Address) string {
	if len(list) == 0 {
		return "(nobody)"
	}
	name := list[0].Name
	if name == "" {
		name = list[0].Addr
	}
	if len(list) > 1 {
		name += fmt.Sprintf(" +%d", len(list)-1)
	}
	return message.CleanLine(name).String()
}

// columns is how many terminal cells a text takes.
func columns(s string) int { return uniseg.StringWidth(s) }

// cut shortens a line to w cells, never splitting a character.
func cut(s string, w int) string {
	if columns(s) <= w {
		return s
	}
	var b strings.Builder
	used := 0
	g := uniseg.NewGraphemes(s)
	for g.Next() && used+g.Width() < w {
		used += g.Width()
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// pad makes a text exactly w cells wide.
func pad(s string, w int) string {
	s = cut(s, w)
	return s + strings.Repeat(" ", max(0, w-columns(s)))
}

// idWords expands - to the lines of stdin.
func (a *app) idWords(args []string) ([]string, error) {
	var out []string
	for _, w := range args {
		if w != "-" {
			out = append(out, w)
			continue
		}
		lines, err := a.lines()
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	return out, nil
}

// noMessage names a message that is not here.
func noMessage(word string, err error) error {
	return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no message %s", message.CleanLine(word)), Hint: "mua list", Err: err}
}
