package demo

import (
	"slices"
	"time"
)

// Sample is one message of the demo's mailboxes.
type Sample struct {
	Mailbox  string
	Flags    []string  // such as `\Seen`
	Raw      []byte    // CRLF line ends
	Received time.Time // to the second
}

// The people who write; Ada is the demo's user.
const (
	ada   = "Ada Linden <ada@" + Domain + ">"
	mira  = "Mira Sund <mira@harbour.example>"
	jonas = "Jonas Bergström <jonas@harbour.example>"
	priya = "Priya Raman <priya.raman@northpier.example>"
	tern  = "tern-dev <tern-dev@lists.tern.example>"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// Samples is the demo's mail: a few dozen messages of the kinds people get, all
// written for this, spread over the seven weeks before now and oldest first in
// each mailbox. They are the same for the same now, to the octet.
func Samples(now time.Time) []Sample {
	var letters []letter
	letters = append(letters, sailing()...)
	letters = append(letters, review()...)
	letters = append(letters, world()...)
	letters = append(letters, business()...)
	letters = append(letters, friends()...)
	letters = append(letters, machines()...)
	letters = append(letters, shelves()...)
	slices.SortStableFunc(letters, func(a, b letter) int { return int(b.ago - a.ago) })
	samples := make([]Sample, 0, len(letters))
	for _, l := range letters {
		samples = append(samples, l.sample(now.Truncate(time.Second)))
	}
	return samples
}
