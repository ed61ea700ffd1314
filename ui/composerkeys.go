package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/account"
	"mua/outbox/compose"
	"mua/ui/keys"
)

// Key takes letters as text; the keys bound for writing go to the bindings.
func (c *composer) Key(ev *tcell.EventKey) bool {
	if c.review {
		return false
	}
	if c.offers.slot.Busy() && (ev.Key() == tcell.KeyTab || ev.Key() == tcell.KeyEnter) {
		// Typed faster than the known addresses are found: it is meant for them.
		c.u.gate.waitFor(&c.offers.slot)
		return c.u.hold(ev, func() { c.u.key(ev) })
	}
	if c.offers.open() && c.offerKey(ev) {
		return true
	}
	if a, more := c.u.keys.Find(c.Contexts(), []string{keys.Stroke(ev)}); a != "" || more {
		return false
	}
	switch c.focus {
	case fromField:
		c.fromKey(ev)
	case bodyField:
		c.bodyKey(ev)
	default:
		c.fieldKey(ev)
	}
	return true
}

// fromKey goes through the addresses one can write from; what else is typed there changes nothing.
func (c *composer) fromKey(ev *tcell.EventKey) {
	n := len(c.froms)
	switch ev.Key() {
	case tcell.KeyDown, tcell.KeyEnter, tcell.KeyTab:
		c.step(1)
	case tcell.KeyUp, tcell.KeyBacktab: // there is nothing above
	case tcell.KeyLeft:
		c.from = (c.from + n - 1) % n
	case tcell.KeyRight:
		c.from = (c.from + 1) % n
	default:
		if ev.Rune() == ' ' {
			c.from = (c.from + 1) % n
			return
		}
		c.u.remark("← → choose the address to write from; Enter goes on")
	}
}

func (c *composer) fieldKey(ev *tcell.EventKey) {
	switch ev.Key() {
	case tcell.KeyEnter, tcell.KeyTab, tcell.KeyDown:
		c.checkField(c.focus)
		c.step(1)
	case tcell.KeyBacktab, tcell.KeyUp:
		c.checkField(c.focus)
		c.step(-1)
	default:
		c.inputs[c.focus].InputHandler()(ev, func(tview.Primitive) {})
	}
}

func (c *composer) bodyKey(ev *tcell.EventKey) {
	row, _, _, _ := c.body.GetCursor()
	switch {
	case ev.Key() == tcell.KeyBacktab, ev.Key() == tcell.KeyUp && row == 0 && !c.body.HasSelection():
		c.step(-1)
	default:
		c.body.InputHandler()(ev, func(tview.Primitive) {})
	}
}

// Paste puts pasted text where the cursor is: with its lines in the text, as one line in a field.
func (c *composer) Paste(s string) {
	switch {
	case c.review || c.focus == fromField:
	case c.focus == bodyField:
		c.body.PasteHandler()(text2(s), func(tview.Primitive) {})
	default:
		c.inputs[c.focus].PasteHandler()(oneLine(s), func(tview.Primitive) {})
	}
}

// Do does the actions of writing and of the look before sending.
func (c *composer) Do(a keys.Action) bool {
	if c.doing() != "" {
		return true
	}
	switch a {
	case keys.SendNow:
		c.send(c.review)
	case keys.SendLater:
		c.askWhen()
	case keys.Undo:
		c.u.takeBack()
	case keys.Postpone:
		c.postpone(nil)
	case keys.Attach:
		c.askAttach()
	case keys.Detach:
		c.detach()
	case keys.Editor:
		c.externalEditor()
	case keys.ToReview:
		c.toReview()
	case keys.Edit:
		c.review = false
	case keys.Discard, keys.Back:
		c.leave(nil)
	case keys.Help:
		c.u.help()
	case keys.Quit:
		c.u.leave()
	case keys.Up, keys.Down, keys.PageUp, keys.PageDown, keys.First, keys.Last:
		c.scroll(a)
	default:
		// Nothing of what works elsewhere works over a text being written.
	}
	return true
}

func (c *composer) scroll(a keys.Action) {
	page := max(1, c.u.body().H-2)
	c.off += map[keys.Action]int{keys.Up: -1, keys.Down: 1, keys.PageUp: -page, keys.PageDown: page, keys.First: -1 << 20, keys.Last: 1 << 20}[a]
}

// toReview looks over the message; a message with nothing in it is simply left.
func (c *composer) toReview() {
	if c.blank() {
		c.leave(nil)
		return
	}
	c.offers.drop()
	for i := toField; i <= bccField; i++ {
		c.checkField(i)
	}
	c.review, c.off = true, 0
}

func (c *composer) blank() bool {
	return !c.unsaved() && c.stored == 0
}

// leave closes the composer; when something would be lost it asks. then is done afterwards.
func (c *composer) leave(then func()) {
	done := func() {
		if then != nil {
			then()
		}
	}
	if !c.unsaved() {
		c.close()
		done()
		return
	}
	c.u.ask("This message is not sent. Keep it as a draft?", []choice{
		{"y", "keep as a draft", func() { c.postpone(then) }},
		{"n", "throw away what was written", func() { c.close(); done() }},
		{"c", "go on writing", func() { c.review = false }},
	})
}

// askAttach asks for a file and freezes its bytes now.
func (c *composer) askAttach() {
	c.u.prompt("Attach file:", "", &c.u.attached, completeFiles, func(p *prompt, path string) {
		if strings.TrimSpace(path) == "" {
			p.close()
			return
		}
		c.u.modal(&p.slot, func(context.Context) func() {
			a, err := compose.Attach(expandHome(path))
			return func() {
				if err != nil {
					p.fail(-1, attachFailure(err))
					return
				}
				p.close()
				c.atts = append(c.atts, a)
				c.keep.attached()
				c.u.say("Attached %s (%s)", a.Name, size(int64(len(a.Data))))
			}
		})
	})
}

// attachFailure says why a file cannot be attached; what else is said of that where a message is sent at once is not so here.
func attachFailure(err error) string {
	if t, ok := errors.AsType[*account.Trouble](err); ok {
		return oneLine(t.What)
	}
	return oneLine(err.Error())
}

func (c *composer) detach() {
	n := len(c.atts)
	if n == 0 {
		c.u.remark("Nothing is attached")
		return
	}
	c.u.say("Took off %s", c.atts[n-1].Name)
	c.atts = c.atts[:n-1]
	c.keep.attached()
}

// checkField reads the addresses of a field and shows what is wrong with them.
func (c *composer) checkField(i int) bool {
	if i < toField || i > bccField || c.value(i) == "" {
		return true
	}
	_, err := compose.ParseAddresses(c.value(i))
	if err == nil {
		delete(c.errs, i)
		return true
	}
	c.errs[i] = placed(err)
	return false
}

// placed takes the words and the column out of an error that shows its place with a caret.
func placed(err error) fieldError {
	lines := strings.Split(err.Error(), "\n")
	f := fieldError{words: lines[0], column: -1}
	if len(lines) >= 3 && !strings.HasPrefix(strings.TrimSpace(lines[1]), "…") {
		if at := strings.IndexByte(lines[2], '^'); at >= 2 {
			f.column = at - 2
		}
	}
	return f
}

// Mouse puts the cursor into a field or the text.
func (c *composer) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	if c.review {
		c.off += wheel(a)
		return wheel(a) != 0
	}
	x, y := ev.Position()
	none := func(tview.Primitive) {}
	if c.body.InRect(x, y) {
		if a == tview.MouseLeftDown {
			c.setFocus(bodyField)
		}
		c.body.MouseHandler()(a, ev, none)
		return true
	}
	for i, in := range c.inputs {
		if _, fy, _, _ := rectOf(in); in != nil && fy == y && a == tview.MouseLeftClick {
			c.setFocus(i)
			in.MouseHandler()(a, ev, none)
			return true
		}
	}
	return false
}

func rectOf(in *tview.InputField) (x, y, w, h int) {
	if in == nil {
		return 0, -1, 0, 0
	}
	return in.GetRect()
}

// attachedWords lists the attachments in a line.
func (c *composer) attachedWords() string {
	var out []string
	for _, a := range c.atts {
		out = append(out, fmt.Sprintf("%s (%s)", a.Name, size(int64(len(a.Data)))))
	}
	return strings.Join(out, ", ")
}
