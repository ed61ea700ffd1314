package trial

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// inTerminal opens the UI of a box in a shell that goes on after it.
func (b *box) inTerminal(bin string) *terminal {
	x := newTerminal(b.t, b.t.TempDir(), "sh", "-c", fmt.Sprintf("%s --config %s --data %s; echo left with $?; exec cat", bin, b.config, b.data))
	x.sees("? help")
	return x
}

// sends writes a message in the UI and sends it.
func (x *terminal) sends(to, subject string) {
	x.t.Helper()
	x.keys("m")
	x.sees("Subject", "^X send")
	x.typed(to)
	x.keys("Tab", "Tab", "Tab")
	x.typed(subject)
	x.keys("Tab")
	x.typed("Some text.")
	x.sees("Some text.")
	x.keys("C-x")
	x.sees("outbox 1")
}

// TestQuitInsideUndoWindow: leaving sends what still could be taken back; where
// that cannot be, it says what stays, why, and that nobody sends it.
func TestQuitInsideUndoWindow(t *testing.T) {
	bin, servers := buildMua(t), startDemo(t)
	b := newBox(t, "send_delay = \"10m\"\n"+servers.Config(""))
	x := b.inTerminal(bin)
	x.sees("online")
	x.sends("bob@mua.example", "In time")
	x.sees("Goes out in", "u undo")
	x.keys("F10")
	x.sees("sent before leaving: to bob@mua.example “In time”", "left with 0")
	if screen := x.tmux("capture-pane", "-p"); strings.Contains(screen, "outbox") {
		t.Errorf("something stays:\n%s", screen)
	}
	if got := servers.Accepted(); len(got) != 1 || got[0].To[0] != "bob@mua.example" {
		t.Fatalf("the server has %v", got)
	}
	servers.Close()
	x = b.inTerminal(bin)
	x.sees("offline", "connections")
	x.sends("bob@mua.example", "Too late")
	x.sees("until there is a connection")
	asked := time.Now()
	x.keys("F10")
	x.sees("1 message stays in the outbox:", "bob@mua.example “Too late”", "refuses connections", "nobody sends what waits until you run mua, mua sync or mua outbox flush", "left with 0")
	if took := time.Since(asked); took > departing {
		t.Errorf("leaving without a network took %v", took)
	}
	if row := b.mua(0, "outbox", "--json"); !strings.Contains(row, `"state":"queued"`) || !strings.Contains(row, `"not_before":null`) {
		t.Errorf("what stays: %s", row)
	}
}

// departing is less than what leaving waits for where there is a network.
const departing = 8 * time.Second
