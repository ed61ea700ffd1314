package imap_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mua/store"
)

// doStep does step n, drawn from its own generator.
func (w *world) doStep(n int) {
	w.step = n
	w.r = rand.New(rand.NewPCG(w.seed, uint64(n)))
	steps := []struct {
		weight int
		name   string
		do     func()
	}{
		{14, "mark", w.mark}, {6, "keyword", w.markKeyword}, {10, "move", w.move}, {4, "archive", w.archive}, {6, "delete", w.trash},
		{4, "append", w.append}, {5, "undo", w.undo},
		{4, "create", w.create}, {4, "rename", w.rename}, {3, "delete mailbox", w.deleteBox}, {2, "subscribe", w.subscribe},
		{8, "other store", w.otherStore}, {5, "other move", w.otherMove}, {3, "other copy+expunge", w.otherCopyExpunge},
		{3, "other copy", w.otherCopy}, {6, "other append", w.otherAppend}, {4, "other expunge", w.otherExpunge},
		{3, "other create", w.otherCreate}, {3, "other rename", w.otherRename}, {2, "other delete", w.otherDelete}, {1, "renumber", w.renumber},
		{8, "cut", w.cutPass}, {9, "pass", func() { w.say("pass"); w.pass() }}, {2, "restart", w.restart},
	}
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	pick := w.r.IntN(total)
	for _, s := range steps {
		if pick -= s.weight; pick < 0 {
			if strings.HasSuffix(s.name, "append") && len(w.allRows()) > 60 {
				s.name, s.do = "other expunge", w.otherExpunge // the world stays small
			}
			w.counts[s.name]++
			s.do()
			return
		}
	}
}

// anyRow picks a message of the store.
func (w *world) anyRow() (store.Row, bool) {
	rows := w.allRows()
	ids := make([]store.MessageID, 0, len(rows))
	for id, r := range rows {
		if mb, err := w.st.Mailbox(w.t.Context(), r.Mailbox); err == nil && !mb.Local {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return store.Row{}, false
	}
	slices.Sort(ids)
	return rows[ids[w.r.IntN(len(ids))]], true
}

// tolerate passes over what a person would be told.
func (w *world) tolerate(err error) bool {
	if errors.Is(err, store.ErrState) || errors.Is(err, store.ErrNoBody) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrNothing) ||
		errors.Is(err, store.ErrTaken) || errors.Is(err, store.ErrNotEmpty) || errors.Is(err, store.ErrName) || errors.Is(err, store.ErrNoRedo) {
		w.say("  refused here: %v", err)
		return false
	}
	w.must(err)
	return true
}

func (w *world) mark() {
	r, ok := w.anyRow()
	if !ok {
		return
	}
	c := store.FlagChange{Add: store.Flagged}
	if r.Flags.Has(store.Flagged) {
		c = store.FlagChange{Remove: store.Flagged}
	}
	w.say("mark %d (%s in %s) +%v -%v", r.ID, r.Subject, r.MailboxName, c.Add.Names(), c.Remove.Names())
	_, err := w.st.MarkFlags(w.t.Context(), []store.MessageID{r.ID}, c)
	w.tolerate(err)
	w.touch(r.ID, "flagged")
}

func (w *world) markKeyword() {
	r, ok := w.anyRow()
	if !ok {
		return
	}
	k := keyword(identityOf(r.Subject))
	c := store.FlagChange{AddKeywords: []string{k}}
	if slices.Contains(r.Keywords, k) {
		c = store.FlagChange{RemoveKeywords: []string{k}}
	}
	w.say("keyword %d (%s in %s) +%v -%v", r.ID, r.Subject, r.MailboxName, c.AddKeywords, c.RemoveKeywords)
	_, err := w.st.MarkFlags(w.t.Context(), []store.MessageID{r.ID}, c)
	w.tolerate(err)
	w.touch(r.ID, "keyword")
}

// usableBoxes are the mailboxes here that messages can be put into, and that are or will be on the server.
func (w *world) usableBoxes() []store.Mailbox {
	boxes, err := w.st.Mailboxes(w.t.Context(), w.id)
	w.must(err)
	return slices.DeleteFunc(boxes, func(m store.Mailbox) bool { return m.Local || m.NoSelect })
}

func (w *world) move() {
	r, ok := w.anyRow()
	if !ok {
		return
	}
	boxes := w.usableBoxes()
	to := boxes[w.r.IntN(len(boxes))]
	w.say("move %d (%s in %s) to %s", r.ID, r.Subject, r.MailboxName, to.Name)
	_, err := w.st.Move(w.t.Context(), []store.MessageID{r.ID}, to.ID)
	if w.tolerate(err) {
		w.placesOf[identityOf(r.Subject)][to.Name] = true
	}
}

func (w *world) archive() {
	r, ok := w.anyRow()
	if !ok {
		return
	}
	w.say("archive %d (%s in %s)", r.ID, r.Subject, r.MailboxName)
	_, err := w.st.Archive(w.t.Context(), []store.MessageID{r.ID})
	if w.tolerate(err) {
		w.placesOf[identityOf(r.Subject)]["Archive"] = true
	}
}

func (w *world) trash() {
	r, ok := w.anyRow()
	if !ok {
		return
	}
	id := identityOf(r.Subject)
	w.say("delete %d (%s in %s)", r.ID, r.Subject, r.MailboxName)
	_, err := w.st.Trash(w.t.Context(), []store.MessageID{r.ID})
	if !w.tolerate(err) {
		return
	}
	if r.MailboxName == "Trash" {
		w.mayVanish[id] = true
	}
	w.placesOf[id]["Trash"] = true
}

// append imports a message, which is thereby to be uploaded.
func (w *world) append() {
	boxes := w.usableBoxes()
	mb := boxes[w.r.IntN(len(boxes))]
	id, raw := w.newIdentity(mb.Name)
	w.say("append id%d to %s", id, mb.Name)
	_, _, err := w.st.AddRemote(w.t.Context(), mb.ID, []store.Incoming{{Raw: raw, Received: time.Unix(1_700_000_000, 0)}})
	w.must(err)
}

func (w *world) undo() {
	before, boxes := w.allRows(), w.boxesBy()
	revise := func(ctx context.Context) (string, error) { return w.st.Undo(ctx) }
	if w.r.IntN(4) == 0 {
		revise = w.st.Redo
	}
	said, err := revise(w.t.Context())
	w.say("undo or redo: %s %v", said, err)
	w.tolerate(err)
	w.afterUndo(boxes)
	for id, r := range w.allRows() { // where it may come back to
		was, had := before[id]
		if (was.Flags^r.Flags)&store.Flagged != 0 {
			w.touch(id, "flagged")
		}
		if k := keyword(identityOf(r.Subject)); slices.Contains(was.Keywords, k) != slices.Contains(r.Keywords, k) {
			w.touch(id, "keyword")
		}
		if !had || was.Mailbox != r.Mailbox {
			w.placesOf[identityOf(r.Subject)][r.MailboxName] = true
		}
	}
}

// anyThere picks a message on the server; its mailbox is selected then.
func (w *world) anyThere() (copyThere, bool) {
	boxes := w.serverBoxes()
	for range 5 {
		b := boxes[w.r.IntN(len(boxes))]
		list := w.serverCopies(b)
		if len(list) > 0 {
			w.exec(fmt.Sprintf("SELECT %q", b))
			return list[w.r.IntN(len(list))], true
		}
	}
	return copyThere{}, false
}

func (w *world) otherStore() {
	c, ok := w.anyThere()
	if !ok {
		return
	}
	f := []string{`\Seen`, `\Answered`, "other"}[w.r.IntN(3)]
	op := "+"
	if slices.Contains(c.flags, f) {
		op = "-"
	}
	w.say("other: %sFLAGS %s on id%d in %s", op, f, c.identity, c.mailbox)
	w.exec(fmt.Sprintf("UID STORE %d %sFLAGS.SILENT (%s)", c.uid, op, f))
}

// elsewhere picks a mailbox on the server other than where c is.
func (w *world) elsewhere(c copyThere) string {
	boxes := slices.DeleteFunc(w.serverBoxes(), func(b string) bool { return b == c.mailbox })
	return boxes[w.r.IntN(len(boxes))]
}

func (w *world) otherMove() {
	c, ok := w.anyThere()
	if !ok {
		return
	}
	to := w.elsewhere(c)
	w.placesOf[c.identity][to] = true
	w.movedOn[c.identity] = true
	w.halfMoved(c.mailbox, c.identity)
	w.say("other: MOVE id%d from %s to %s", c.identity, c.mailbox, to)
	if _, err := w.other.Try(fmt.Sprintf("UID MOVE %d %q", c.uid, to)); err != nil {
		w.exec(fmt.Sprintf("UID COPY %d %q", c.uid, to))
		w.expunge(c)
	}
}

// halfMoved notes what of a mailbox that another client takes a message from (-1: all) is on the server once more than it was
// made: our move has copied it and not yet expunged it. Whichever of the two is taken elsewhere, nobody knows that it was one.
func (w *world) halfMoved(mailbox string, identity int) {
	if !w.server.byCopy {
		return
	}
	count := map[int]int{}
	in := map[int]bool{}
	for _, b := range w.serverBoxes() {
		for _, c := range w.serverCopies(b) {
			if w.leftBehind(c.flags) {
				continue
			}
			count[c.identity]++
			in[c.identity] = in[c.identity] || b == mailbox
		}
	}
	for id, n := range count {
		if in[id] && (id == identity || identity < 0) && n > w.copiesOf[id] {
			w.counts["half moved"]++
			w.copiesOf[id] = n
		}
	}
	_, _ = w.other.Try(fmt.Sprintf("SELECT %q", mailbox))
}

func (w *world) expunge(c copyThere) {
	w.exec(fmt.Sprintf(`UID STORE %d +FLAGS.SILENT (\Deleted)`, c.uid))
	if _, err := w.other.Try(fmt.Sprintf("UID EXPUNGE %d", c.uid)); err != nil {
		w.exec("EXPUNGE")
	}
}

func (w *world) otherCopyExpunge() {
	c, ok := w.anyThere()
	if !ok {
		return
	}
	to := w.elsewhere(c)
	w.placesOf[c.identity][to] = true
	w.movedOn[c.identity] = true
	w.halfMoved(c.mailbox, c.identity)
	w.say("other: COPY id%d from %s to %s, EXPUNGE", c.identity, c.mailbox, to)
	w.exec(fmt.Sprintf("UID COPY %d %q", c.uid, to))
	w.expunge(c)
}

func (w *world) otherCopy() {
	c, ok := w.anyThere()
	if !ok {
		return
	}
	to := w.elsewhere(c)
	w.placesOf[c.identity][to] = true
	w.copiesOf[c.identity]++
	w.say("other: COPY id%d from %s to %s", c.identity, c.mailbox, to)
	w.exec(fmt.Sprintf("UID COPY %d %q", c.uid, to))
}

func (w *world) otherAppend() {
	boxes := w.serverBoxes()
	b := boxes[w.r.IntN(len(boxes))]
	if w.r.IntN(2) == 0 {
		b = "INBOX"
	}
	id, raw := w.newIdentity(b)
	w.say("other: APPEND id%d to %s", id, b)
	w.exec("EXAMINE INBOX")
	w.other.Append(b, raw)
}

func (w *world) otherExpunge() {
	c, ok := w.anyThere()
	if !ok {
		return
	}
	w.mayVanish[c.identity] = true
	w.say("other: EXPUNGE id%d from %s", c.identity, c.mailbox)
	w.expunge(c)
}

func (w *world) renumber() {
	if w.server.renumber == nil {
		return
	}
	boxes := w.serverBoxes()
	b := boxes[w.r.IntN(len(boxes))]
	for _, c := range w.serverCopies(b) {
		if slices.Contains(shownFlags(c.flags), "deleted") {
			w.newUIDs[c.identity] = true
		}
	}
	w.exec("EXAMINE INBOX")
	w.say("renumber %s", b)
	w.server.renumber(b)
	_, _ = w.other.Try("UNSELECT")
}
