package compose

import (
	"maps"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"mua/store/message"
)

// addressFields are the fields whose value is a list of addresses, in lower case.
var addressFields = []string{
	"from", "sender", "reply-to", "to", "cc", "bcc",
	"resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc",
	"mail-followup-to", "mail-reply-to", "disposition-notification-to", "return-receipt-to",
}

func isAddressField(name string) bool {
	return slices.Contains(addressFields, strings.ToLower(name))
}

// headers rewrites the fields that cannot travel as they are: raw 8-bit text
// becomes encoded words or RFC 2231 parameters, long lines are folded. The other
// fields keep their octets.
func (r *recoder) headers(fields []rawField) []rawField {
	out := slices.Clone(fields)
	for i, f := range out {
		if !isSevenBit(f.raw) {
			out[i] = r.field(f)
		}
	}
	return out
}

// field rewrites one field by its syntax, as unstructured text where its own
// syntax cannot be read: decoders show that as it was.
func (r *recoder) field(f rawField) rawField {
	value := f.value()
	text, ok := guessUTF8(value)
	if !ok {
		var h header
		w := h.field(f.name)
		w.text(value, charset{"unknown-8bit", func(string) int { return 1 }})
		return rawField{f.name, h.Bytes()}
	}
	switch name := strings.ToLower(f.name); {
	case isAddressField(name):
		if again, ok := r.addressField(f.name, text); ok {
			return again
		}
	case name == "content-type" || name == "content-disposition":
		if t, params, err := mime.ParseMediaType(text); err == nil {
			return paramField(f.name, t, listParams(params))
		}
	}
	return textField(f.name, text)
}

// addressField rewrites a list of addresses; ok is false when it cannot be read
// as one (groups count as that: they would lose their names).
func (r *recoder) addressField(name, text string) (f rawField, ok bool) {
	p := &addressParser{s: text, bare: true}
	list, err := p.list()
	if err != nil || len(list) == 0 {
		return rawField{}, false
	}
	for i, a := range list {
		list[i].Name = decodeName(a.Name)
		if wire, err := canonical(a.Addr); err == nil {
			list[i].Addr = wire
		}
		r.utf8 = r.utf8 || !isASCII(list[i].Addr)
	}
	return addressesField(name, list), true
}

// decodeName decodes encoded words in a display name and makes it one line.
func decodeName(name string) string {
	if !strings.Contains(name, "=?") {
		return name
	}
	return strings.TrimSpace(oneLine(message.DecodeHeader(name)))
}

// guessUTF8 gives a header value as UTF-8; ok is false when its charset is unknown.
func guessUTF8(value string) (text string, ok bool) {
	if utf8.ValidString(value) {
		return value, true
	}
	switch textCharset([]byte(value)) {
	case "iso-8859-1", "windows-1252":
		text, err := charmap.Windows1252.NewDecoder().String(value)
		return text, err == nil
	}
	return "", false
}

// textField makes an unstructured field.
func textField(name, value string) rawField {
	var h header
	h.text(name, value)
	return rawField{name, trimEnd(h.Bytes())}
}

// addressesField makes an address field; every Addr is in its final form.
func addressesField(name string, list []message.Address) rawField {
	var h header
	h.addresses(name, list)
	return rawField{name, trimEnd(h.Bytes())}
}

// paramField makes a field with parameters.
func paramField(name, value string, params []param) rawField {
	var h header
	h.parameterised(name, value, params)
	return rawField{name, trimEnd(h.Bytes())}
}

// listParams gives parameters in the order of their names.
func listParams(params map[string]string) []param {
	out := make([]param, 0, len(params))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		out = append(out, param{name, params[name]})
	}
	return out
}

// trimEnd removes the line end of a rendered field.
func trimEnd(b []byte) []byte { return b[:len(b)-len("\r\n")] }
