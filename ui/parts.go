package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/store"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
	"mua/ui/pump"
)

// parts shows what a message is made of, to look at, to open and to save.
type parts struct {
	base
	u    *App
	row  row
	list []*message.Part
	name map[string]string // by part: the name to save it under
	err  error
	sel  int
	top  int
	h    int
	load pump.Slot
	work pump.Slot // on the part that was chosen
}

func parse(raw []byte) *message.Message { return message.Parse(raw) }

func (u *App) openParts(r row) {
	p := &parts{u: u, row: r}
	st := u.o.Store
	u.pump.Start(&p.load, func(ctx context.Context) func() {
		raw, err := st.Raw(ctx, r.ID)
		var list []*message.Part
		names := map[string]string{}
		if err == nil {
			m := parse(raw)
			list = m.Parts()
			for _, a := range m.Attachments() {
				names[a.Part] = a.Name
			}
		}
		return func() {
			p.list, p.name, p.err = list, names, err
			for i, part := range list {
				if part.Attachment {
					p.sel = i
					break
				}
			}
		}
	})
	u.push(p)
}

func (p *parts) Draw(s tcell.Screen, r cells.Rect) {
	look := p.u.look
	p.h = r.H
	switch {
	case errors.Is(p.err, store.ErrNoBody):
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("Only the header of this message is here; back, and %s fetches the rest.", p.u.keys.Key(keys.Fetch, keys.Mail)), look.dim)
		return
	case p.err != nil:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("The parts are not here yet: %v", p.err), look.dim)
		return
	case p.list == nil:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("Loading …"), look.dim)
		return
	}
	if p.sel < p.top {
		p.top = p.sel
	}
	if p.sel >= p.top+r.H {
		p.top = p.sel - r.H + 1
	}
	for i := 0; i < r.H && p.top+i < len(p.list); i++ {
		part := p.list[p.top+i]
		st, dim := look.plain, look.dim
		if p.top+i == p.sel {
			st, dim = look.cursor, look.cursor
		}
		y := r.Y + i
		cells.Fill(s, r.Row(i), st)
		cells.PutFit(s, r.X+1, y, 6, text("%s", part.ID), dim)
		cells.Put(s, r.X+7, y, 1, text("%s", sign(part.Attachment, "@")), dim)
		cells.PutFit(s, r.X+9, y, r.W-50, text("%s", p.label(part)), st)
		cells.PutFit(s, r.X+r.W-40, y, 28, text("%s", part.Type), dim)
		cells.PutRight(s, r.X+r.W-12, y, 11, text("%s", size(int64(part.Size))), dim)
	}
}

// label names a part in the list.
func (p *parts) label(part *message.Part) string {
	switch {
	case part.Name != "":
		return part.Name
	case p.name[part.ID] != "":
		return p.name[part.ID]
	case strings.HasPrefix(part.Type, "text/"):
		return "(text of the message)"
	}
	return "(without a name)"
}

func (p *parts) Contexts() []keys.Context {
	return []keys.Context{keys.Parts, keys.Move, keys.Global}
}

func (p *parts) Where() (string, string) {
	return "▸ parts of " + p.row.subject.String(), count(len(p.list), "part")
}

func (p *parts) move(n int) { p.sel = min(max(p.sel+n, 0), max(0, len(p.list)-1)) }

func (p *parts) Do(a keys.Action) bool {
	switch a {
	case keys.Up:
		p.move(-1)
	case keys.Down:
		p.move(1)
	case keys.PageUp:
		p.move(-p.h)
	case keys.PageDown:
		p.move(p.h)
	case keys.First:
		p.move(-len(p.list))
	case keys.Last:
		p.move(len(p.list))
	case keys.Back:
		p.u.pop(p)
	case keys.Open, keys.View, keys.Save, keys.Pipe:
		p.doPart(a)
	default:
		return false
	}
	return true
}

func (p *parts) doPart(a keys.Action) {
	if p.sel >= len(p.list) {
		return
	}
	part := p.list[p.sel]
	switch {
	case a == keys.Pipe:
		p.u.askPipe("Pipe part to:", contentOf(part))
	case a == keys.Open && strings.HasPrefix(part.Type, "text/html"):
		p.showText(part, func() string { return message.HTMLToText(partText(part)) })
	case a == keys.Open && strings.HasPrefix(part.Type, "text/"):
		p.showText(part, func() string { return partText(part) })
	case a == keys.Open && strings.HasPrefix(part.Type, "message/"):
		p.showText(part, func() string {
			m := message.Parse(part.Data())
			return "From: " + addressList(m.From) + "\nSubject: " + m.Subject + "\n\n" + m.Text()
		})
	case a == keys.Open, a == keys.View:
		p.open(part)
	default:
		p.askSave(part)
	}
}

// contentOf is what a part holds, decoded.
func contentOf(part *message.Part) source {
	return func(context.Context) ([]byte, error) { return part.Data(), nil }
}

// partText is a text part's bytes as text; message decodes the charset when it parses the part alone.
func partText(part *message.Part) string {
	cs := part.Params["charset"]
	raw := fmt.Appendf(nil, "Content-Type: %s", part.Type)
	if cs != "" && !strings.ContainsAny(cs, "\"\r\n\\") {
		raw = fmt.Appendf(raw, "; charset=%q", cs)
	}
	raw = append(raw, "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"...)
	m := message.Parse(append(raw, part.Data()...))
	if part.Type == "text/html" {
		return m.HTML()
	}
	return m.Text()
}

func (p *parts) showText(part *message.Part, read func() string) {
	u := p.u
	u.pump.Start(&p.work, func(context.Context) func() {
		body := read()
		if len(body) > maxText {
			body = body[:maxText] + "\n…"
		}
		return func() { u.page(p.label(part), body) }
	})
}

// askSave asks where to save a part; nothing is ever overwritten.
func (p *parts) askSave(part *message.Part) {
	p.u.askSave("Save as:", part.FileName(), part.Data())
}

// askSave asks for a path, with a free name in the usual folder to begin with.
func (u *App) askSave(label, name string, data []byte) {
	u.modal(&u.drafting, func(context.Context) func() {
		name := message.SafeName(name)
		path := freeName(downloads() + name)
		return func() {
			u.prompt(label, path, nil, completeFiles, func(p *prompt, path string) { p.saveAs(path, name, data) })
		}
	})
}

// completeFiles completes a path.
func completeFiles(_ context.Context, s string) []string { return completePath(s) }

// saveAs saves under the path answered, or by its name in the folder answered;
// a failure is shown and another path can be given.
func (p *prompt) saveAs(path, name string, data []byte) {
	p.u.modal(&p.slot, func(context.Context) func() {
		path := inFolder(path, name)
		err := saveNew(path, data)
		return func() {
			if err != nil {
				p.fail(-1, err.Error())
				return
			}
			p.close()
			p.u.say("Saved %s (%s)", path, size(int64(len(data))))
		}
	})
}

// askSaveMessage asks where to save a whole message.
func (u *App) askSaveMessage(r row) {
	name := message.SafeName(strings.ReplaceAll(r.subject.String(), "/", "-")) + ".eml"
	u.withRaw(r.ID, func(raw []byte) { u.askSave("Save message as:", name, raw) })
}

// save saves a message or a part of one under a path.
func (u *App) save(from source, path string) {
	u.pump.Serial(func(ctx context.Context) func() {
		raw, err := from(ctx)
		if err == nil {
			err = saveNew(path, raw)
		}
		return func() {
			if err != nil {
				u.oops("save", err)
				return
			}
			u.say("Saved %s (%s)", path, size(int64(len(raw))))
		}
	})
}

// withRaw reads a message's bytes beside the loop.
func (u *App) withRaw(id store.MessageID, do func(raw []byte)) {
	st := u.o.Store
	u.modal(&u.drafting, func(ctx context.Context) func() {
		raw, err := st.Raw(ctx, id)
		return func() {
			if err != nil {
				u.oops("message", err)
				return
			}
			do(raw)
		}
	})
}

// Mouse selects, opens and scrolls.
func (p *parts) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	if a == tview.MouseLeftDoubleClick {
		return p.Do(keys.Open)
	}
	return rows{p.u.body(), p.top, len(p.list), 1}.mouse(a, ev, p.move, func(i int) { p.sel = i })
}
