package message

import "bytes"

// Parse reads a message. It never fails and never panics: whatever the bytes
// are, the result shows something. MIME depth is capped at 100, parts at 1,000,
// header at 1 MiB. raw is kept by reference.
func Parse(raw []byte) *Message {
	raw, defects := prepare(raw)
	p := newParser(raw, &limits{rescan: int64(4*len(raw)) + 1<<20})
	m := p.message("", 0)
	m.Defects = append(defects, m.Defects...)
	judge(m)
	return m
}

// ParseHeader reads only the header; raw may end anywhere.
func ParseHeader(raw []byte) *Message { return newMessage(headerOf(raw)) }

func headerOf(raw []byte) header {
	raw, defects := prepare(raw)
	span := scanHeader(raw, nil)
	h := readFields(raw[:span.end])
	h.defects = append(append(defects, span.defects...), h.defects...)
	return h
}

// prepare takes away what may precede a message: a byte order mark, the
// separator of an mbox file, empty lines before the header. Messages with bare
// CR as line ends are given LF.
func prepare(raw []byte) ([]byte, []string) {
	var defects []string
	if rest, ok := bytes.CutPrefix(raw, []byte("\xef\xbb\xbf")); ok {
		raw, defects = rest, append(defects, "byte order mark before the header")
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
		defects = append(defects, "lines end in bare CR")
	}
	if isFromLine(raw) {
		_, next := cutLine(raw, 0)
		raw = raw[next:]
	}
	blank := 0
	for blank < len(raw) && bytes.IndexByte([]byte("\r\n\t "), raw[blank]) >= 0 {
		blank++
	}
	if blank > 0 {
		line, _ := cutLine(raw, blank)
		if n := fieldNameLen(line); n > 0 && isKnownField(line[:n]) {
			raw, defects = raw[blank:], append(defects, "blanks before the header")
		}
	}
	return raw, defects
}
