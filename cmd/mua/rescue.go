package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

// rescuer writes what a damaged database still gives into a folder.
type rescuer struct {
	*app
	dir          string
	stays        bool // the file is sound and in use: what waits in it is sent from there
	items, texts int  // written
	missing      int  // known of, but their text is gone
}

// rescue gets the unsent messages and the drafts out of h's file. lost is the error that says
// that not all could be read; err ends the command.
func (a *app) rescue(ctx context.Context, h store.Health, f doctorFlags) (lost, err error) {
	if h.InUse != 0 {
		a.talk("process %d has %s open: what it writes just now may be missed", h.InUse, h.Path)
	}
	dir, err := filepath.Abs(f.rescue)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, created(dir, err)
	}
	r := &rescuer{app: a, dir: dir, stays: len(h.Problems) == 0 && f.file == ""}
	notes, whole, err := store.Salvage(ctx, h.Path, dir, store.Rescue{Item: r.item, Draft: r.draft})
	if err != nil {
		return nil, ioTrouble("the rescue did not come to its end", err)
	}
	for _, n := range notes {
		a.talk("%s", message.CleanLine(n))
	}
	a.talk("%s and %s are in %s", counted(r.items, "unsent message", "unsent messages"), counted(r.texts, "draft", "drafts"), dir)
	if r.stays && r.items > 0 {
		a.talk("%s is sound: they are still in its outbox and are sent from there; a line behind a # would send one a second time", h.Path)
	}
	if r.missing > 0 {
		return &account.Trouble{Kind: account.KindIO, What: fmt.Sprintf("the text of %s could not be read", counted(r.missing, "message", "messages")),
			Kept: h.Path + " was left as it is"}, nil
	}
	if !whole && r.items+r.texts == 0 {
		return &account.Trouble{Kind: account.KindIO, What: "what is unsent in " + h.Path + ", if anything, could not be read",
			Kept: "It was left as it is", Hint: "keep it: it may be all there is"}, nil
	}
	return nil, nil
}

// rescuedJSON is what is known of a rescued message, and the file beside its text.
type rescuedJSON struct {
	Kind       string          `json:"kind"` // outbox or draft
	ID         int64           `json:"id"`
	Account    *string         `json:"account"`
	State      store.ItemState `json:"state,omitempty"`
	File       *string         `json:"file"` // of its text; null: lost
	Sender     string          `json:"sender"`
	Recipients []recipientJSON `json:"recipients"`
	Open       []string        `json:"open"`  // to whom it is still to go
	Maybe      []string        `json:"maybe"` // who may have got it
	Subject    string          `json:"subject"`
	MessageID  *string         `json:"message_id"`
	Created    *string         `json:"created"`
	NotBefore  *string         `json:"not_before"`
	Key        *string         `json:"key"`
	Stays      bool            `json:"stays"` // it is still in the outbox, and is sent from there
	Problems   []string        `json:"problems"`
}

// item writes one unsent message and says how to send it.
func (r *rescuer) item(it store.SalvagedItem) error {
	open, maybe := it.Unanswered()
	o := newOutboxJSON(store.Item{Recipients: it.Recipients})
	j := rescuedJSON{Kind: "outbox", ID: int64(it.ID), Account: orNull(it.Account), State: it.State, Sender: it.Sender, Recipients: o.Recipients,
		Open: list(open), Maybe: list(maybe), Subject: it.Subject, MessageID: orNull(it.HeaderID), Created: timeJSON(it.Created),
		NotBefore: timeJSON(it.NotBefore), Key: orNull(it.Key), Stays: r.stays, Problems: list(it.Problems)}
	path, err := r.put(fmt.Sprintf("outbox-%d", it.ID), it.Raw, &j)
	if err != nil || path == "" {
		return err
	}
	r.items++
	if r.json {
		return nil
	}
	r.tellProblems(fmt.Sprintf("item %d", it.ID), it.Problems)
	switch {
	case r.stays && len(open) > 0:
		err = r.print("# still in the outbox (%d, %s): %s", it.ID, it.State, resend(it.Account, it.Sender, open, path))
	case len(open) > 0 && it.NotBefore.After(time.Now()):
		r.talk("item %d was not to be sent before %s: the line behind the # sends it at once", it.ID, it.NotBefore.Local().Format("2006-01-02 15:04"))
		err = r.print("# %s", resend(it.Account, it.Sender, open, path))
	case len(open) > 0:
		err = r.print("%s", resend(it.Account, it.Sender, open, path))
	}
	if r.stays && len(maybe) > 0 {
		r.talk("item %d may have been sent to %s: mua outbox show %d", it.ID, message.CleanLine(strings.Join(maybe, ", ")), it.ID)
		return err
	}
	if err == nil && len(maybe) > 0 {
		r.talk("item %d may have been sent to %s: ask before you send it again (same Message-ID) with the line behind the #", it.ID, message.CleanLine(strings.Join(maybe, ", ")))
		err = r.print("# %s", resend(it.Account, it.Sender, maybe, path))
	}
	if err == nil && len(open)+len(maybe) == 0 {
		r.talk("to whom %s was to go is not known: see its header", path)
	}
	return err
}

func (r *rescuer) draft(d store.SalvagedDraft) error {
	j := rescuedJSON{Kind: "draft", ID: int64(d.ID), Account: orNull(d.Account), Recipients: []recipientJSON{}, Open: []string{}, Maybe: []string{},
		Subject: d.Subject, Problems: list(d.Problems)}
	path, err := r.put(fmt.Sprintf("draft-%d", d.ID), d.Raw, &j)
	if err != nil || path == "" {
		return err
	}
	r.texts++
	if r.json {
		return nil
	}
	r.tellProblems(fmt.Sprintf("draft %d", d.ID), d.Problems)
	r.talk("draft: %s  %s", path, message.CleanLine(d.Subject))
	return nil
}

func (r *rescuer) tellProblems(what string, problems []string) {
	for _, p := range problems {
		r.talk("%s: %s", what, message.CleanLine(p))
	}
}

func (r *rescuer) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(r.out, format+"\n", args...); err != nil {
		return ioTrouble("cannot write to stdout", err)
	}
	return nil
}

// put writes a text and what is known of it as two files; path is "" when the text is lost.
func (r *rescuer) put(name string, raw []byte, j *rescuedJSON) (path string, err error) {
	base := filepath.Join(r.dir, name)
	if raw != nil {
		path = base + ".eml"
		if err := writeNew(path, raw); err != nil {
			return "", err
		}
		j.File = &path
	} else if j.Problems = append(j.Problems, "its text is lost"); true {
		r.missing++
		if !r.json {
			r.tellProblems(strings.Replace(name, "-", " ", 1), j.Problems)
		}
	}
	b, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return "", err
	}
	if err := writeNew(base+".json", append(b, '\n')); err != nil {
		return "", err
	}
	if r.json {
		err = r.emit(j)
	}
	return path, err
}

// resend is the shell command that sends a message from a file to these recipients, byte for byte.
// Its words may come out of a damaged file.
func resend(acct, sender string, to []string, path string) string {
	words := []string{"mua", "sendmail"}
	if acct != "" {
		words = append(words, "--account", acct)
	}
	if sender == "" {
		sender = "<>" // the null reverse-path: without -f it would be the account's address
	}
	words = append(words, "-f", sender)
	words = append(append(words, "-i", "--"), to...)
	for i, w := range words {
		words[i] = message.CleanLine(w).String()
	}
	return shellCommand(words...) + " < " + shellWord(message.CleanLine(path).String())
}
