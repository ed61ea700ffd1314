package outbox

import (
	"testing"
	"time"
)

func TestLanesFor(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		wait, opening time.Duration
		due, most     int
		want          int
	}{
		{40 * ms, 130 * ms, 50, 4, 4}, {40 * ms, 130 * ms, 50, 2, 2}, {40 * ms, 130 * ms, 50, 0, 1},
		{40 * ms, 130 * ms, 0, 4, 1}, {40 * ms, 130 * ms, 6, 4, 1}, {40 * ms, 130 * ms, 7, 4, 2}, {40 * ms, 130 * ms, 10, 4, 3},
		{ms / 2, 8 * ms, 10, 4, 1}, {ms / 2, 8 * ms, 200, 4, 4}, // near by: for many only
		{time.Second, 8 * ms, 2, 4, 4}, {0, 8 * ms, 500, 4, 1}, {-ms, 0, 500, 4, 1},
	} {
		if got := lanesFor(c.wait, c.opening, c.due, c.most); got != c.want {
			t.Errorf("%v in %v, %d due, at most %d: %d lanes, want %d", c.wait, c.opening, c.due, c.most, got, c.want)
		}
	}
}
