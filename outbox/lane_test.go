package outbox

import (
	"testing"
	"time"
)

func TestLanesFor(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		wait      time.Duration
		due, most int
		want      int
	}{
		{0, 500, 4, 1}, {4 * ms, 500, 4, 1}, // near: our own commits take longer
		{40 * ms, 500, 4, 4}, {40 * ms, 500, 2, 2}, {40 * ms, 500, 0, 1},
		{40 * ms, 0, 4, 1}, {40 * ms, 2, 4, 1}, {40 * ms, 3, 4, 2}, {40 * ms, 8, 4, 3},
	} {
		if got := lanesFor(c.wait, c.due, c.most); got != c.want {
			t.Errorf("%v, %d due, at most %d: %d lanes, want %d", c.wait, c.due, c.most, got, c.want)
		}
	}
}
