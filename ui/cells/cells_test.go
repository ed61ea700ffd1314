package cells

import (
	"cmp"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"mua/store/message"
)

func screen(t testing.TB, w, h int) tcell.SimulationScreen {
	t.Helper()
	s := tcell.NewSimulationScreen("UTF-8")
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	s.SetSize(w, h)
	t.Cleanup(s.Fini)
	return s
}

// row reads a line of the screen back.
func row(s tcell.SimulationScreen, y int) string {
	s.Show()
	cells, w, _ := s.GetContents()
	var b strings.Builder
	for x := 0; x < w; x++ {
		r := string(cells[y*w+x].Runes)
		b.WriteString(cmp.Or(r, " "))
		if uniseg.StringWidth(r) == 2 {
			x++
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func TestPutKeepsColumns(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
		used int
	}{
		{"plain", 10, "plain", 5},
		{"[red]x[-]", 10, "[red]x[-]", 9},
		{"[:::http://x]", 20, "[:::http://x]", 13},
		{"会议室", 5, "会议", 4},
		{"会议室", 6, "会议室", 6},
		{"👨‍👩‍👧‍👦!", 3, "👨!", 3}, // sequences are reduced to what all terminals agree about
		{"✌🏽!", 3, "✌!", 2},
		{"❤️!", 3, "❤!", 2},
		{"👍🏽!", 3, "👍!", 3},
		{"👨‍👩‍👧‍👦", 1, "", 0},
		{"e\u0301e\u0301e", 2, "e\u0301e\u0301", 2},
		{"🇵🇹🇩🇪", 3, "🇵🇹", 2},
		{"a\nb", 10, "a", 1},
		{"", 5, "", 0},
	} {
		s := screen(t, 30, 1)
		if n := Put(s, 0, 0, c.w, message.Clean(c.in), tcell.StyleDefault); n != c.used {
			t.Errorf("%q in %d columns: used %d, want %d", c.in, c.w, n, c.used)
		}
		if got := row(s, 0); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestPutFit(t *testing.T) {
	for _, c := range []struct {
		in, want string
		w        int
	}{{"short", "short|", 5}, {"longer", "long…|", 5}, {"会议室会", "会议…|", 5}, {"会议室会", "会… |", 4}} {
		s := screen(t, 10, 1)
		s.Put(c.w, 0, "|", tcell.StyleDefault)
		PutFit(s, 0, 0, c.w, message.CleanLine(c.in), tcell.StyleDefault)
		if got := row(s, 0); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestBoxOverWideCharacter(t *testing.T) {
	s := screen(t, 12, 3)
	Put(s, 0, 1, 12, message.CleanLine("会会会会会会"), tcell.StyleDefault)
	Box(s, Rect{3, 0, 6, 3}, message.CleanLine(""), tcell.StyleDefault, tcell.StyleDefault)
	if got := row(s, 1); got != "会 │    │ 会" {
		t.Errorf("%q", got)
	}
}

func lines(text string, w int) []string {
	var out []string
	for _, l := range Wrap(message.Clean(text), w) {
		out = append(out, l.Text.String())
	}
	return out
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{
		{"one two three four", 10, "one two |three four"},
		{"exactly ten", 11, "exactly ten"},
		{"a\n\nb\n", 20, "a||b"},
		{"> quoted text that goes on", 16, "> quoted text |> that goes on"},
		{">> deep quote here", 10, ">> deep |>> quote |>> here"},
		{"unbreakableunbreakable", 10, "unbreakabl|eunbreakab|le"},
		{"会议改到下午两点", 8, "会议改到|下午两点"},
		{"", 10, ""},
	} {
		if got := strings.Join(lines(c.in, c.w), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestWrapMarks(t *testing.T) {
	got := Wrap(message.Clean("> > twice\n>once\nsee https://example.org/a_(b), or (http://x.example).\n-- \nme"), 30)
	if got[0].Quote != 2 || got[1].Quote != 1 || got[2].Quote != 0 {
		t.Errorf("quotes %d %d %d", got[0].Quote, got[1].Quote, got[2].Quote)
	}
	var links []string
	for _, l := range got {
		for _, s := range l.Links {
			links = append(links, l.Text.String()[s.From:s.To])
		}
	}
	if want := "https://example.org/a_(b) http://x.example"; strings.Join(links, " ") != want {
		t.Errorf("links %q", links)
	}
	if last := got[len(got)-1]; !last.Sig {
		t.Error("the signature is not one")
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("> > a long line with https://example.org/x and 会议 👨‍👩‍👧 e\u0301\u0301", 12)
	f.Add(strings.Repeat("> ", 50)+"x", 8)
	f.Add("https://https://mailto:", 3)
	f.Fuzz(func(t *testing.T, s string, w int) {
		w = min(max(w, 8), 200)
		clean := message.Clean(s)
		prefix := 0
		for src := range strings.Lines(clean.String()) {
			p, _ := quotePrefix(src)
			prefix = max(prefix, Width(p))
		}
		for _, l := range Wrap(clean, w) {
			text := l.Text.String()
			if got := Width(strings.TrimRight(text, " ")); got > max(w, prefix+8)+1 {
				t.Fatalf("%q is %d wide, not %d", text, got, w)
			}
			for _, k := range l.Links {
				if k.From < 0 || k.To > len(text)+64 || k.From > k.To {
					t.Fatalf("link %v in %q", k, text)
				}
			}
		}
	})
}
