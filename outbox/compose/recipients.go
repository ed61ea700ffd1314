package compose

import (
	"slices"
	"strings"

	"mua/account"
	"mua/store/message"
)

// maxAliasSteps is how long a chain of aliases may get.
const maxAliasSteps = 20

// maxRecipients bounds what aliases can grow to.
const maxRecipients = 10_000

// envelope finds the recipients and the envelope sender.
func (in *intake) envelope() error {
	for _, arg := range in.o.Recipients {
		p := &addressParser{s: arg, bare: true}
		list, err := p.list()
		if err != nil {
			return err
		}
		if err := in.addRecipients(list); err != nil {
			return err
		}
	}
	if in.o.ReadRecipients {
		if err := in.headerRecipients(); err != nil {
			return err
		}
	}
	if len(in.recipients) == 0 {
		return badData("the message names no recipient")
	}
	return in.envelopeSender()
}

// headerRecipients takes the recipients of the header: those of the latest
// resending when there is one (as Postfix does), else To, Cc and Bcc.
func (in *intake) headerRecipients() error {
	names := []string{"To", "Cc", "Bcc"}
	resent := []string{"Resent-To", "Resent-Cc", "Resent-Bcc"}
	if slices.ContainsFunc(resent, func(n string) bool { return fieldNamed(in.fields, n) >= 0 }) {
		names = resent
	}
	for _, f := range in.fields {
		if !slices.ContainsFunc(names, f.is) {
			continue
		}
		text, ok := guessUTF8(f.value())
		if !ok {
			text = strings.ToValidUTF8(f.value(), "\uFFFD")
		}
		p := &addressParser{s: text, bare: true, groups: true, field: true}
		list, err := p.list()
		if err != nil {
			return inField(f.name, err)
		}
		if err := in.addRecipients(list); err != nil {
			return inField(f.name, err)
		}
	}
	return nil
}

// addRecipients resolves aliases and adds what is not yet there.
func (in *intake) addRecipients(list []message.Address) error {
	for _, a := range list {
		found, err := in.expand(a)
		if err != nil {
			return err
		}
		for _, to := range found {
			if !slices.Contains(in.recipients, to.Addr) {
				in.recipients = append(in.recipients, to.Addr)
				in.utf8 = in.utf8 || !isASCII(to.Addr)
			}
		}
		if len(in.recipients) > maxRecipients {
			return badData("more than %d recipients", maxRecipients)
		}
	}
	return nil
}

// expand gives the addresses that an address or a local name stands for, in the
// form of the wire; at least one.
func (in *intake) expand(a message.Address) ([]message.Address, error) {
	e := expansion{alias: in.alias, done: map[string]bool{}}
	if err := e.add(a, nil); err != nil {
		return nil, err
	}
	if len(e.out) == 0 {
		return nil, badData("the alias of %q is empty", oneLine(a.Addr))
	}
	return e.out, nil
}

// expansion follows aliases from one name on; each name is followed once.
type expansion struct {
	alias func(string) (string, bool)
	done  map[string]bool
	out   []message.Address
}

// add follows one address or name; chain is how it came there.
func (e *expansion) add(a message.Address, chain []string) error {
	if strings.Contains(a.Addr, "@") {
		wire, err := canonical(a.Addr)
		e.out = append(e.out, message.Address{Name: a.Name, Addr: wire})
		if len(e.out) > maxRecipients {
			err = badData("an alias stands for more than %d addresses", maxRecipients)
		}
		return err
	}
	name := strings.ToLower(a.Addr)
	if slices.Contains(chain, name) || len(chain) >= maxAliasSteps {
		return badData("the alias of %q leads back to itself: %s", oneLine(a.Addr), oneLine(strings.Join(append(chain, name), " → ")))
	}
	if e.done[name] {
		return nil
	}
	value, ok := e.alias(name)
	if !ok {
		return &account.Trouble{
			Kind: account.KindData,
			What: "no address for the local name " + quoteString(oneLine(a.Addr)),
			Hint: "add it under [aliases] in the configuration, or \"*\" for all names",
		}
	}
	p := &addressParser{s: value, bare: true}
	list, err := p.list()
	if err != nil {
		return inField("alias of "+quoteString(oneLine(a.Addr)), err)
	}
	for _, next := range list {
		if err := e.add(next, append(slices.Clone(chain), name)); err != nil {
			return err
		}
	}
	e.done[name] = true
	return nil
}

// alias looks a local name up, in any case, then the catch-all.
func (in *intake) alias(name string) (string, bool) {
	if v, ok := in.o.Aliases[name]; ok {
		return v, true
	}
	for k, v := range in.o.Aliases {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	v, ok := in.o.Aliases["*"]
	return v, ok
}

// givenSender reads the address of -f, which may have angle brackets.
func (in *intake) givenSender() error {
	if in.o.From == "<>" || !strings.Contains(in.o.From, "@") {
		return nil
	}
	p := &addressParser{s: in.o.From}
	list, err := p.list()
	if err != nil {
		return inField("sender", err)
	}
	if len(list) != 1 {
		return badData("sender: one address is needed, %d are given", len(list))
	}
	in.o.From = list[0].Addr
	return nil
}

// envelopeSender chooses MAIL FROM: -f, else the header's author when that is one
// of the person's own addresses, else Identity, else the header's author.
func (in *intake) envelopeSender() (err error) {
	addr := in.o.From
	switch {
	case addr == "<>":
		return nil
	case strings.Contains(addr, "@"):
	default:
		if addr = in.self().Address; addr == "" {
			addr = in.from().Addr
		}
	}
	if addr == "" {
		return badData("the message has no sender, and no account gives one")
	}
	if in.sender, err = canonical(addr); err != nil {
		return inField("sender", err)
	}
	in.utf8 = in.utf8 || !isASCII(in.sender)
	return nil
}
