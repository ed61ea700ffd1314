package archive

import (
	"time"

	"mua/store/message"
)

// copied is how much later than its message a file is written at most, unless it is a copy that lost its time.
const copied = 24 * time.Hour

// arrived is when a message arrived whose file was last written at written: then, but for a file that is much younger than what the
// message says. That was copied or unpacked, and all of its folder would have arrived today.
func arrived(raw []byte, written time.Time) time.Time {
	if says := message.Arrived(raw); !says.IsZero() && written.Sub(says) > copied {
		return says
	}
	return written
}
