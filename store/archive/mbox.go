package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// mbox reads the messages of an mbox, one after the other.
type mbox struct {
	f       io.ReaderAt
	size    int64
	r       *bufio.Reader
	at      int64 // offset of what r gives next
	dialect Dialect
	max     int64
	begin   []byte // the line that began the message to be read next; nil: none yet
	end     bool
	lengths func(body []byte) // told of the body of each message whose length was told rightly; for detection
	others  int               // messages without
}

const lineBuffer = 64 << 10

// newMbox reads messages of at most max octets from a file; Auto is not a dialect here.
func newMbox(f io.ReaderAt, size int64, d Dialect, max int64) *mbox {
	m := &mbox{f: f, size: size, dialect: d, max: max}
	m.seek(0)
	return m
}

func (m *mbox) seek(at int64) {
	m.at = at
	section := io.NewSectionReader(m.f, at, m.size-at)
	if m.r == nil {
		m.r = bufio.NewReaderSize(section, lineBuffer)
		return
	}
	m.r.Reset(section)
}

// piece gives the next line with its end, or as much of a long one as fits; whole says that it ends the line. The
// bytes hold until the next call.
func (m *mbox) piece() (b []byte, whole bool, err error) {
	b, err = m.r.ReadSlice('\n')
	m.at += int64(len(b))
	switch {
	case err == nil:
		return b, true, nil
	case errors.Is(err, bufio.ErrBufferFull):
		return b, false, nil
	case errors.Is(err, io.EOF) && len(b) > 0:
		return b, true, nil
	}
	return nil, true, err
}

// first finds the line that begins the first message, behind blank ones.
func (m *mbox) first() error {
	for {
		line, whole, err := m.piece()
		if err != nil {
			return err
		}
		if isBlank(line) {
			continue
		}
		if !whole || !bytes.HasPrefix(line, []byte(fromPrefix)) {
			return ErrNotMail
		}
		m.begin = bytes.Clone(line)
		return nil
	}
}

func isBlank(line []byte) bool {
	return len(line) > 0 && line[len(line)-1] == '\n' && len(bytes.TrimRight(line, "\r\n")) == 0
}

// next reads a message; io.EOF after the last. ErrTooLarge is that of one message: the next may be asked for.
func (m *mbox) next() (Message, state, error) {
	if m.begin == nil && !m.end {
		if err := m.first(); err != nil {
			return Message{}, state{}, err
		}
	}
	if m.end {
		return Message{}, state{}, io.EOF
	}
	crlf := bytes.HasSuffix(m.begin, []byte("\r\n"))
	received, _ := fromLine(m.begin)
	b := body{m: m, dialect: m.dialect, st: state{length: -1}}
	if err := b.read(); err != nil {
		return Message{}, state{}, err
	}
	if b.tooLarge {
		return Message{Received: received}, b.st, ErrTooLarge
	}
	if !b.told {
		b.raw = trimSeparator(b.raw, crlf)
	}
	out := Message{Raw: stripOwn(b.raw), Received: received, Flags: b.st.flags, Keywords: b.st.keywords}
	return out, b.st, nil
}

// trimSeparator takes off the empty line that ends a message in the file and is not its own.
func trimSeparator(raw []byte, crlf bool) []byte {
	sep := []byte("\n")
	if crlf {
		sep = []byte("\r\n")
	}
	cut, ok := bytes.CutSuffix(raw, sep)
	if ok && (len(cut) == 0 || cut[len(cut)-1] == '\n') {
		return cut
	}
	return raw
}

// body is the reading of one message.
type body struct {
	m          *mbox
	dialect    Dialect
	own        bool // mua wrote it, and said in which dialect
	fields     int  // of its own that follow
	quotedHead bool
	raw        []byte
	st         state
	told       bool // its length was told, rightly
	tooLarge   bool
}

// read reads up to the line that begins the next message, or to the end.
func (b *body) read() error {
	m := b.m
	header, blank, lineStart := true, true, true
	for {
		line, whole, err := m.piece()
		if errors.Is(err, io.EOF) {
			m.end = true
			break
		}
		if err != nil {
			return err
		}
		if lineStart && whole && bytes.HasPrefix(line, []byte(fromPrefix)) && m.begins(line, blank) {
			break
		}
		if lineStart {
			if header && whole && isBlank(line) {
				header = false
				b.add(line)
				if b.dialect.lengths() && b.byLength() {
					return nil
				}
				blank, lineStart = true, whole
				continue
			}
			if header && whole {
				b.take(line)
			}
			blank = whole && isBlank(line)
			q := b.dialect.unquotes()
			if header && b.own && b.dialect.lengths() {
				if q = asIs; b.quotedHead {
					q = levels
				}
			}
			line = unquoted(line, q)
		}
		b.add(line)
		lineStart = whole
	}
	if !b.own {
		m.others++
	}
	return nil
}

// take hears what a line of the header says.
func (b *body) take(line []byte) {
	if v, _, ok := cutField(line, ownField); ok && len(b.raw) == 0 {
		for i, w := range strings.Fields(v) {
			if n, err := strconv.Atoi(w); i == 0 && err == nil {
				b.fields = n
			} else if slices.Contains(Dialects(), Dialect(w)) {
				b.dialect, b.own = Dialect(w), true
			} else if w == quotedHead {
				b.quotedHead = true
			}
		}
		return
	}
	if !b.own || b.fields > 0 {
		b.st.take(line)
		b.fields--
	}
}

func (b *body) add(line []byte) {
	if int64(len(b.raw)+len(line)) > b.m.max {
		b.tooLarge, b.raw = true, nil
	}
	if !b.tooLarge {
		b.raw = append(b.raw, line...)
	}
}

// begins tells whether a line "From …" begins a message. One with a date, behind an empty line or before what looks like
// a header, does, and one without a date that has both: there are files with "From " unquoted in texts, and files without empty lines.
func (m *mbox) begins(line []byte, blank bool) bool {
	_, dated := fromLine(line)
	if !dated && !blank {
		return false
	}
	keep := bytes.Clone(line) // looking ahead may move it
	if !dated || !blank {
		if ahead, _ := m.r.Peek(100); !beginsHeader(ahead) {
			return false
		}
	}
	m.begin = keep
	return true
}

// byLength takes the body by its Content-Length, when a message begins behind it, or the file ends there.
func (b *body) byLength() bool {
	m := b.m
	n := b.st.length
	if n < 0 || n > m.size-m.at {
		return false
	}
	line, after, ok := m.beginAt(m.at + n)
	if !ok {
		return false
	}
	b.told = true
	from := m.at
	if b.tooLarge || n > m.max-int64(len(b.raw)) {
		b.tooLarge, b.raw = true, nil
	} else {
		start := len(b.raw)
		b.raw = append(b.raw, make([]byte, n)...)
		if _, err := io.ReadFull(io.NewSectionReader(m.f, from, n), b.raw[start:]); err != nil {
			b.raw, b.told = b.raw[:start], false
			return false
		}
		if m.lengths != nil && !b.own {
			m.lengths(b.raw[start:])
		}
		if b.dialect == MboxCL {
			b.raw = append(b.raw[:start], unquoteAll(b.raw[start:])...)
		}
	}
	m.begin, m.end = line, line == nil
	if ahead := after - m.at; ahead <= int64(m.r.Buffered()) {
		_, _ = m.r.Discard(int(ahead)) // it is buffered
		m.at = after
	} else {
		m.seek(after)
	}
	return true
}

// beginAt tells whether a message begins at an offset, behind up to two line ends, or the file ends there.
func (m *mbox) beginAt(at int64) (line []byte, after int64, ok bool) {
	buf := make([]byte, min(maxFromLine+4, m.size-at))
	if n, err := m.f.ReadAt(buf, at); err != nil && !errors.Is(err, io.EOF) || n < len(buf) {
		return nil, 0, false
	}
	rest := buf
	for range 2 {
		if cut, ok := bytes.CutPrefix(rest, []byte("\r\n")); ok {
			rest = cut
		} else {
			rest = bytes.TrimPrefix(rest, []byte("\n"))
		}
	}
	if len(rest) == 0 {
		return nil, m.size, at+int64(len(buf)) == m.size
	}
	if !bytes.HasPrefix(rest, []byte(fromPrefix)) {
		return nil, 0, false
	}
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		i = len(rest) - 1
	}
	return bytes.Clone(rest[:i+1]), at + int64(len(buf)-len(rest)+i+1), true
}

// quoting is how lines are quoted in a message.
type quoting int

const (
	asIs   quoting = iota
	once           // "From " alone
	levels         // also what is quoted
)

// unquotes tells how the lines of a message are quoted that has not told its length.
func (d Dialect) unquotes() quoting {
	switch d {
	case MboxO, MboxCL:
		return once
	case MboxCL2:
		return asIs
	}
	return levels
}

// unquoted takes a > off a line that was quoted.
func unquoted(line []byte, q quoting) []byte {
	if q == asIs || len(line) == 0 || line[0] != '>' {
		return line
	}
	rest := line[1:]
	if q == levels {
		rest = bytes.TrimLeft(rest, ">")
	}
	if bytes.HasPrefix(rest, []byte(fromPrefix)) {
		return line[1:]
	}
	return line
}

// unquoteAll takes the > off ">From ", in place.
func unquoteAll(b []byte) []byte {
	out := b[:0]
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n') + 1
		if i == 0 {
			i = len(b)
		}
		out = append(out, unquoted(b[:i], once)...)
		b = b[i:]
	}
	return out
}

// detect finds the dialect of a file. Whether lengths are told shows where they are right; whether lines are quoted beside that,
// where there is one that is, and none that is not. Without lengths it is mboxrd: what mboxo has quoted it undoes too.
func detect(f io.ReaderAt, size int64) (Dialect, error) {
	if some, err := tellsLengths(f, size); err != nil || !some {
		return MboxRD, err
	}
	told, bare, quoted := 0, 0, 0
	m := newMbox(f, size, MboxCL2, MaxMessage)
	m.lengths = func(b []byte) {
		told++
		quoted += linesBegin(b, ">"+fromPrefix)
		bare += linesBegin(b, fromPrefix)
	}
	for {
		_, _, err := m.next()
		switch {
		case errors.Is(err, io.EOF):
			switch {
			case told == 0 || m.others > told && bare == 0:
				return MboxRD, nil
			case bare > 0 || quoted == 0:
				return MboxCL2, nil
			}
			return MboxCL, nil
		case err != nil && !errors.Is(err, ErrTooLarge):
			return MboxRD, fmt.Errorf("at octet %d: %w", m.at, err)
		}
	}
}

// tellsLengths looks whether there is a Content-Length at all, which is much faster than to read the messages.
func tellsLengths(f io.ReaderAt, size int64) (bool, error) {
	const overlap = len("\nContent-Length:")
	buf := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		n, err := f.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		for _, name := range []string{"\nContent-Length:", "\nContent-length:", "\ncontent-length:", "\nCONTENT-LENGTH:"} {
			if bytes.Contains(buf[:n], []byte(name)) {
				return true, nil
			}
		}
		if n < len(buf) {
			break
		}
		at += int64(n - overlap)
	}
	return false, nil
}

// linesBegin counts the lines that begin so.
func linesBegin(b []byte, prefix string) int {
	n := bytes.Count(b, []byte("\n"+prefix))
	if bytes.HasPrefix(b, []byte(prefix)) {
		n++
	}
	return n
}
