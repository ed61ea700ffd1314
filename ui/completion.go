package ui

import (
	"context"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"

	"mua/outbox/compose"
	"mua/store"
	"mua/store/addressbook"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/pump"
)

// offered is how many known addresses are offered at once.
const offered = 6

// completion offers known addresses below a field.
type completion struct {
	list   []addressbook.Entry
	chosen int       // -1: none; then Enter and Tab go on to the next field
	slot   pump.Slot // what is in memory and in the store
	files  pump.Slot // what may have changed on disk
	asked  pump.Slot // the person's own program
}

func (o *completion) open() bool { return len(o.list) > 0 }

func (o *completion) drop() {
	o.slot.Stop()
	o.files.Stop()
	o.asked.Stop()
	o.list = nil
}

// lastToken splits a list of addresses before the one being typed.
func lastToken(s string) (head, token string) {
	quoted, at := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case s[i] == ',' && !quoted:
			at = i + 1
		}
	}
	head, token = s[:at], strings.TrimLeft(s[at:], " ")
	if head != "" {
		head += " "
	}
	return head, token
}

// suggest looks for known addresses that go on what is being typed.
func (c *composer) suggest(field int) {
	c.offers.drop()
	_, token := lastToken(c.inputs[field].GetText())
	token = strings.Trim(token, ` "<`)
	if token == "" || field != c.focus {
		return
	}
	book, own := c.u.book, c.ownMatching(token)
	c.u.pump.Start(&c.offers.slot, func(ctx context.Context) func() {
		list, err := book.Known(ctx, token, offered)
		if err != nil {
			return nil
		}
		return func() { c.offer(token, withMore(withMore(list, own), c.offers.list)) }
	})
	c.u.askBooks(&c.offers.files, &c.offers.asked, token, func(list []addressbook.Entry) { c.offerMore(token, list) })
}

// withMore puts more below a list, without what stands in it already.
func withMore(list, more []addressbook.Entry) []addressbook.Entry {
	for _, a := range more {
		if !slices.ContainsFunc(list, func(x addressbook.Entry) bool { return strings.EqualFold(x.Addr, a.Addr) }) {
			list = append(list, a)
		}
	}
	return list
}

// ownMatching are one's own addresses that go on what is being typed.
func (c *composer) ownMatching(token string) []addressbook.Entry {
	var out []addressbook.Entry
	token = strings.ToLower(token)
	for _, id := range c.froms {
		words := append(strings.Fields(strings.ToLower(id.addr.Name)), strings.ToLower(id.addr.Address))
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, token) }) {
			out = append(out, addressbook.Entry{Contact: store.Contact{Name: id.addr.Name, Addr: id.addr.Address}})
		}
	}
	return out
}

// offer shows what was found. What is typed in full is not pushed aside: then none is chosen yet.
func (c *composer) offer(token string, list []addressbook.Entry) {
	if len(list) == 1 && strings.EqualFold(list[0].Addr, token) {
		return
	}
	c.offers.list, c.offers.chosen = list, 0
	if _, err := compose.ParseAddresses(token); err == nil && strings.Contains(token, "@") {
		c.offers.chosen = -1
	}
}

// offerMore shows what was found later below the rest: what a finger may be on its way to stays where it is.
func (c *composer) offerMore(token string, list []addressbook.Entry) {
	if !c.offers.open() {
		list = withMore(nil, list)
		c.offer(token, list[:min(len(list), offered)])
		return
	}
	list = withMore(c.offers.list, list)
	c.offers.list = list[:max(len(c.offers.list), min(len(list), offered))]
}

// offerKey goes through the offers and takes one; false leaves the key to the field.
func (c *composer) offerKey(ev *tcell.EventKey) bool {
	o := &c.offers
	switch ev.Key() {
	case tcell.KeyDown:
		o.chosen = min(o.chosen+1, len(o.list)-1)
	case tcell.KeyUp:
		o.chosen = max(o.chosen-1, -1)
	case tcell.KeyEscape:
		o.drop()
	case tcell.KeyEnter, tcell.KeyTab:
		if o.chosen < 0 {
			o.drop()
			return false
		}
		c.take(o.list[o.chosen].Contact)
	default:
		return false
	}
	return true
}

// take puts a known address in place of what was being typed.
func (c *composer) take(a store.Contact) {
	in := c.inputs[c.focus]
	head, _ := lastToken(in.GetText())
	in.SetText(head + compose.FormatAddresses([]message.Address{clean(a)}) + ", ")
	c.offers.drop()
}

// clean is a contact with its words cleaned for the screen.
func clean(a store.Contact) message.Address {
	return message.Address{Name: text("%s", a.Name).String(), Addr: text("%s", a.Addr).String()}
}

func (o *completion) draw(s tcell.Screen, r cells.Rect, look theme) {
	w := 20
	for _, a := range o.list {
		w = max(w, cells.Width(fullAddress(clean(a.Contact)))+2)
	}
	for i, a := range o.list {
		if i >= r.H {
			return
		}
		st := look.bar
		if i == o.chosen {
			st = look.cursor
		}
		cells.PutFit(s, r.X-1, r.Y+i, min(w, r.W), text(" %s", fullAddress(clean(a.Contact))), st)
	}
}
