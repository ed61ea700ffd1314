package guard

import (
	"bytes"
	"sync/atomic"
)

// enableTag is one that go-imap does not use: its tags are T and a number.
const enableTag = "MUAENABLE"

// mostExpunged is how many messages a server may tell as gone in one response.
const mostExpunged = 10_000_000

// qresync is QRESYNC (RFC 7162), which go-imap does not know. Once it is enabled a server says VANISHED where it
// said EXPUNGE before; go-imap gets one EXPUNGE for each, of which it only counts how many there are.
type qresync struct {
	asked   atomic.Bool
	enabled atomic.Bool // the server has agreed
	next    atomic.Bool // the next UID FETCH with CHANGEDSINCE asks for what vanished too
	owed    uint64      // EXPUNGEs that go-imap has yet to read
}

// EnableQResync asks for QRESYNC and does not wait: the answer comes before that of any later command.
func (c *Conn) EnableQResync() error {
	c.qresync.asked.Store(true)
	_, err := c.Conn.Write([]byte(enableTag + " ENABLE QRESYNC\r\n"))
	return err
}

// QResync reports whether the server has agreed to QRESYNC.
func (c *Conn) QResync() bool { return c.qresync.enabled.Load() }

// WithVanished has send, which sends a UID FETCH with CHANGEDSINCE, ask for what has vanished since as well (RFC 7162
// section 3.2.6). Options.Vanished is told before the FETCH ends.
func (c *Conn) WithVanished(send func()) {
	c.qresync.next.Store(true)
	defer c.qresync.next.Store(false)
	send()
}

// vanishing gives a command its VANISHED modifier, if it is the one to have it.
func (c *Conn) vanishing(p []byte) []byte {
	if !c.qresync.next.Load() {
		return p
	}
	_, command, _ := bytes.Cut(p, []byte(" "))
	at := bytes.LastIndexByte(p, ')')
	if !bytes.HasPrefix(command, []byte("UID FETCH ")) || !bytes.Contains(command, []byte(" (CHANGEDSINCE ")) || at < 0 {
		return p
	}
	c.qresync.next.Store(false)
	return append(append(bytes.Clone(p[:at]), " VANISHED"...), p[at:]...)
}

// vanished handles VANISHED (RFC 7162 section 3.2.10): uids, with (EARLIER) before what was gone already.
func (c *Conn) vanished(rest []byte) error {
	rest = bytes.TrimSpace(rest)
	uids, earlier := bytes.CutPrefix(rest, []byte("(EARLIER) "))
	uids = bytes.TrimSpace(uids)
	if !c.qresync.enabled.Load() || !numberSet(uids) {
		return c.drop("%q", rest[:min(len(rest), 60)])
	}
	if earlier {
		c.o.Vanished(string(uids))
		return nil
	}
	n := countSet(uids)
	if n+c.qresync.owed > mostExpunged {
		return violation("claims that %d messages are gone", n)
	}
	c.qresync.owed += n
	return nil
}

// payExpunges makes some of the owed EXPUNGEs readable.
func (c *Conn) payExpunges() {
	c.out = c.out[:0]
	for n := 0; n < 500 && c.qresync.owed > 0; n++ {
		c.qresync.owed--
		c.out = append(c.out, "* 1 EXPUNGE\r\n"...)
	}
}

// countSet counts the numbers of a sound set.
func countSet(set []byte) (n uint64) {
	for part := range bytes.SplitSeq(set, []byte(",")) {
		a, b, isRange := bytes.Cut(part, []byte(":"))
		if !isRange {
			n++
			continue
		}
		lo, hi := value32(a), value32(b)
		n += max(lo, hi) - min(lo, hi) + 1
	}
	return n
}

func value32(b []byte) (n uint64) {
	for _, c := range b {
		n = n*10 + uint64(c-'0')
	}
	return n
}
