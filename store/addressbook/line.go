package addressbook

import (
	"bytes"
	"iter"
	"strings"
)

// property is a line of a vCard, unfolded.
type property struct{ text string }

// wanted reports the properties that are read; photos and keys are not even unfolded.
func (p property) wanted() bool {
	switch p.name() {
	case "BEGIN", "END", "FN", "N", "NICKNAME", "ORG", "EMAIL":
		return true
	}
	return false
}

// properties goes through the wanted properties of data: lines that begin with a blank belong to the one
// before, and in vCard 2.1 so does a line after one of quoted-printable that ends in =.
func properties(data []byte) iter.Seq[property] {
	return func(yield func(property) bool) {
		var p property
		take, soft := false, false
		for len(data) > 0 {
			var l []byte
			l, data, _ = bytes.Cut(data, []byte("\n"))
			l = bytes.TrimSuffix(l, []byte("\r"))
			folded := len(l) > 0 && (l[0] == ' ' || l[0] == '\t')
			switch {
			case folded || soft:
				if folded && !soft {
					l = l[1:]
				}
				if take && len(p.text)+len(l) < maxCard {
					p.text = strings.TrimSuffix(p.text, "=") + string(l)
				}
			default:
				if take && !yield(p) {
					return
				}
				p = property{string(l[:min(len(l), maxCard)])}
				take = p.wanted()
			}
			soft = take && strings.HasSuffix(p.text, "=") && p.quoted()
		}
		if take {
			yield(p)
		}
	}
}

// name is the property's name in upper case, without its group.
func (p property) name() string {
	head := p.text[:min(len(p.text), 100)]
	if i := strings.IndexAny(head, ":;"); i >= 0 {
		head = head[:i]
	}
	if i := strings.LastIndexByte(head, '.'); i >= 0 {
		head = head[i+1:]
	}
	return strings.ToUpper(strings.TrimSpace(head))
}

// head is what stands before the value's colon, which within quotes is none; false when there is no value.
func (p property) head() (string, bool) {
	quoted := false
	for i := range len(p.text) {
		switch p.text[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return p.text[:i], true
			}
		}
	}
	return "", false
}

// quoted reports whether the value is in quoted-printable.
func (p property) quoted() bool {
	head, _ := p.head()
	return strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// modern names the parameters that vCard 2.1 writes without a name: EMAIL;INTERNET;PREF:…
func (p property) modern() string {
	head, ok := p.head()
	if !ok || strings.Contains(head, `"`) || !strings.Contains(head, ";") {
		return p.text
	}
	params := strings.Split(head, ";")
	for i, v := range params {
		switch v = strings.TrimSpace(v); {
		case i == 0 || v == "" || strings.Contains(v, "="):
		case strings.EqualFold(v, "QUOTED-PRINTABLE") || strings.EqualFold(v, "BASE64") || strings.EqualFold(v, "8BIT"):
			params[i] = "ENCODING=" + v
		default:
			params[i] = "TYPE=" + v
		}
	}
	return strings.Join(params, ";") + p.text[len(head):]
}
