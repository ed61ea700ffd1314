package keys

import (
	"fmt"
	"slices"
	"strings"

	"mua/store/query"
)

// Map is what the keys do now.
type Map struct {
	rows  []Binding
	keys  [][]string // by row: the sequences that reach it
	index map[Context]map[string]Action
}

// New makes the map of the defaults, a preset ("" or "mutt") and the person's
// own bindings, action → keys, which win over both. What it cannot use it says
// in warnings and leaves as it was.
func New(preset string, own map[string]string) (*Map, []string) {
	m := &Map{rows: Table()}
	var warnings []string
	for _, row := range m.rows {
		spec := row.Keys
		if preset == "mutt" && row.Mutt != "" {
			spec = strings.TrimPrefix(row.Mutt, "-")
		}
		list, _ := parse(spec)
		m.keys = append(m.keys, list)
	}
	if preset != "" && preset != "mutt" {
		warnings = append(warnings, fmt.Sprintf("keys: there is no preset %q (there is mutt)", preset))
	}
	for _, name := range sorted(own) {
		if w := m.bind(Action(name), own[name]); w != "" {
			warnings = append(warnings, w)
		}
	}
	m.reindex()
	return m, warnings
}

func sorted(own map[string]string) []string {
	names := make([]string, 0, len(own))
	for n := range own {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// bind gives an action its keys wherever it has a meaning; others lose them there.
func (m *Map) bind(a Action, spec string) (warning string) {
	list, ok := parse(spec)
	if !ok {
		return fmt.Sprintf("keys: %s = %q: no such key", a, spec)
	}
	known := false
	for i, row := range m.rows {
		if row.Action != a {
			continue
		}
		known = true
		for j, other := range m.rows {
			if j != i && other.Action != a && overlap(row.Context, other.Context) {
				m.keys[j] = slices.DeleteFunc(m.keys[j], func(k string) bool { return clash(k, list) })
			}
		}
		m.keys[i] = list
	}
	if !known {
		return fmt.Sprintf("keys: there is no action %q%s", a, nearest(string(a)))
	}
	return ""
}

// clash reports whether k can no longer be typed when list is bound, or the other way round.
func clash(k string, list []string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		return k == l || strings.HasPrefix(k, l+" ") || strings.HasPrefix(l, k+" ")
	})
}

// Stacks are the contexts that are in force together, the nearest first.
func Stacks() [][]Context {
	return [][]Context{
		{List, Mail, Move, Global}, {Reader, Mail, Move, Global}, {Mailboxes, Move, Global},
		{Outbox, Move, Global}, {Conflicts, Move, Global}, {Parts, Move, Global}, {Write}, {Review, Move},
	}
}

func overlap(a, b Context) bool {
	return slices.ContainsFunc(Stacks(), func(s []Context) bool {
		return slices.Contains(s, a) && slices.Contains(s, b)
	})
}

func nearest(name string) string {
	var names []string
	for _, row := range Table() {
		names = append(names, string(row.Action))
	}
	best := query.Nearest(name, names)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

func (m *Map) reindex() {
	m.index = map[Context]map[string]Action{}
	for i, row := range m.rows {
		in := m.index[row.Context]
		if in == nil {
			in = map[string]Action{}
			m.index[row.Context] = in
		}
		for _, k := range m.keys[i] {
			if _, taken := in[k]; !taken {
				in[k] = row.Action
			}
		}
	}
}

// Find looks a sequence of keys up in contexts, the nearest first. more says
// that it is the beginning of a longer sequence; then there is no action yet.
func (m *Map) Find(contexts []Context, seq []string) (a Action, more bool) {
	typed := strings.Join(seq, " ")
	for _, c := range contexts {
		if a, ok := m.index[c][typed]; ok {
			return a, false
		}
		for k := range m.index[c] {
			if strings.HasPrefix(k, typed+" ") {
				return "", true
			}
		}
	}
	return "", false
}

// Begins reports a sequence that is the beginning of a longer one in any context.
func (m *Map) Begins(seq []string) bool {
	typed := strings.Join(seq, " ")
	for _, all := range m.index {
		for k := range all {
			if strings.HasPrefix(k, typed+" ") {
				return true
			}
		}
	}
	return false
}

// Key is the first key of an action in the first of the contexts that has it, as shown; "" when it has none.
func (m *Map) Key(a Action, contexts ...Context) string {
	for _, c := range contexts {
		for i, row := range m.rows {
			if row.Action == a && row.Context == c && len(m.keys[i]) > 0 {
				return Show(m.keys[i][0])
			}
		}
	}
	return ""
}

// Entry is one line of help.
type Entry struct {
	Keys   []string // as shown
	Action Action
	Text   string
	Hint   string
}

// Hint is what the line of hints says of an action in these contexts.
func (m *Map) Hint(a Action, contexts []Context) (Entry, bool) {
	for _, c := range contexts {
		for i, row := range m.rows {
			if row.Action == a && row.Context == c && row.Hint != "" && len(m.keys[i]) > 0 {
				return Entry{shown(m.keys[i]), a, row.Help, row.Hint}, true
			}
		}
	}
	return Entry{}, false
}

// Section is the help of one context.
type Section struct {
	Title   string
	Entries []Entry
}

// Help tells what the keys do in these contexts, as they are bound now.
func (m *Map) Help(contexts []Context) []Section {
	var out []Section
	for _, c := range contexts {
		s := Section{Title: string(c)}
		for i, row := range m.rows {
			if row.Context == c && len(m.keys[i]) > 0 {
				s.Entries = append(s.Entries, Entry{shown(m.keys[i]), row.Action, row.Help, row.Hint})
			}
		}
		if len(s.Entries) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func shown(list []string) []string {
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = Show(k)
	}
	return out
}

// Actions lists the names of all actions that have a meaning in these contexts.
func Actions(contexts []Context) []string {
	var out []string
	for _, row := range Table() {
		if slices.Contains(contexts, row.Context) && !slices.Contains(out, string(row.Action)) {
			out = append(out, string(row.Action))
		}
	}
	slices.Sort(out)
	return out
}
