package pop3

import "strings"

// window is how many commands may be under way where the server offers PIPELINING (RFC 2449 6.6).
// Their answers wait in the network, not here.
const window = 64

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
		if sent == i || sent-i <= ahead/2 {
			end := min(i+ahead, len(items))
			if err := s.send(items[sent:end], command); err != nil {
				return s.trouble(err)
			}
			sent = end
		}
		_, size := command(it)
		text, err := s.answer(size)
		if err != nil {
			e, ok := refusal(err)
			if !ok {
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

// answer reads one multi-line answer of at most size octets. The error is go-pop3's.
func (s *Session) answer(size int64) ([]byte, error) {
	s.expect(size + replySize)
	if _, err := s.pop.ReadOne(); err != nil {
		return nil, err
	}
	buf, err := s.pop.ReadAll()
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
