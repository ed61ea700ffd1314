package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

// doctorFlags are the flags of mua doctor.
type doctorFlags struct {
	rescue, file string
	aside        bool
}

func newDoctor(a *app) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say whether the mail database is sound, and get the outbox out of a broken one", Args: usageArgs(cobra.NoArgs),
		Long: `Doctor looks at mail.db: whether the database is sound, who may read it, how much
room there is and which mailboxes take it, how far the search index is, what the outbox
holds (also of accounts that are no longer configured) and what waits for servers, which
messages of a server cannot be had and are left out, and says what to do. It needs no
configuration and no network, and it changes nothing. It ends with 74 when something is
damaged.

A mail.db that cannot be opened for damage is set aside by the first command that finds it so:
it is renamed to mail.db.broken-DATE, not one byte of it changed, and the next command begins
an empty mail store. Doctor lists such files, with what is unsent in each and how to get that out;
once that is done, the file may be deleted.

With --rescue DIR it writes every unsent message and every draft that can still
be read into DIR, one file each, and prints how to send them. It works on a copy
in DIR. Of a sound mail.db the messages stay in the outbox, and are sent from there. Where there
is no mail.db, it takes the file that was set aside last.
With --set-aside it then sets aside a mail.db in which it has found damage, also where
other commands can still open it.`,
		Example: `  mua doctor
  mua doctor --rescue ~/rescued --set-aside
  mua doctor --file ~/.local/share/mua/mail.db.broken-20261125-223344 --rescue ~/rescued`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.rescue, "rescue", "", "write what is unsent and the drafts into `DIR`, from a copy")
	cmd.Flags().BoolVar(&f.aside, "set-aside", false, "rename a damaged mail.db, so that mua begins afresh")
	cmd.Flags().StringVar(&f.file, "file", "", "look at this `FILE` instead of the mail.db in the data folder")
	return cmd
}

// doctor examines, rescues and sets aside, in that order.
func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	if f.aside && f.file != "" {
		return usagef("--set-aside is for the mail.db in the data folder: it goes without --file")
	}
	dir, err := a.dataFolder()
	if err != nil && f.file == "" {
		return err
	}
	h, err := store.Examine(ctx, dir, f.file)
	var asides []store.Aside
	if f.file == "" {
		asides, _ = store.Asides(ctx, dir) //nolint:errcheck // a folder that cannot be read is Examine's to tell
	}
	if errors.Is(err, fs.ErrNotExist) {
		if len(asides) > 0 {
			return a.doctorAside(ctx, h, asides, f)
		}
		return &account.Trouble{Kind: account.KindNotFound, What: "there is no " + h.Path, Kept: "Nothing was changed", Err: err}
	}
	if err != nil {
		t := *asTrouble(ioTrouble("cannot look at "+h.Path, err))
		if h.ReadOnly {
			t.Kept, t.Hint = "Nothing was changed", "copy it, and what is named like it, into a folder of yours, then mua doctor --file COPY"
		}
		return &t
	}
	if f.file != "" {
		h.Open = nil // its accounts need not be those of the configuration
	}
	var lost error
	if f.rescue != "" {
		if !a.json { // the answer is how to send what was rescued
			a.tellHealth(h, a.talk)
			tellAsides(asides, a.talk)
		}
		if lost, err = a.rescue(ctx, h, f); err != nil {
			return err
		}
	} else if err := a.printHealth(h, asides); err != nil {
		return err
	}
	if f.aside {
		return errors.Join(a.setAside(dir, h), lost)
	}
	if f.rescue != "" {
		return lost
	}
	return damaged(h)
}

// damaged is the error of an examination that found something.
func damaged(h store.Health) error {
	if len(h.Problems) == 0 {
		return nil
	}
	return &account.Trouble{
		Kind: account.KindIO, What: h.Path + " is damaged: " + message.CleanLine(h.Problems[0]).String(),
		Kept: "It was left as it is", Hint: "mua doctor --rescue DIR gets out what is unsent; with --set-aside mua then begins afresh",
	}
}

func (a *app) setAside(dir string, h store.Health) error {
	if len(h.Problems) == 0 {
		return usagef("%s is sound: there is nothing to set aside", h.Path)
	}
	to, err := store.SetAside(dir, time.Now())
	switch {
	case errors.Is(err, store.ErrLocked):
		return &account.Trouble{Kind: account.KindTemporary, What: err.Error(), Kept: "Nothing was changed", Hint: "end it, then set the file aside", Err: err}
	case err != nil:
		return ioTrouble(h.Path+" could not be set aside", err)
	}
	a.talk("%s is now %s, not a byte of it changed; the next command begins an empty mail store", h.Path, to)
	a.talk("servers give back what they still have: mua sync; mail from POP3 may be in that file only, so keep it")
	return nil
}

// tellHealth says what was found, a line each.
func (a *app) tellHealth(h store.Health, say func(string, ...any)) {
	verdict := "sound"
	if len(h.Problems) > 0 {
		verdict = "damaged"
	}
	say("%s: %s, %s (and %s in its log); %s free on that disk", h.Path, verdict, humanSize(h.Size), humanSize(h.Log), freeWords(h.Free))
	if h.ReadOnly {
		say("it may not be written: it was read as it is")
	}
	for _, p := range h.Problems {
		say("  damage: %s", message.CleanLine(p))
	}
	if h.Schema != 0 {
		say("schema %d of %d; %s, %s", h.Schema, h.Newest, counted(h.Messages, "message", "messages"), counted(h.Drafts, "draft", "drafts"))
	}
	for _, e := range h.Exposed {
		say("others may read or change %s: chmod go= is right", e)
	}
	if h.InUse != 0 {
		say("process %d has it open", h.InUse)
	}
	say("mua %s, SQLite %s", buildVersion(), h.SQLite)
	tellSpace(h, say)
	if i := h.Index; i != nil && h.Messages > 0 {
		say("%s", indexWords(*i))
	}
	for _, st := range itemStates() {
		if n := h.Outbox[st]; n > 0 {
			say("outbox: %d %s", n, st)
		}
	}
	for _, w := range h.LeftOut {
		say("%s", message.CleanLine(w))
	}
	if !h.Oldest.IsZero() {
		say("the oldest that waits was spooled %s", h.Oldest.Format(time.RFC3339))
	}
	for _, id := range h.Uncertain {
		say("item %d is uncertain: mua outbox show %d, then mua outbox resolve %d --sent or --retry", id, id, id)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Open)) {
		ids := h.Open[name]
		if why, repair := a.noSender(name); why != "" {
			say("outbox: nobody can send %s (%s): %s → %s, or mua outbox edit %d", counted(len(ids), "item", "items"), numbers(ids), why, repair, ids[0])
		}
	}
	for _, line := range h.Advice(time.Now(), a.configured) {
		say("%s", line)
	}
	switch {
	case h.Schema == 0: // nothing could be read
	case h.LastFlush.IsZero():
		say("no UI, mua sync --watch or timer has flushed the outbox yet")
	default:
		say("last flushed by the UI, mua sync --watch or a timer %s", h.LastFlush.Format(time.RFC3339))
	}
}

// indexWords says how far the search index is, and what to do.
func indexWords(i store.IndexState) string {
	switch {
	case i.Why != "":
		return fmt.Sprintf("search index: to be built anew (%s), in the background or by mua index; until then searches look at headers", message.CleanLine(i.Why))
	case i.Left > 0:
		return fmt.Sprintf("search index: %s not in it yet; it catches up in the background, or by mua index", counted(i.Left, "message is", "messages are"))
	}
	return "search index: up to date"
}

// boxesTold is how many mailboxes are named of those that take most room.
const boxesTold = 10

// tellSpace says what takes the room.
func tellSpace(h store.Health, say func(string, ...any)) {
	for _, b := range h.Mailboxes[:min(len(h.Mailboxes), boxesTold)] {
		say("  %8s  %s / %s (%s)", humanSize(b.Stored), message.CleanLine(b.Account), message.CleanLine(b.Name), counted(b.Messages, "message", "messages"))
	}
	if n := len(h.Mailboxes) - boxesTold; n > 0 {
		say("  and %s with less", counted(n, "mailbox", "mailboxes"))
	}
	if h.Recoverable > 0 {
		say("  %8s  %s deleted within 30 days (mua recover --deleted)", humanSize(h.RecoverableSize), counted(h.Recoverable, "message", "messages"))
	}
	switch {
	case h.Reusable < 1<<20:
	case h.Shrinks:
		say("  %8s  free; given back step by step after a sync", humanSize(h.Reusable))
	default:
		say("  %8s  free, for mail that comes", humanSize(h.Reusable))
	}
}

// itemStates lists the states in the order of a report.
func itemStates() []store.ItemState {
	return []store.ItemState{store.Queued, store.Sending, store.Held, store.Uncertain, store.Failed, store.Partial, store.Sent, store.Cancelled}
}

// healthJSON is what doctor prints with --json.
type healthJSON struct {
	File      string                  `json:"file"`
	OK        bool                    `json:"ok"`
	ReadOnly  bool                    `json:"read_only"` // it, or beside it, may not be written
	Problems  []string                `json:"problems"`
	Size      int64                   `json:"size"`
	Log       int64                   `json:"log"`
	Free      *int64                  `json:"free"`
	Schema    int                     `json:"schema"`
	Newest    int                     `json:"newest_schema"`
	Exposed   []string                `json:"exposed"`
	InUse     *int                    `json:"in_use_by"`
	Messages  int                     `json:"messages"`
	Drafts    int                     `json:"drafts"`
	Outbox    map[store.ItemState]int `json:"outbox"`
	Oldest    *string                 `json:"oldest_waiting"`
	Uncertain []store.OutboxID        `json:"uncertain"`
	LeftOut   []string                `json:"left_out"`
	LastFlush *string                 `json:"last_flush"`
	Stranded  []store.OutboxID        `json:"stranded"` // null: not known

	Version     string      `json:"version"`
	SQLite      string      `json:"sqlite"`
	Reusable    int64       `json:"reusable"`
	Mailboxes   []spaceJSON `json:"mailboxes"`
	Recoverable int         `json:"recoverable"`
	Wishes      int         `json:"pending"`
	Conflicts   int         `json:"conflicts"`
	Index       *indexJSON  `json:"index"` // null: not known
	Advice      []string    `json:"advice"`
	SetAside    []asideJSON `json:"set_aside"` // what lies beside it, damaged
	Missing     bool        `json:"missing"`   // there is none, only such ones
}

// indexJSON is how far the search index is.
type indexJSON struct {
	Behind int    `json:"behind"` // messages whose text is not in it
	Broken string `json:"broken"` // why it is to be built anew; "": it is not
}

// spaceJSON is what a mailbox takes.
type spaceJSON struct {
	Account  string `json:"account"`
	Name     string `json:"name"`
	Messages int    `json:"messages"`
	Bytes    int64  `json:"bytes"`
	Stored   int64  `json:"stored"`
}

func (a *app) printHealth(h store.Health, asides []store.Aside) error {
	if a.json {
		o := healthJSON{
			File: h.Path, OK: len(h.Problems) == 0, ReadOnly: h.ReadOnly, Problems: list(h.Problems), Size: h.Size, Log: h.Log, Schema: h.Schema, Newest: h.Newest,
			Exposed: list(h.Exposed), Messages: h.Messages, Drafts: h.Drafts, Outbox: map[store.ItemState]int{},
			Oldest: timeJSON(h.Oldest), Uncertain: list(h.Uncertain), LeftOut: list(h.LeftOut), LastFlush: timeJSON(h.LastFlush),
			Version: buildVersion(), SQLite: h.SQLite, Reusable: h.Reusable, Mailboxes: []spaceJSON{}, Recoverable: h.Recoverable,
			Wishes: h.Wishes, Conflicts: h.Conflicts, Advice: list(h.Advice(time.Now(), a.configured)), SetAside: newAsides(asides), Missing: h.Missing,
		}
		if i := h.Index; i != nil {
			o.Index = &indexJSON{Behind: i.Left, Broken: i.Why}
		}
		for _, b := range h.Mailboxes {
			o.Mailboxes = append(o.Mailboxes, spaceJSON{b.Account, b.Name, b.Messages, b.Octets, b.Stored})
		}
		for st, n := range h.Outbox {
			if slices.Contains(itemStates(), st) { // of a damaged file anything may come
				o.Outbox[st] = n
			}
		}
		if h.Free >= 0 {
			o.Free = &h.Free
		}
		o.Stranded = a.strandedOf(h)
		if h.InUse != 0 {
			o.InUse = &h.InUse
		}
		return a.emit(o)
	}
	var failed error
	say := func(format string, args ...any) {
		if _, err := fmt.Fprintf(a.out, format+"\n", args...); err != nil {
			failed = ioTrouble("cannot write to stdout", err)
		}
	}
	if h.Missing {
		say("there is no %s: the next command begins an empty mail store", h.Path)
	} else {
		a.tellHealth(h, say)
	}
	tellAsides(asides, say)
	return failed
}

// configured reports whether an account of that name is set up, also when that cannot be told for want of a readable configuration.
func (a *app) configured(name string) bool {
	c, err := a.conf()
	if err != nil {
		return true
	}
	acct, ok := c.Account(name)
	return ok && acct.Name == name
}

// strandedOf are the open items that nobody can send as things are configured; nil when that cannot be told.
func (a *app) strandedOf(h store.Health) []store.OutboxID {
	if _, err := a.conf(); err != nil || h.Open == nil {
		return nil
	}
	out := []store.OutboxID{}
	for name, ids := range h.Open {
		if why, _ := a.noSender(name); why != "" {
			out = append(out, ids...)
		}
	}
	slices.Sort(out)
	return out
}

func freeWords(n int64) string {
	if n < 0 {
		return "unknown space"
	}
	return humanSize(n)
}
