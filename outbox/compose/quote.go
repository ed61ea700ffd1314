package compose

import (
	"strings"

	"mua/store/message"
)

// maxSignature is how many lines a signature may have; what is longer is text
// that happens to stand under "-- ".
const maxSignature = 30

// quoteOf gives the text of a message as a quote with its attribution:
// "On 2 Nov 2026, Ada wrote:". Controls are removed, the signature is cut, quotes
// in the text get a ">" more.
func quoteOf(m *message.Message) string {
	lines := withoutSignature(strings.Split(message.Clean(m.Text()).String(), "\n"))
	var b strings.Builder
	b.WriteString(attribution(m))
	b.WriteByte('\n')
	for _, line := range lines {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case line == "":
			b.WriteString(">\n")
		case line[0] == '>':
			b.WriteString(">" + line + "\n")
		default:
			b.WriteString("> " + line + "\n")
		}
	}
	return b.String()
}

// attribution says who wrote what follows, and when.
func attribution(m *message.Message) string {
	who := "someone"
	if len(m.From) > 0 {
		who = cleanName(m.From[0].Name)
		if who == "" {
			who = cleanName(m.From[0].Addr)
		}
	}
	if m.Date.IsZero() {
		return who + " wrote:"
	}
	return "On " + m.Date.Format("2 Jan 2006") + ", " + who + " wrote:"
}

// withoutSignature cuts signatures ("-- ", RFC 3676 4.3) and empty lines at both
// ends. A list's footer under a second "-- " goes as well.
func withoutSignature(lines []string) []string {
	lines = trimEmpty(lines)
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i] != "-- " {
			continue
		}
		if len(lines)-i-1 > maxSignature {
			break
		}
		lines = trimEmpty(lines[:i])
		i = len(lines)
	}
	return lines
}

// trimEmpty removes empty lines at both ends.
func trimEmpty(lines []string) []string {
	for len(lines) > 0 && isBlank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && isBlank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

// cleanName makes a name or an address that came from a message fit for a header
// and for a line of text.
func cleanName(s string) string { return strings.TrimSpace(oneLine(s)) }

// cleanAddresses does that for a list and leaves out what has no address.
func cleanAddresses(list []message.Address) []message.Address {
	var out []message.Address
	for _, a := range list {
		if addr := cleanName(a.Addr); addr != "" {
			out = append(out, message.Address{Name: cleanName(a.Name), Addr: addr})
		}
	}
	return out
}
