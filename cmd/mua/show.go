package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

// showFlags are the flags of mua show.
type showFlags struct {
	headers, raw, html bool
	fetch              bool
	thread             bool
	part, output       string
}

func newShow(a *app) *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a message, a part of it, or its exact bytes", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Show prints what a reader sees of a message. Reading marks nothing as seen.
ID is a number from mua list, mid:<message-id>, or - for ids on stdin. --raw gives the exact bytes to
a file or pipe (cleaned of control characters on a terminal). With --thread, ID is a thread's, or that of any
of its messages, and all its messages are shown, what is answered before its answers; with --json one object each.

Of what the configuration does not keep offline (offline, mailboxes, max_message) only the header is here: the
rest is fetched now. Without a connection the header is shown and the exit status is 75; --fetch then marks the
message, so that the next sync fetches it. --fetch also fetches what is larger than max_message.`,
		Example: `  mua show 12
  mua show --thread 12
  mua show 12 --raw > message.eml
  mua show 12 --part 2 -o invoice.pdf
  mua show mid:'<abc@example.org>' --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.show(cmd.Context(), f, args[0]) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.headers, "headers", false, "all header fields, decoded")
	fl.BoolVar(&f.raw, "raw", false, "the exact bytes")
	fl.BoolVar(&f.html, "html", false, "the HTML body")
	fl.StringVar(&f.part, "part", "", "the decoded content of part `N`")
	fl.BoolVar(&f.fetch, "fetch", false, "fetch it whatever its size; without a connection, with the next sync")
	fl.BoolVar(&f.thread, "thread", false, "all messages of the thread ID, or of the thread of message ID")
	fl.StringVarP(&f.output, "output", "o", "", "write to `FILE`, or into a folder under the part's name")
	return cmd
}

func (a *app) show(ctx context.Context, f showFlags, word string) error {
	a.reads = true
	if n := count(f.headers, f.raw, f.html, f.part != ""); n > 1 {
		return usagef("--headers, --raw, --html and --part exclude each other")
	}
	find := a.messageIDs
	if f.thread {
		find = a.threadMessages
	}
	s, ids, err := find(ctx, []string{word})
	if err != nil {
		return err
	}
	if len(ids) > 1 && !f.severalFit() {
		return usagef("%d messages do not go into one file: give one id, or -o FOLDER", len(ids))
	}
	var errs []error
	for i, id := range ids { // none when stdin named none
		if i > 0 && !a.json && f.output == "" {
			if _, err := fmt.Fprintln(a.out); err != nil {
				return ioTrouble("cannot write to stdout", err)
			}
		}
		errs = append(errs, a.showOne(ctx, s, id, f))
	}
	return worst(errs...)
}

// severalFit reports whether more than one message can be shown: one after the
// other as text or JSON, or each as a file in a folder.
func (f showFlags) severalFit() bool {
	if f.output == "" || f.output == "-" {
		return !f.raw && !f.html && f.part == ""
	}
	return isFolder(f.output)
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func (a *app) showOne(ctx context.Context, s *store.Store, id store.MessageID, f showFlags) error {
	if f.headers {
		return a.showHeaders(ctx, s, id, f)
	}
	raw, err := a.body(ctx, s, id, f.fetch)
	if errors.Is(err, store.ErrNoBody) {
		return a.showHeaderOnly(ctx, s, id, f, err)
	}
	if err != nil {
		return err
	}
	switch {
	case f.raw:
		return a.write(f.output, fmt.Sprintf("message-%d.eml", id), raw)
	case f.html:
		html := message.Parse(raw).HTML()
		if html == "" {
			return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("message %d has no HTML part", id)}
		}
		return a.write(f.output, fmt.Sprintf("message-%d.html", id), []byte(html))
	case f.part != "":
		p := message.Parse(raw).Part(f.part)
		if p == nil {
			return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("message %d has no part %s", id, message.CleanLine(f.part)), Hint: fmt.Sprintf("mua show %d --json lists the parts", id)}
		}
		name := p.Name
		if name == "" {
			name = "part-" + p.ID
		}
		return a.write(f.output, name, p.Data())
	}
	return a.showMessage(ctx, s, id, raw, f)
}

// showHeaderOnly shows what there is of a message whose body is not here,
// and ends with the error that says so.
func (a *app) showHeaderOnly(ctx context.Context, s *store.Store, id store.MessageID, f showFlags, missing error) error {
	row, err := s.Row(ctx, id)
	if err != nil {
		return err
	}
	if f.raw || f.html || f.part != "" {
		return missing
	}
	raw, err := s.Header(ctx, id)
	if err != nil {
		return err
	}
	reports, err := s.ReportsOn(ctx, id)
	if err != nil {
		return err
	}
	m := message.ParseHeader(raw)
	if a.json {
		err = a.emitShown(f, shownJSON{messageJSON: newMessageJSON(row), Headers: fieldPairs(m), Reports: reportsJSON(reports)})
	} else {
		err = a.write(f.output, fmt.Sprintf("message-%d.txt", id), []byte(readableHead(row, m)+reportLines(reports)))
	}
	if err != nil {
		return err
	}
	return missing
}

func count(flags ...bool) (n int) {
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

func (a *app) showHeaders(ctx context.Context, s *store.Store, id store.MessageID, f showFlags) error {
	raw, err := s.Header(ctx, id)
	if err != nil {
		return err
	}
	m := message.ParseHeader(raw)
	if a.json {
		row, err := s.Row(ctx, id)
		if err != nil {
			return err
		}
		reports, err := s.ReportsOn(ctx, id)
		if err != nil {
			return err
		}
		return a.emitShown(f, shownJSON{messageJSON: newMessageJSON(row), Headers: fieldPairs(m), Reports: reportsJSON(reports)})
	}
	var b strings.Builder
	for _, h := range m.Fields {
		fmt.Fprintf(&b, "%s: %s\n", message.CleanLine(h.Name), message.CleanLine(h.Value))
	}
	return a.write(f.output, fmt.Sprintf("message-%d.txt", id), []byte(b.String()))
}

func fieldPairs(m *message.Message) [][2]string {
	pairs := [][2]string{}
	for _, h := range m.Fields {
		pairs = append(pairs, [2]string{h.Name, h.Value})
	}
	return pairs
}

// partJSON is one part of show --json.
type partJSON struct {
	Part        string  `json:"part"`
	Type        string  `json:"type"`
	Name        *string `json:"name"`
	Disposition *string `json:"disposition"`
	Size        int     `json:"size"`
	Attachment  bool    `json:"attachment"`
}

// shownJSON is the object of show: null is what was not asked for or is not here.
type shownJSON struct {
	messageJSON
	Headers [][2]string  `json:"headers"`
	Text    *string      `json:"text"`
	Parts   []partJSON   `json:"parts"`
	Reports []reportJSON `json:"reports"`
}

// emitShown prints the object, or writes it where -o says.
func (a *app) emitShown(f showFlags, o shownJSON) error {
	if f.output == "" || f.output == "-" {
		return a.emit(o)
	}
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return a.write(f.output, fmt.Sprintf("message-%d.json", o.ID), append(b, '\n'))
}

func (a *app) showMessage(ctx context.Context, s *store.Store, id store.MessageID, raw []byte, f showFlags) error {
	row, err := s.Row(ctx, id)
	if err != nil {
		return err
	}
	reports, err := s.ReportsOn(ctx, id)
	if err != nil {
		return err
	}
	m := message.Parse(raw)
	if !a.json {
		return a.write(f.output, fmt.Sprintf("message-%d.txt", id), []byte(readable(row, m, reports)))
	}
	text := message.Clean(m.Text()).String() // what a reader sees: jq -r may well print it on a terminal
	o := shownJSON{newMessageJSON(row), fieldPairs(m), &text, []partJSON{}, reportsJSON(reports)}
	for _, p := range m.Parts() {
		o.Parts = append(o.Parts, partJSON{p.ID, p.Type, orNull(p.Name), orNull(p.Disposition), p.Size, p.Attachment})
	}
	return a.emitShown(f, o)
}

// readable is a message as a reader sees it.
func readable(r store.Row, m *message.Message, reports []store.Report) string {
	text := readableHead(r, m) + reportLines(reports) + "\n" + message.Clean(m.Text()).String()
	return strings.TrimRight(text, "\n") + "\n"
}

// readableHead is the part above the text.
func readableHead(r store.Row, m *message.Message) string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s%s\n", name+":", message.CleanLine(value))
		}
	}
	field("From", addresses(m.From))
	field("To", addresses(m.To))
	field("Cc", addresses(m.Cc))
	field("Date", r.Date.Local().Format("Mon, 2 Jan 2006 15:04 -0700"))
	field("Subject", m.Subject)
	field("Mailbox", r.AccountName+" / "+r.MailboxName)
	for _, att := range m.Attachments() {
		field("Attached", fmt.Sprintf("part %s: %s (%s, %s)", att.Part, att.Name, att.Type, humanSize(att.Size)))
	}
	return b.String()
}

func addresses(list []message.Address) string {
	var out []string
	for _, x := range list {
		if x.Name == "" {
			out = append(out, x.Addr)
		} else {
			out = append(out, x.Name+" <"+x.Addr+">")
		}
	}
	return strings.Join(out, ", ")
}

// humanSize is a size in octets for a person.
func humanSize(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// write puts data on stdout (cleaned when that is a terminal), into a file, or
// into a folder under a name that is never overwritten.
func (a *app) write(output, name string, data []byte) error {
	if output == "" || output == "-" {
		if isTerminal(a.out) {
			data = []byte(message.Clean(string(data)).String())
		}
		if _, err := a.out.Write(data); err != nil {
			return ioTrouble("cannot write to stdout", err)
		}
		return nil
	}
	if isFolder(output) {
		output = filepath.Join(output, message.SafeName(name))
		if err := writeNew(output, data); err != nil {
			return err
		}
		a.talk("written to %s", output)
		return nil
	}
	return writeFile(output, data)
}

// writeFile writes a file the person named: whole or not at all.
func writeFile(path string, data []byte) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() { // a device or a pipe is written as it is
		return created(path, os.WriteFile(path, data, 0o600))
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".mua-*")
	if err != nil {
		return created(path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone after the rename
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return created(path, err)
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return created(path, err)
	}
	_, err = io.Copy(f, strings.NewReader(string(data)))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return created(path, err)
}

func created(path string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return &account.Trouble{Kind: account.KindCreate, What: path + " exists already", Kept: "It was not changed", Hint: "-o FILE replaces a file", Err: err}
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // the path is said already
	}
	return &account.Trouble{Kind: account.KindCreate, What: fmt.Sprintf("cannot write %s: %v", path, err), Err: err}
}
