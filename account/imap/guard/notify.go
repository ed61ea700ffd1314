package guard

import (
	"bytes"
	"strconv"
	"unicode/utf16"
)

// notifyTag is one that go-imap does not use.
const notifyTag = "MUANOTIFY"

// notifySet asks to be told of the selected mailbox what IDLE tells, when it would, and of one's other mailboxes, now and
// whenever messages come, go or get other flags, what STATUS tells.
const notifySet = notifyTag + " NOTIFY SET STATUS (selected-delayed (MessageNew MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange))\r\n"

// Notify asks for news of all mailboxes by NOTIFY (RFC 5465), which go-imap does not know, and does not wait: the answer
// comes before that of any later command. No command may be under way. The news are told by Options.Status.
func (c *Conn) Notify() error {
	c.notifying.Store(true)
	c.notified.Store(true)
	_, err := c.Write([]byte(notifySet))
	return err
}

// tell passes the numbers of a STATUS on, asked for or not.
func (c *Conn) tell(name []byte, numbers map[string]uint64) { c.o.Status(decodeName(name), numbers) }

// decodeName gives what isMailboxName takes for a name in UTF-8.
func decodeName(name []byte) string {
	var out []byte
	for len(name) > 0 {
		at := bytes.IndexByte(name, '&')
		if at < 0 {
			return string(append(out, name...))
		}
		out = append(out, name[:at]...)
		seg, rest, _ := bytes.Cut(name[at+1:], []byte("-"))
		name = rest
		if len(seg) == 0 {
			out = append(out, '&')
			continue
		}
		b, _ := base64utf7.DecodeString(string(seg))
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		out = append(out, string(utf16.Decode(units))...)
	}
	return string(out)
}

// number64 reads digits that number has let through.
func number64(digits []byte) uint64 {
	n, _ := strconv.ParseUint(string(digits), 10, 64)
	return n
}
