// Package keys says what a key does: the actions there are, the keys they have
// by default, in the mutt preset and in the person's configuration, and the
// help that follows from what is bound now.
//
// A key is written as people write it: a, G, $, Space, Enter, Esc, Tab, S-Tab,
// Up, PgDn, F5, Ctrl-X, Alt-x; a sequence has spaces between ("g g"), several
// keys for one action commas ("q, Esc").
package keys

import (
	"strings"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
)

// Stroke names one key as it is written in bindings.
func Stroke(ev *tcell.EventKey) string {
	alt := ""
	if ev.Modifiers()&tcell.ModAlt != 0 {
		alt = "Alt-"
	}
	switch k := ev.Key(); {
	case k == tcell.KeyRune && ev.Rune() == ' ':
		return alt + "Space"
	case k == tcell.KeyRune:
		return alt + string(ev.Rune())
	case special()[k] != "":
		return alt + special()[k]
	case k >= tcell.KeyCtrlA && k <= tcell.KeyCtrlZ:
		return alt + "Ctrl-" + string(rune('A'+k-tcell.KeyCtrlA))
	case k >= tcell.KeyF1 && k <= tcell.KeyF12:
		return alt + tcell.KeyNames[k]
	}
	return alt + tcell.KeyNames[ev.Key()]
}

// special lists the keys with names of their own.
func special() map[tcell.Key]string {
	return map[tcell.Key]string{
		tcell.KeyEnter: "Enter", tcell.KeyEscape: "Esc", tcell.KeyTab: "Tab", tcell.KeyBacktab: "S-Tab",
		tcell.KeyBackspace: "Backspace", tcell.KeyBackspace2: "Backspace", tcell.KeyDelete: "Del", tcell.KeyInsert: "Ins",
		tcell.KeyUp: "Up", tcell.KeyDown: "Down", tcell.KeyLeft: "Left", tcell.KeyRight: "Right",
		tcell.KeyPgUp: "PgUp", tcell.KeyPgDn: "PgDn", tcell.KeyHome: "Home", tcell.KeyEnd: "End",
	}
}

// Show is a key as it is shown: arrows as arrows.
func Show(key string) string {
	switch key {
	case "Up":
		return "↑"
	case "Down":
		return "↓"
	case "Left":
		return "←"
	case "Right":
		return "→"
	}
	return strings.ReplaceAll(key, "Ctrl-", "^")
}

// parse reads "q, Esc" or "g g" into normal form; ok is false when a name is unknown.
func parse(spec string) (list []string, ok bool) {
	if strings.TrimSpace(spec) == "," {
		return []string{","}, true
	}
	for one := range strings.SplitSeq(spec, ",") {
		var seq []string
		for word := range strings.FieldsSeq(one) {
			k, ok := normal(word)
			if !ok {
				return nil, false
			}
			seq = append(seq, k)
		}
		if len(seq) > 0 {
			list = append(list, strings.Join(seq, " "))
		}
	}
	return list, true
}

// normal gives a key's name its canonical spelling.
func normal(word string) (string, bool) {
	if utf8.RuneCountInString(word) == 1 {
		return word, true
	}
	low := strings.ToLower(word)
	if rest, alt := strings.CutPrefix(low, "alt-"); alt {
		if utf8.RuneCountInString(rest) == 1 {
			return "Alt-" + word[len("alt-"):], true
		}
		k, ok := normal(rest)
		return "Alt-" + k, ok
	}
	for _, p := range []string{"ctrl-", "c-", "^"} {
		if rest, ctrl := strings.CutPrefix(low, p); ctrl && len(rest) == 1 && rest[0] >= 'a' && rest[0] <= 'z' {
			return "Ctrl-" + strings.ToUpper(rest), true
		}
	}
	switch low {
	case "escape":
		return "Esc", true
	case "return":
		return "Enter", true
	case "space":
		return "Space", true
	case "backtab", "shift-tab":
		return "S-Tab", true
	case "delete":
		return "Del", true
	case "insert":
		return "Ins", true
	case "pageup":
		return "PgUp", true
	case "pagedown":
		return "PgDn", true
	}
	for _, n := range special() {
		if strings.ToLower(n) == low {
			return n, true
		}
	}
	for k := tcell.KeyF1; k <= tcell.KeyF12; k++ {
		if strings.ToLower(tcell.KeyNames[k]) == low {
			return tcell.KeyNames[k], true
		}
	}
	return "", false
}
