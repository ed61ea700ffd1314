package ui

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
	"mua/ui/keys"
	"mua/ui/pump"
)

// The fields of the composer, in their order on the screen.
const (
	fromField = iota
	toField
	ccField
	bccField
	subjectField
	bodyField
)

func fieldName(i int) string {
	return []string{"From", "To", "Cc", "Bcc", "Subject", "Text"}[i]
}

// identity is an address one writes from, with its account.
type identity struct {
	account *account.Account
	addr    mail.Address
}

// composer is a message being written: fields and text, then a look over it before sending.
type composer struct {
	base
	u      *App
	draft  compose.Draft   // what has no field here: references, further header fields, …
	stored store.MessageID // the draft in the store this goes on with; 0: none
	froms  []identity
	from   int
	inputs [bodyField]*tview.InputField // by field; From has none
	body   *tview.TextArea
	atts   []compose.Attachment
	focus  int
	errs   map[int]fieldError
	review bool
	off    int // lines of the review scrolled over
	busy   string
	clean  string // the text as it was when nothing was unsaved

	offers completion
	work   pump.Slot
	keep   *keeper
}

// fieldError is what is wrong in a field, and in which column.
type fieldError struct {
	words  string
	column int // -1: nowhere in particular
}

// compose opens a new message, with what d has; resumes is a stored draft it goes on with.
func (u *App) compose(d *compose.Draft, resumes store.MessageID) *composer {
	return u.openComposer(d, resumes, u.mail.account(), resumes == 0)
}

// composeFor opens an answer to, or a forward of, a message.
func (u *App) composeFor(d *compose.Draft, r row) { u.openComposer(d, 0, r.AccountName, true) }

func (u *App) openComposer(d *compose.Draft, resumes store.MessageID, acct string, fresh bool) *composer {
	if d == nil {
		d = &compose.Draft{}
	}
	c := &composer{u: u, draft: *d, stored: resumes, errs: map[int]fieldError{}, keep: &keeper{}}
	c.froms = u.identities()
	c.from = chooseIdentity(c.froms, d.From, acct)
	for i, v := range map[int]string{
		toField: compose.FormatAddresses(d.To), ccField: compose.FormatAddresses(d.Cc),
		bccField: compose.FormatAddresses(d.Bcc), subjectField: d.Subject,
	} {
		c.inputs[i] = u.newInput(text("%s", v).String())
		c.inputs[i].SetChangedFunc(func(string) { c.changed(i) })
	}
	c.atts = slices.Clone(d.Attachments)
	c.body = c.newBody(c.firstText(fresh))
	c.clean = c.fingerprint()
	c.keep.init(c)
	u.status.silence() // what was kept or sent before is not this message
	u.push(c)
	c.setFocus(c.firstFocus())
	u.readBook()
	return c
}

// newBody is the text being written.
func (c *composer) newBody(initial string) *tview.TextArea {
	look := c.u.look
	t := tview.NewTextArea().SetWrap(true).SetWordWrap(true).SetTextStyle(look.plain).SetSelectedStyle(look.selection)
	t.SetBackgroundColor(tcell.ColorDefault)
	t.SetText(initial, false)
	t.SetChangedFunc(func() { c.changed(bodyField) })
	return t
}

// firstText is the text to begin with: room to write, the quote, the signature.
func (c *composer) firstText(fresh bool) string {
	t := text2(c.draft.Text)
	if !fresh {
		return t
	}
	if strings.TrimSpace(t) != "" && (c.draft.Answers != 0 || c.draft.Forwards != 0) {
		t = "\n\n" + strings.TrimLeft(t, "\n")
	}
	if id := c.identity(); id.account != nil && strings.TrimSpace(id.account.Signature) != "" {
		t = strings.TrimRight(t, "\n") + "\n\n-- \n" + strings.Trim(text2(id.account.Signature), "\n") + "\n"
	}
	return t
}

// firstFocus is the first field there is something to write in.
func (c *composer) firstFocus() int {
	switch {
	case c.value(toField) == "":
		return toField
	case c.value(subjectField) == "":
		return subjectField
	}
	return bodyField
}

// identities lists the addresses one can write from, accounts that can send first.
func (u *App) identities() []identity {
	var out, mute []identity
	for _, a := range u.o.Config.Accounts {
		list := append([]mail.Address{a.From}, a.Aliases...)
		for _, addr := range list {
			if addr.Name == "" {
				addr.Name = a.From.Name
			}
			if id := (identity{a, addr}); a.Outgoing != nil {
				out = append(out, id)
			} else {
				mute = append(mute, id)
			}
		}
	}
	return append(out, mute...)
}

// chooseIdentity finds the address a message should come from.
func chooseIdentity(list []identity, want mail.Address, acct string) int {
	byAddr := slices.IndexFunc(list, func(id identity) bool { return strings.EqualFold(id.addr.Address, want.Address) })
	if want.Address != "" && byAddr >= 0 {
		return byAddr
	}
	return max(0, slices.IndexFunc(list, func(id identity) bool { return id.account.Name == acct && id.account.Outgoing != nil }))
}

func (c *composer) identity() identity {
	if c.from < len(c.froms) {
		return c.froms[c.from]
	}
	return identity{}
}

// self tells one's own addresses, for answers.
func (u *App) self() func(string) bool {
	return func(addr string) bool {
		for _, a := range u.o.Config.Accounts {
			if _, ok := a.Identity(addr); ok {
				return true
			}
		}
		return false
	}
}

func (c *composer) value(field int) string { return strings.TrimSpace(c.inputs[field].GetText()) }

// snapshot is the draft as it stands, with addresses as far as they can be read.
func (c *composer) snapshot() compose.Draft {
	d := c.draft
	if id := c.identity(); id.account != nil {
		d.From = id.addr
	}
	d.To, d.Cc, d.Bcc = readable(c.value(toField)), readable(c.value(ccField)), readable(c.value(bccField))
	d.Subject = c.value(subjectField)
	d.Text = c.body.GetText()
	d.Attachments = slices.Clone(c.atts)
	return d
}

// readable is a list of addresses; one that cannot be read is kept as one address that is none yet.
func readable(s string) []message.Address {
	if s == "" {
		return nil
	}
	list, err := compose.ParseAddresses(s)
	if err != nil {
		return []message.Address{{Addr: s}}
	}
	return list
}

// fingerprint tells whether something has been changed.
func (c *composer) fingerprint() string {
	var b strings.Builder
	for i := toField; i < bodyField; i++ {
		b.WriteString(c.value(i) + "\x00")
	}
	b.WriteString(c.body.GetText())
	for _, a := range c.atts {
		b.WriteString("\x00" + a.Name)
	}
	return b.String()
}

// unsaved reports whether leaving would lose something.
func (c *composer) unsaved() bool { return c.fingerprint() != c.clean }

// changed is told of every change of a field.
func (c *composer) changed(i int) {
	delete(c.errs, i)
	if i >= toField && i <= bccField {
		c.suggest(i)
	}
	c.keep.touched()
}

// setFocus gives a field the cursor.
func (c *composer) setFocus(i int) {
	c.offers.drop()
	c.focus = i
	for n, in := range c.inputs {
		switch {
		case in == nil:
		case n == i:
			in.Focus(func(tview.Primitive) {})
		default:
			in.Blur()
		}
	}
	c.body.Blur()
	if i == bodyField {
		c.body.Focus(func(tview.Primitive) {})
	}
}

// step moves the cursor to the next field.
func (c *composer) step(n int) {
	i := min(max(c.focus+n, fromField), bodyField)
	if i == fromField && len(c.froms) < 2 {
		i = toField
	}
	c.setFocus(i)
}

// Contexts are those of writing, or of the look before sending.
func (c *composer) Contexts() []keys.Context {
	if c.review {
		return []keys.Context{keys.Review, keys.Move}
	}
	return []keys.Context{keys.Write}
}

// Where tells what is being written.
func (c *composer) Where() (string, string) {
	what := "▸ new message"
	switch {
	case c.draft.Answers != 0:
		what = "▸ reply"
	case c.draft.Forwards != 0:
		what = "▸ forward"
	case c.stored != 0:
		what = "▸ draft"
	}
	if s := text("%s", c.value(subjectField)); s.String() != "" {
		what += " ▸ " + s.String()
	}
	if c.review {
		what += " ▸ before sending"
	}
	state := ""
	if c.unsaved() {
		state = "not sent yet"
	}
	return what, state
}

// close takes the composer away; nothing of it needs to be kept.
func (c *composer) close() {
	c.work.Stop()
	c.offers.drop()
	c.keep.end()
	c.u.status.settled("send")
	c.u.pop(c)
}

// Closed is told when mua ends with the composer open: the text stays recoverable.
func (c *composer) Closed() { c.keep.flush() }
