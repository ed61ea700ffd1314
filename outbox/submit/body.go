package submit

import "io"

// measure says what a body is on the wire, before dot stuffing.
type measure struct {
	size     int64
	eightBit bool
}

// count is a writer that measures.
func (m *measure) Write(b []byte) (int, error) {
	m.size += int64(len(b))
	for _, c := range b {
		if c >= 0x80 {
			m.eightBit = true
			break
		}
	}
	return len(b), nil
}

// measureBody runs a body through the same normalisation as writeBody.
func measureBody(body []byte) measure {
	var m measure
	_ = canonical(&m, body, false) // a measure never fails
	return m
}

// writeBody writes body in canonical form with dots stuffed, all but the final dot.
func writeBody(w io.Writer, body []byte) error { return canonical(w, body, true) }

var (
	crlf = []byte("\r\n")
	dot  = []byte(".")
)

// canonical writes body with every line end (CRLF, bare LF, bare CR) as CRLF, the
// last included, and, when stuff is set, a second dot before each at a line's
// beginning (RFC 5321 4.5.2).
func canonical(w io.Writer, body []byte, stuff bool) error {
	for len(body) > 0 {
		if stuff && body[0] == '.' {
			if _, err := w.Write(dot); err != nil {
				return err
			}
		}
		end := 0
		for end < len(body) && body[end] != '\r' && body[end] != '\n' {
			end++
		}
		if _, err := w.Write(body[:end]); err != nil {
			return err
		}
		if _, err := w.Write(crlf); err != nil {
			return err
		}
		if end < len(body) && body[end] == '\r' {
			end++
			if end < len(body) && body[end] == '\n' {
				end++
			}
		} else if end < len(body) {
			end++
		}
		body = body[end:]
	}
	return nil
}
