package agent

import (
	"math/rand/v2"
	"time"
)

// backoff spaces the tries after trouble: 5 s doubling to 5 min, each ±20 %, so
// that many clients do not come back in step. first, when given, replaces the 5 s.
type backoff struct{ first, last time.Duration }

const (
	backoffFirst = 5 * time.Second
	backoffMost  = 5 * time.Minute
)

func (b *backoff) next() time.Duration {
	first := b.first
	if first == 0 {
		first = backoffFirst
	}
	b.last = min(max(2*b.last, first), backoffMost)
	return time.Duration(float64(b.last) * (0.8 + 0.4*rand.Float64()))
}

func (b *backoff) reset() { b.last = 0 }
