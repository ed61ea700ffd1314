package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mua/account"
	"mua/store"
	"mua/store/message"
	"mua/ui"
)

// afterDamage is for an opening that failed: a mail.db that is certainly damaged is set aside, not a byte of it changed, and the
// error says so. The store comes without an error when another process has done that meanwhile.
func (a *app) afterDamage(ctx context.Context, dir string, o store.Options, cause error) (*store.Store, error) {
	failed := ioTrouble("cannot open the mail store in "+dir, cause)
	if a.noAside || !store.Damaged(cause) {
		return nil, failed
	}
	path := filepath.Join(dir, "mail.db")
	to, err := store.SetAsideDamaged(ctx, dir, o)
	switch {
	case errors.Is(err, store.ErrLocked):
		return nil, &account.Trouble{
			Kind: account.KindIO, What: cause.Error(), Kept: fmt.Sprintf("It was left as it is, for another program is still at it (%v)", err),
			Hint: "end that program; then mua doctor says what is damaged and how to get the unsent mail out", Err: cause,
		}
	case err != nil:
		return nil, &account.Trouble{
			Kind: account.KindIO, What: cause.Error(), Kept: fmt.Sprintf("It could not be set aside (%v) and was left as it is", err), Err: cause,
		}
	case to == "":
		s, err := store.Open(ctx, dir, o)
		if err != nil {
			return nil, ioTrouble("cannot open the mail store in "+dir, err)
		}
		return s, nil
	}
	a.aside = to
	return nil, &account.Trouble{
		Kind: account.KindIO, What: fmt.Sprintf("%v. %s was set aside: it is now %s, and not a byte of it was changed", cause, path, to),
		Kept: "The next command begins an empty mail store; " + afterAside,
		Hint: "mua doctor says how to get out what is unsent", Err: cause,
	}
}

// afterAside is what there is to know of a mail.db that was set aside.
const afterAside = "mua sync brings back what the servers have, but mail from POP3 may be in that file only, so keep it"

// openToCarry is open for a command that only brings a message: when a damaged mail.db was set aside for it, the message goes
// into the fresh store. With a key it does not: whether the message was sent before only the damaged file tells.
func (a *app) openToCarry(ctx context.Context, key string) (*store.Store, error) {
	s, err := a.open(ctx)
	if err == nil || a.aside == "" {
		return s, err
	}
	if key != "" {
		t := *asTrouble(err)
		t.Kept += fmt.Sprintf(". Whether the message with the key %q was sent before only that file tells", key)
		return nil, &t
	}
	fresh, again := a.open(ctx)
	if again != nil {
		t := *asTrouble(err)
		t.Kept += ". Nor could an empty one be begun now: " + again.Error()
		return nil, &t
	}
	t := *asTrouble(err)
	t.Kept = "The message goes into an empty mail store, begun now; " + afterAside
	fmt.Fprintf(a.err, "mua: %s\n", message.Clean(t.Error())) // also with -q: nobody else may come to hear of it
	return fresh, nil
}

// tellAsides says which databases lie set aside, and how to get out what is in them.
func tellAsides(list []store.Aside, say func(string, ...any)) {
	for _, x := range list {
		if x.Size == 0 {
			say("set aside as damaged: %s, %s; it is empty, so nothing can be got out of it", message.CleanLine(x.Path), humanSize(0))
			continue
		}
		what := "what is unsent in it cannot be told without a rescue, which works on a copy and repairs that"
		if x.Unsent >= 0 {
			what = fmt.Sprintf("%s and %s in it", counted(x.Unsent, "unsent message", "unsent messages"), counted(x.Drafts, "draft", "drafts"))
		}
		say("set aside as damaged: %s, %s; %s", message.CleanLine(x.Path), humanSize(x.Size), what)
		say("  to get that out: %s", rescueCommand(x.Path))
	}
	switch len(list) {
	case 0:
		return
	case 1:
		say("  once that is done, and no mail from POP3 is missed, the file may be deleted")
	default:
		say("  once that is done, and no mail from POP3 is missed, the files may be deleted")
	}
}

// doctorAside is doctor where there is no mail.db, but what was set aside.
func (a *app) doctorAside(ctx context.Context, h store.Health, asides []store.Aside, f doctorFlags) error {
	last := asides[len(asides)-1].Path
	switch {
	case f.rescue == "" && f.aside:
		return usagef("there is no %s: %s is set aside already", h.Path, last)
	case f.rescue == "":
		return a.printHealth(h, asides)
	}
	a.talk("there is no %s: this is what is in %s, which was set aside", h.Path, last)
	if len(asides) > 1 && !a.json {
		tellAsides(asides[:len(asides)-1], a.talk)
	}
	h, err := store.Examine(ctx, "", last)
	if err != nil {
		return ioTrouble("cannot look at "+last, err)
	}
	f.file = last
	lost, err := a.rescue(ctx, h, f)
	if err != nil {
		return err
	}
	return lost
}

// rescueCommand is what gets the unsent mail out of a file that was set aside.
func rescueCommand(path string) string {
	return shellCommand("mua", "doctor", "--file", message.CleanLine(path).String(), "--rescue") + " DIR"
}

// asideJSON is a database that was set aside, in doctor's answer.
type asideJSON struct {
	File   string `json:"file"`
	Size   int64  `json:"size"`
	Unsent *int   `json:"unsent"` // null: it cannot be read without a rescue
	Drafts *int   `json:"drafts"`
	Rescue string `json:"rescue"` // the command for it, with DIR for a folder
}

func newAsides(all []store.Aside) []asideJSON {
	out := []asideJSON{}
	for _, x := range all {
		j := asideJSON{File: x.Path, Size: x.Size, Rescue: rescueCommand(x.Path)}
		if x.Unsent >= 0 {
			j.Unsent, j.Drafts = &x.Unsent, &x.Drafts
		}
		out = append(out, j)
	}
	return out
}

// toldFile names, in the state folder, what the person has acknowledged in the UI: a path a line.
const toldFile = "set-aside-told"

// asideNews is what the UI says of the damaged mail.db that was set aside last: from the start until the person has acknowledged
// it, and over the conflicts for as long as the file lies there.
func (a *app) asideNews(ctx context.Context, s *store.Store) ui.News {
	all, err := store.Asides(ctx, s.Dir())
	if err != nil || len(all) == 0 {
		return ui.News{} // doctor says what is wrong with the folder
	}
	last := all[len(all)-1]
	news := ui.News{Err: &account.Trouble{Kind: account.KindIO, What: "a damaged mail.db was set aside as " + filepath.Base(last.Path),
		Kept: "Not a byte of it was changed, and this mail store was begun after it", Hint: "mua doctor says how to get out what is unsent"}}
	state := stateFolder()
	if state == "" {
		return news
	}
	path := filepath.Join(state, toldFile)
	told, _ := os.ReadFile(path) //nolint:errcheck // it is told once more
	for l := range strings.Lines(string(told)) {
		news.Read = news.Read || strings.TrimSuffix(l, "\n") == last.Path
	}
	news.Seen = func() {
		if os.MkdirAll(state, 0o700) == nil {
			_ = os.WriteFile(path, append(told, last.Path+"\n"...), 0o600)
		}
	}
	return news
}
