package ui

import (
	"testing"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/ui/cells"
)

// putCounter counts what reaches tcell.
type putCounter struct {
	tcell.SimulationScreen
	puts int
}

func (c *putCounter) Put(x, y int, s string, st tcell.Style) (string, int) {
	c.puts++
	return c.SimulationScreen.Put(x, y, s, st)
}

func TestOnlyDifferencesAreSent(t *testing.T) {
	sim := tcell.NewSimulationScreen("UTF-8")
	count := &putCounter{SimulationScreen: sim}
	s := newTerminal(count)
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	defer s.Fini()
	sim.SetSize(40, 10)
	draw := func(line string) int {
		count.puts = 0
		s.Clear()
		for y := range 10 {
			cells.Put(s, 0, y, 40, text("line %d", y), tcell.StyleDefault)
		}
		cells.Put(s, 0, 5, 40, text("%s", line), tcell.StyleDefault)
		s.Show()
		return count.puts
	}
	if n := draw("hello"); n != 400 {
		t.Errorf("the first frame sends %d cells", n)
	}
	if n := draw("hello"); n != 0 {
		t.Errorf("the same frame sends %d cells", n)
	}
	if n := draw("hallo"); n != 1 {
		t.Errorf("one letter sends %d cells", n)
	}
	if n := draw("h🇵🇹llo"); n < 39 {
		t.Errorf("a line with a sequence sends %d cells", n)
	}
	if got, _, w := s.Get(1, 5); got != "🇵🇹" || w != 2 {
		t.Errorf("%q %d", got, w)
	}
	sim.SetSize(50, 12)
	if n := draw("hello"); n != 600 {
		t.Errorf("after a resize %d cells are sent", n)
	}
}

// TestNewsFromTheStart: what happened before the UI was opened stays until it is acknowledged, before all other errors, and
// can be read afterwards.
func TestNewsFromTheStart(t *testing.T) {
	news, seen := News{Err: &account.Trouble{What: "a damaged mail.db was set aside", Hint: "mua doctor"}}, make(chan struct{}, 1)
	news.Seen = func() { seen <- struct{}{} }
	r := start(t, setup{options: func(o *Options) { o.News = news }, config: func(c *account.Config) { c.Keys = map[string]string{"nonsense": "z"} }})
	r.sees("a damaged mail.db was set aside → mua doctor (and 1 other error)")
	r.keys("E")
	r.wait(seen, "the word that it was seen")
	r.seesNot("set aside")
	r.sees(`there is no action "nonsense"`, "g c shows it again")
	r.keys("E", "g c")
	r.sees("a damaged mail.db was set aside → mua doctor", "No conflicts")
}

// TestOldNews: what was acknowledged in an earlier run is only to be found.
func TestOldNews(t *testing.T) {
	r := start(t, setup{options: func(o *Options) {
		o.News = News{Err: &account.Trouble{What: "a damaged mail.db was set aside"}, Read: true}
	}})
	r.seesNot("set aside")
	r.keys("g c")
	r.sees("a damaged mail.db was set aside")
}
