package compose

import (
	"fmt"
	"slices"
	"strings"

	"mua/store"
	"mua/store/message"
)

// TakeBack makes the draft of a message that was spooled (raw, with Bcc), addressed to
// those in to, who have not got it, and to nobody else: whoever the header
// names besides is left out, and whoever it does not name, as with sendmail, is in Bcc. A message
// whose header names just them keeps its octets. answers is the message that it answers; 0: none.
func TakeBack(raw []byte, to []string, answers store.MessageID) []byte {
	d := Resume(raw)
	missing := slices.Clone(to)
	changed := false
	for _, list := range []*[]message.Address{&d.To, &d.Cc, &d.Bcc} {
		*list = slices.DeleteFunc(*list, func(a message.Address) bool {
			is := func(addr string) bool { return sameAddress(addr, a.Addr) }
			missing = slices.DeleteFunc(missing, is)
			out := !slices.ContainsFunc(to, is)
			changed = changed || out
			return out
		})
	}
	if !changed && len(missing) == 0 {
		if answers == 0 {
			return raw
		}
		return append(fmt.Appendf(nil, "%s: %d\r\n", fieldAnswers, int64(answers)), raw...)
	}
	for _, addr := range missing {
		d.Bcc = append(d.Bcc, message.Address{Addr: addr})
	}
	d.Answers = answers
	return d.Save()
}

// sameAddress compares addresses in the form of the wire, without regard to case.
func sameAddress(a, b string) bool {
	if wire, err := canonical(b); err == nil {
		b = wire
	}
	return strings.EqualFold(a, b)
}
