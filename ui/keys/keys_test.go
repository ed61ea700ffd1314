package keys

import (
	"slices"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
)

func TestDefaultsDoNotClash(t *testing.T) {
	for _, preset := range []string{"", "mutt"} {
		m, warnings := New(preset, nil)
		if len(warnings) > 0 {
			t.Error(warnings)
		}
		for i, row := range m.rows {
			spec := row.Keys
			if preset == "mutt" && row.Mutt != "" {
				spec = strings.TrimPrefix(row.Mutt, "-")
			}
			list, ok := parse(spec)
			if !ok || !slices.Equal(list, m.keys[i]) {
				t.Errorf("%s: %q", row.Action, spec)
			}
			for j, other := range m.rows[:i] {
				if other.Context != row.Context {
					continue
				}
				for _, k := range m.keys[i] {
					if clash(k, m.keys[j]) {
						t.Errorf("%q preset: %s and %s in %s share %s", preset, row.Action, other.Action, row.Context, k)
					}
				}
			}
		}
		for _, stack := range Stacks() {
			for _, a := range Hints(stack[0]) {
				if _, ok := m.Hint(a, stack); !ok && preset == "" {
					t.Errorf("%s has no hint in %v", a, stack)
				}
			}
		}
	}
}

// No key of the moving or global kind hides one nearer by, or is hidden by surprise, but for those meant to.
func TestWhatIsHidden(t *testing.T) {
	m, _ := New("", nil)
	meant := []string{"Right", "Left", "q", "Esc", "Tab", "Space", "Enter", "R", "c", "t", "h", "y", "d", "a", "e", "p", "i", "s", "?", "F1", "Backspace", "w", "A"}
	for _, stack := range Stacks() {
		seen := map[string]Action{}
		for _, c := range stack {
			for k, a := range m.index[c] {
				if was, there := seen[k]; there && was != a && !slices.Contains(meant, k) {
					t.Errorf("in %v, %s means %s and %s", stack, k, was, a)
				}
				if _, there := seen[k]; !there {
					seen[k] = a
				}
			}
		}
	}
}

func TestFind(t *testing.T) {
	m, _ := New("", nil)
	list := Stacks()[0]
	for _, c := range []struct {
		typed string
		want  Action
		more  bool
	}{{"g", "", true}, {"g g", First, false}, {"g i", GoInbox, false}, {"g r", ReplyAll, false}, {"g x", "", false}, {"r", Reply, false}, {"Ctrl-X", "", false}} {
		if a, more := m.Find(list, strings.Fields(c.typed)); a != c.want || more != c.more {
			t.Errorf("%s: %s %v", c.typed, a, more)
		}
	}
	mutt, _ := New("mutt", nil)
	if a, more := mutt.Find(list, []string{"g"}); a != ReplyAll || more {
		t.Errorf("mutt's g: %q %v", a, more)
	}
}

func TestOwnKeys(t *testing.T) {
	m, warnings := New("", map[string]string{"archive": "y, ctrl-e", "delete": "g", "send": "F9", "archve": "x", "reply": "Hyper-r"})
	if len(warnings) != 2 || !strings.Contains(warnings[0], `did you mean "archive"`) || !strings.Contains(warnings[1], "no such key") {
		t.Errorf("warnings %q", warnings)
	}
	list := Stacks()[0]
	for k, want := range map[string]Action{"y": Archive, "Ctrl-E": Archive, "a": "", "g": Delete, "r": Reply, "g i": ""} {
		if a, _ := m.Find(list, strings.Fields(k)); a != want {
			t.Errorf("%s does %q, want %q", k, a, want)
		}
	}
	if a, _ := m.Find([]Context{Write}, []string{"F9"}); a != SendNow {
		t.Errorf("F9 does %q while writing", a)
	}
}

func TestStrokes(t *testing.T) {
	for want, ev := range map[string]*tcell.EventKey{
		"a":      tcell.NewEventKey(tcell.KeyRune, 'a', 0),
		"ß":      tcell.NewEventKey(tcell.KeyRune, 'ß', 0),
		"Space":  tcell.NewEventKey(tcell.KeyRune, ' ', 0),
		"Alt-f":  tcell.NewEventKey(tcell.KeyRune, 'f', tcell.ModAlt),
		"Ctrl-X": tcell.NewEventKey(tcell.KeyCtrlX, 0, tcell.ModCtrl),
		"S-Tab":  tcell.NewEventKey(tcell.KeyBacktab, 0, 0),
		"Enter":  tcell.NewEventKey(tcell.KeyEnter, 0, 0),
		"F10":    tcell.NewEventKey(tcell.KeyF10, 0, 0),
	} {
		if got := Stroke(ev); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if n, ok := normal(want); !ok || n != want {
			t.Errorf("normal(%q) = %q", want, n)
		}
	}
	for _, bad := range []string{"Hyper-x", "Ctrl-", "F99", "xx"} {
		if _, ok := parse(bad); ok {
			t.Errorf("%q is a key", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range Table() {
		f.Add(b.Keys)
	}
	f.Add(", ,g  g,^x, alt-é")
	f.Fuzz(func(t *testing.T, s string) {
		list, ok := parse(s)
		if !ok {
			return
		}
		again, ok := parse(strings.Join(list, ", "))
		if !ok || !slices.Equal(list, again) && !slices.Contains(list, ",") {
			t.Errorf("%q → %q → %q", s, list, again)
		}
	})
}
