package archive

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mua/store/message"
)

// MboxWriter writes an mbox.
type MboxWriter struct {
	w       *bufio.Writer
	dialect Dialect
	flags   bool
}

// NewMboxWriter writes in a dialect (Auto: mboxrd). flags: those of each message go before it as Status, X-Status and X-Keywords.
// Flush must be called at the end.
func NewMboxWriter(w io.Writer, d Dialect, flags bool) *MboxWriter {
	if d == Auto {
		d = MboxRD
	}
	return &MboxWriter{w: bufio.NewWriterSize(w, 1<<18), dialect: d, flags: flags}
}

// Flush writes what is buffered.
func (w *MboxWriter) Flush() error { return w.w.Flush() }

// Write writes one message. Its octets are as they are, but for what the dialect quotes; what an mbox cannot hold (a text that does not end
// its last line, say) is told in a field before it, so that it comes back as it was.
func (w *MboxWriter) Write(m *Message) error {
	received := m.Received
	if received.IsZero() {
		received = time.Unix(0, 0)
	}
	fmt.Fprintf(w.w, "From %s %s\n", sender(m.Raw), received.UTC().Format(time.ANSIC))
	var fields []string
	if w.flags {
		fields = stateFields(m)
	}
	var marks []string
	end := "\n"
	start := bodyStart(m.Raw)
	raw := m.Raw
	if w.dialect.lengths() {
		raw = w.withLength(raw, start, &fields, &marks)
		end = strings.Repeat("\n", 2-min(1, newlinesAtEnd(raw)))
	} else if newlinesAtEnd(raw) == 0 && len(raw) > 0 {
		marks = append(marks, noNewline)
		end = "\n\n"
	}
	if len(fields)+len(marks) > 0 || w.confusing(m, m.Raw[:start]) {
		w.w.WriteString(ownHead(len(fields), append([]string{string(w.dialect)}, marks...)...) + "\n") //nolint:errcheck // the last write tells
		for _, f := range fields {
			w.w.WriteString(f + "\n") //nolint:errcheck // the last write tells
		}
	}
	if w.dialect.lengths() { // quoted already
		w.w.Write(raw) //nolint:errcheck // the last write tells
	} else {
		w.quoted(raw)
	}
	_, err := w.w.WriteString(end)
	return err
}

// withLength puts the length of the body among the fields, quotes, and gives a message without a body an empty one.
func (w *MboxWriter) withLength(raw []byte, start int, fields, marks *[]string) []byte {
	var out []byte
	quote := w.dialect.quotes()
	if start == len(raw) && !endsInBlank(raw) {
		if newlinesAtEnd(raw) == 0 {
			*marks = append(*marks, noNewline)
			raw = append(raw[:len(raw):len(raw)], '\n')
		}
		*marks = append(*marks, noBlank)
		raw = append(raw[:len(raw):len(raw)], '\n')
		start = len(raw)
	}
	if head := appendQuoted(nil, raw[:start], levels); len(head) > start {
		*marks = append(*marks, quotedHead)
		out = head
	} else {
		out = append(out, raw[:start]...)
	}
	body := len(out)
	out = appendQuoted(out, raw[start:], quote)
	*fields = append([]string{fmt.Sprintf("Content-Length: %d", len(out)-body)}, *fields...)
	return out
}

// confusing tells whether a header has what a reader would take for the mailbox's.
func (w *MboxWriter) confusing(m *Message, header []byte) bool {
	for _, name := range []string{ownField, "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys"} {
		if _, _, ok := cutField(header, name); ok {
			return true
		}
	}
	s := state{length: -1}
	for line := range bytes.Lines(header) {
		s.take(line)
	}
	return s.length >= 0 || w.flags && (s.flags != m.Flags || !slices.Equal(s.keywords, m.Keywords))
}

func (d Dialect) quotes() quoting { return d.unquotes() }

// quoted writes with the quoting of the dialect.
func (w *MboxWriter) quoted(raw []byte) {
	q := w.dialect.quotes()
	for line := range bytes.Lines(raw) {
		if mustQuote(line, q) {
			w.w.WriteByte('>') //nolint:errcheck // the last write tells
		}
		w.w.Write(line) //nolint:errcheck // the last write tells
	}
}

func appendQuoted(out, raw []byte, q quoting) []byte {
	if q == asIs {
		return append(out, raw...)
	}
	for line := range bytes.Lines(raw) {
		if mustQuote(line, q) {
			out = append(out, '>')
		}
		out = append(out, line...)
	}
	return out
}

func mustQuote(line []byte, q quoting) bool {
	if q == asIs {
		return false
	}
	if q == levels {
		line = bytes.TrimLeft(line, ">")
	}
	return bytes.HasPrefix(line, []byte(fromPrefix))
}

// bodyStart is where the body begins, behind the empty line; the end when there is none.
func bodyStart(raw []byte) int {
	at := 0
	for line := range bytes.Lines(raw) {
		at += len(line)
		if isBlank(line) {
			return at
		}
	}
	return len(raw)
}

func endsInBlank(raw []byte) bool {
	i := bytes.LastIndexByte(bytes.TrimSuffix(raw, []byte("\n")), '\n')
	return isBlank(raw[i+1:])
}

// newlinesAtEnd is 1 when the last line is ended.
func newlinesAtEnd(raw []byte) int {
	if len(raw) > 0 && raw[len(raw)-1] == '\n' {
		return 1
	}
	return 0
}

// sender is who a message is from, for the line that begins it: of Return-Path, else of From.
func sender(raw []byte) string {
	h := message.ParseHeader(raw[:min(bodyStart(raw), 64<<10)])
	for _, addr := range []string{strings.Trim(h.Get("Return-Path"), "<> \t"), first(h.From)} {
		odd := func(r rune) bool { return r <= ' ' || r >= 0x7f }
		if addr != "" && len(addr) <= 254 && !strings.ContainsFunc(addr, odd) && !slices.Contains(strings.Fields(days), addr) {
			return addr
		}
	}
	return "MAILER-DAEMON"
}

func first(list []message.Address) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Addr
}
