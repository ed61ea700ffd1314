package ui

import (
	"context"
	"errors"

	"github.com/gdamore/tcell/v2"

	"mua/store"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
	"mua/ui/pump"
)

// maxText is how much of a message's text is shown, in bytes; all of it can be saved.
const maxText = 4 << 20

// maxColumns is how wide text is set.
const maxColumns = 90

// content is a message as it was read for showing.
type content struct {
	msg     *message.Message
	text    message.Text
	cut     bool           // the text is longer than what is shown
	missing bool           // only the header is here
	wish    store.BodyWish // for the rest of it
	reports []store.Report // on this message, which was sent from here
}

// readContent reads and parses a message; beside the loop.
func readContent(ctx context.Context, st *store.Store, id store.MessageID) (content, error) {
	reports, err := st.ReportsOn(ctx, id)
	if err != nil {
		return content{}, err
	}
	raw, err := st.Raw(ctx, id)
	if errors.Is(err, store.ErrNoBody) {
		head, err := st.Header(ctx, id)
		if err != nil {
			return content{}, err
		}
		wish, err := st.BodyWish(ctx, id)
		return content{msg: message.ParseHeader(head), missing: true, wish: wish, reports: reports}, err
	}
	if err != nil {
		return content{}, err
	}
	m := message.Parse(raw)
	t := m.Text()
	cut := len(t) > maxText
	if cut {
		t = t[:maxText]
	}
	return content{msg: m, text: message.Clean(t), cut: cut, reports: reports}, nil
}

// reader shows one message.
type reader struct {
	u       *App
	row     row // of the message; ID 0: nothing is shown
	c       content
	ready   bool // c is the content of row
	err     error
	all     bool // all headers
	opened  bool // opened on purpose, not only shown beside the list
	lines   []readerLine
	head    []readerLine    // lines without the words for what is missing
	words   string          // for what is missing
	asked   store.MessageID // the message opened that was asked for by itself
	again   bool            // news came during a load
	width   int             // lines are set for this
	off     int
	height  int
	find    finder // words that were typed to be found
	hits    finder // what the list was searched for
	load    pump.Slot
	set     pump.Slot
	seeking pump.Slot
}

// show loads a message; the same one stays as it is.
func (v *reader) show(r row) {
	v.searched(v.u.mail.list().limited)
	if v.row.ID == r.ID && v.err == nil {
		v.row.Row.Flags = r.Flags
		return
	}
	v.row, v.ready, v.err, v.opened, v.off, v.asked, v.again, v.find = r, false, nil, false, 0, 0, false, finder{}
	v.fetch()
}

// clear shows nothing.
func (v *reader) clear() {
	v.load.Stop()
	v.set.Stop()
	v.row, v.c, v.ready, v.err, v.lines, v.off = row{}, content{}, false, nil, nil, 0
}

func (v *reader) fetch() {
	st, id, width, all, r, u := v.u.o.Store, v.row.ID, v.textWidth(), v.all, v.row, v.u
	now := u.now()
	v.set.Stop()
	u.pump.Start(&v.load, func(ctx context.Context) func() {
		select {
		case u.reading <- struct{}{}:
			defer func() { <-u.reading }()
		case <-ctx.Done(): // another message is wanted by now
			return nil
		}
		c, err := readContent(ctx, st, id)
		var lines []readerLine
		if err == nil {
			lines = setLines(c, r, width, all, now)
		}
		return func() {
			v.err = err
			if err != nil {
				if errors.Is(err, store.ErrNotFound) {
					v.clear()
					return
				}
				v.u.oops("message", err)
				return
			}
			v.c, v.ready, v.width = c, true, width
			v.setWords(lines)
			if v.opened {
				v.read()
			}
			if v.again {
				v.again = false
				v.Refresh()
			}
		}
	})
}

// relayout sets the lines anew, for another width or other headers.
func (v *reader) relayout() {
	if !v.ready {
		return
	}
	c, r, width, all, now := v.c, v.row, v.textWidth(), v.all, v.u.now()
	v.width = width
	v.u.pump.Start(&v.set, func(context.Context) func() {
		lines := setLines(c, r, width, all, now)
		return func() {
			if n := len(v.lines); n > 0 {
				v.off = v.off * len(lines) / n
				v.find.hit = v.off - 1
			}
			v.setWords(lines)
		}
	})
}

// textWidth is the columns of the text in the reader's place on the screen.
func (v *reader) textWidth() int {
	w := v.u.mail.layout(v.u.body()).reader.W - 2
	if w < 8 {
		w = v.u.w - 2
	}
	return min(max(w, 8), maxColumns)
}

// Refresh looks again whether the text has come, and whether the message is still there.
func (v *reader) Refresh() {
	if v.row.ID == 0 || v.ready && !v.c.missing {
		return
	}
	if v.load.Busy() {
		v.again = true
		return
	}
	v.fetch()
}

// markOpened says that the person reads this: it is seen as soon as its text is here.
func (v *reader) markOpened() {
	v.opened = true
	if v.ready {
		v.read()
	}
}

// read marks a message as seen whose text is on the screen, or asks for the text.
func (v *reader) read() {
	if v.c.missing {
		v.wantOpened()
		return
	}
	v.u.markSeen(v.row)
}

func (v *reader) Draw(s tcell.Screen, r cells.Rect, focused bool) {
	v.height = r.H
	if v.row.ID == 0 {
		cells.Put(s, r.X+2, r.Y+min(2, r.H-1), r.W-4, text("No message is open."), v.u.look.dim)
		return
	}
	if !v.ready {
		cells.Put(s, r.X+1, r.Y, r.W-2, v.row.subject, v.u.look.dim)
		return
	}
	if v.width != v.textWidth() && !v.set.Busy() {
		v.relayout()
	}
	if v.c.missing && v.words != v.missingWords() { // the network came or went
		v.setWords(v.head)
	}
	v.off = max(0, min(v.off, len(v.lines)-r.H))
	for i := 0; i < r.H && v.off+i < len(v.lines); i++ {
		line := cells.Rect{X: r.X + 1, Y: r.Y + i, W: r.W - 1, H: 1}
		v.lines[v.off+i].draw(s, line, v.u.look)
		v.drawFound(s, line, v.off+i)
	}
	v.drawMore(s, r, focused)
}

// drawMore says in the last line's corner how much follows.
func (v *reader) drawMore(s tcell.Screen, r cells.Rect, focused bool) {
	if len(v.lines) <= r.H {
		return
	}
	st := v.u.look.dim
	if focused {
		st = v.u.look.accent
	}
	words := text(" %d%% ", 100*(v.off+r.H)/len(v.lines))
	if v.off+r.H >= len(v.lines) {
		words = text(" end ")
	}
	cells.PutRight(s, r.X, r.Y+r.H-1, r.W, words, st)
}

// scroll moves by lines; false when it could not move.
func (v *reader) scroll(n int) bool {
	was := v.off
	v.off = max(0, min(v.off+n, len(v.lines)-v.height))
	return v.off != was
}

// do does what only concerns the shown text.
func (v *reader) do(a keys.Action) bool {
	switch a {
	case keys.Up:
		v.scroll(-1)
	case keys.Down:
		v.scroll(1)
	case keys.PageUp, keys.PageBack:
		v.scroll(-max(1, v.height-2))
	case keys.PageDown:
		v.scroll(max(1, v.height-2))
	case keys.First:
		v.off = 0
	case keys.Last:
		v.off = len(v.lines)
	case keys.AllHeaders:
		v.all = !v.all
		v.off = 0
		v.relayout()
	case keys.Find:
		v.askFind()
	case keys.NextMatch:
		return v.nextFound(1, func() { v.u.mail.match(true) })
	case keys.PrevMatch:
		return v.nextFound(-1, func() { v.u.mail.match(false) })
	case keys.Page:
		if !v.scroll(max(1, v.height-2)) && v.ready {
			v.u.remark("End of the message · %s next unread", v.u.keys.Key(keys.NextUnread, keys.Mail))
		}
	default:
		return false
	}
	return true
}
