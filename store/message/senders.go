package message

import "strings"

// Senders names those who wrote in a thread, each once, in order: one person by the whole name, several by their first
// names, oneself as "me". It is not cleaned for a terminal.
func Senders(list []Address, me func(addr string) bool) string {
	var names, whole []string
	seen := map[string]bool{}
	for _, a := range list {
		addr := strings.ToLower(a.Addr)
		if seen[addr] {
			continue
		}
		seen[addr] = true
		name, first := a.Name, ""
		switch {
		case me(a.Addr):
			name, first = "me", "me"
		case strings.TrimSpace(name) == "":
			name = a.Addr
			first, _, _ = strings.Cut(a.Addr, "@")
		case strings.Contains(name, ","): // Lovelace, Ada
			_, first, _ = strings.Cut(name, ",")
		default:
			first = name
		}
		if words := strings.Fields(first); len(words) > 0 {
			first = words[0]
		} else {
			first = name
		}
		if !seen["name "+first] { // two addresses of one person
			seen["name "+first] = true
			names, whole = append(names, first), append(whole, name)
		}
	}
	switch len(names) {
	case 0:
		return "(nobody)"
	case 1:
		return whole[0]
	}
	return strings.Join(names, ", ")
}
