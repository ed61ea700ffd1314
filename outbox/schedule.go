package outbox

import (
	"math/rand/v2"
	"time"
)

// Schedule says when a deferred item is tried again and when it is given up.
type Schedule struct {
	Steps  []time.Duration // after the first, second, … failed attempt
	Then   time.Duration   // after every later one
	Jitter float64         // share by which each wait varies, both ways: 0.2 is ±20 %
	GiveUp time.Duration   // since the first deferral; 0: never
	// Rand returns a number in [0, 1); nil: math/rand/v2.
	Rand func() float64
}

// DefaultSchedule waits 1, 5, 15, 30 minutes, then 2 hours, ±20 %, and gives up after 5 days.
func DefaultSchedule() Schedule {
	return Schedule{
		Steps:  []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute},
		Then:   2 * time.Hour,
		Jitter: 0.2,
		GiveUp: 5 * 24 * time.Hour,
	}
}

// Wait is how long to wait after that many failed attempts (at least 1).
func (s Schedule) Wait(failed int) time.Duration {
	d := s.Then
	if i := max(failed, 1) - 1; i < len(s.Steps) {
		d = s.Steps[i]
	}
	random := s.Rand
	if random == nil {
		random = rand.Float64
	}
	return d + time.Duration(float64(d)*s.Jitter*(2*random()-1))
}

// longest is the longest gap between two attempts that still counts as trying:
// twice the longest wait.
func (s Schedule) longest() time.Duration {
	d := s.Then
	for _, step := range s.Steps {
		d = max(d, step)
	}
	return 2 * (d + time.Duration(float64(d)*s.Jitter))
}

// tried is how long an item has been tried in earnest: the time between those
// attempts, oldest first, that reached the server, each gap counted up to the
// longest wait. A week without a network between two attempts is not a week of trying.
func (s Schedule) tried(reached []time.Time) time.Duration {
	var sum time.Duration
	for i := 1; i < len(reached); i++ {
		sum += min(max(reached[i].Sub(reached[i-1]), 0), s.longest())
	}
	return sum
}

// zero reports whether nothing was set.
func (s Schedule) zero() bool { return len(s.Steps) == 0 && s.Then == 0 }
