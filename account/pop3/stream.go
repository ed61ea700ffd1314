package pop3

import (
	"bufio"
	"errors"
	"strings"
)

// window is how many commands may be under way where the server offers PIPELINING (RFC 2449 6.6).
// Their answers wait in the network, not here, and the commands in the server's socket: they are short.
// They are refilled once a few are answered, so that the server never runs out.
const (
	window = 256
	refill = 32
)

// stream sends one multi-line command per item and hands over the answers in order, a refusal as
// error. command also says how many octets the answer may have. An error of got, or of the
// connection, ends it.
func (s *Session) stream(items []item, command func(item) (string, int64), got func(it item, text []byte, refused error) error) error {
	ahead := 1
	if s.caps.has("PIPELINING") {
		ahead = window
	}
	sent := 0
	for i, it := range items {
		if sent == i || sent-i <= ahead-refill {
			end := min(i+ahead, len(items))
			if err := s.send(items[sent:end], command); err != nil {
				return s.trouble(err)
			}
			sent = end
		}
		_, most := command(it)
		text, err := s.answer(min(it.size, most), most)
		if err != nil {
			e, ok := refusal(err)
			if !ok {
				s.brokeAt = it.key
				return s.trouble(err)
			}
			err = e
		}
		if err := got(it, text, err); err != nil {
			return err
		}
	}
	return nil
}

// send writes commands in one piece.
func (s *Session) send(items []item, command func(item) (string, int64)) error {
	if len(items) == 0 {
		return nil
	}
	lines := make([]string, len(items))
	for i, it := range items {
		lines[i], _ = command(it)
	}
	return s.pop.Send(strings.Join(lines, "\r\n"))
}

// answer reads one multi-line answer of at most most octets; size is about what it will have. The error is
// go-pop3's, or the connection's.
func (s *Session) answer(size, most int64) ([]byte, error) {
	s.expect(most + replySize)
	if _, err := s.pop.ReadOne(); err != nil {
		return nil, err
	}
	return s.dialog.text(roomFor(size))
}

// text appends the lines up to the one that is a dot (RFC 1939 3) to buf: what is stuffed is undone, and
// each line ends in CRLF.
func (d *dialog) text(buf []byte) ([]byte, error) {
	begin := true
	for {
		part, err := d.r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if begin && len(part) > 0 && part[0] == '.' {
			if part = part[1:]; err == nil && isLineEnd(part) {
				return buf, nil
			}
		}
		buf = append(buf, part...)
		if begin = err == nil; begin && (len(buf) < 2 || buf[len(buf)-2] != '\r') {
			buf = append(buf[:len(buf)-1], "\r\n"...)
		}
	}
}

func isLineEnd(b []byte) bool { return string(b) == "\r\n" || string(b) == "\n" }

// maxRoom is how much is made for a message on the word of a server that it has so many octets.
const maxRoom = 1 << 20

// roomFor is a buffer for a message that the server says has size octets.
func roomFor(size int64) []byte { return make([]byte, 0, min(size+size/64+64, maxRoom)) }
