package archive

import (
	"time"

	"mua/store/message"
)

// copied is how much later than its message a file is written at most, unless it is a copy that lost its time.
const copied = 24 * time.Hour

// arrived is when a message arrived whose file was last written at written: then, but for a file that is younger by more than within than what
// the message says. That was copied or unpacked, and all of its folder would have arrived today.
func arrived(raw []byte, written time.Time, within time.Duration) time.Time {
	if says := message.Arrived(raw); !says.IsZero() && written.Sub(says) > within {
		return says
	}
	return written
}
