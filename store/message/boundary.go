package message

import (
	"bytes"
	"strings"
)

const longestBoundary = 2048 // octets of a line that can still be a boundary

// boundaries is the stack of the multiparts being read. One pass over the
// message looks for all of them at once, so that nesting costs nothing and a
// missing final boundary ends where an outer one is met.
type boundaries struct {
	stack []string
	open  map[string]int // boundary → innermost place in stack
	outer []int          // by place: the place the same boundary had before, or -1
}

// boundaryHit is a boundary line, or the end of the source (level -1).
type boundaryHit struct {
	start, next int // the line's beginning, and that of the next
	level       int
	final       bool
}

func (b *boundaries) push(boundary string) {
	if b.open == nil {
		b.open = make(map[string]int)
	}
	before, ok := b.open[boundary]
	if !ok {
		before = -1
	}
	b.open[boundary] = len(b.stack)
	b.stack = append(b.stack, boundary)
	b.outer = append(b.outer, before)
}

func (b *boundaries) pop() {
	last := len(b.stack) - 1
	b.release(last)
	b.stack, b.outer = b.stack[:last], b.outer[:last]
}

// release lets an outer multipart have a boundary of the same name again.
func (b *boundaries) release(level int) {
	name := b.stack[level]
	if b.open[name] != level {
		return
	}
	if b.outer[level] >= 0 {
		b.open[name] = b.outer[level]
	} else {
		delete(b.open, name)
	}
}

// shared reports whether an outer multipart has the same boundary.
func (b *boundaries) shared(level int) bool { return b.outer[level] >= 0 }

// match reads a line as a boundary.
func (b *boundaries) match(line []byte) (level int, final, ok bool) {
	if len(b.stack) == 0 || len(line) < 2 || len(line) > longestBoundary || line[0] != '-' || line[1] != '-' {
		return 0, false, false
	}
	line = bytes.TrimRight(line[2:], " \t\r")
	if level, ok = b.open[string(line)]; ok {
		return level, false, true
	}
	if rest, cut := bytes.CutSuffix(line, []byte("--")); cut {
		if level, ok = b.open[string(rest)]; ok {
			return level, true, true
		}
		if level, ok = b.open[string(bytes.TrimRight(rest, " \t"))]; ok {
			return level, true, true
		}
	}
	return 0, false, false
}

// isOpen reports whether a line is a boundary of a multipart being read.
func (b *boundaries) isOpen(line []byte) bool {
	_, _, ok := b.match(line)
	return ok
}

// find returns the first boundary line at or after pos, which is the beginning of a line.
func (b *boundaries) find(src []byte, pos int) boundaryHit {
	for len(b.stack) > 0 && pos < len(src) {
		if !bytes.HasPrefix(src[pos:], []byte("--")) {
			i := bytes.Index(src[pos:], []byte("\n--"))
			if i < 0 {
				break
			}
			pos += i + 1
		}
		line, next := cutLine(src, pos)
		if level, final, ok := b.match(line); ok {
			return boundaryHit{pos, next, level, final}
		}
		pos = next
	}
	return boundaryHit{len(src), len(src), -1, false}
}

// guessBoundary finds the boundary a multipart seems to use when the declared
// one is missing or wrong: the first line of -- and more that a header follows.
func guessBoundary(body []byte) string {
	const most = 200 // lines beginning with -- to look at
	pos := 0
	for range most {
		if !bytes.HasPrefix(body[pos:], []byte("--")) {
			i := bytes.Index(body[pos:], []byte("\n--"))
			if i < 0 {
				return ""
			}
			pos += i + 1
		}
		line, next := cutLine(body, pos)
		following, _ := cutLine(body, next)
		if n := fieldNameLen(following); len(line) > 2 && len(line) < longestBoundary && n > 8 && strings.EqualFold(string(following[:8]), "content-") {
			return string(bytes.TrimRight(line[2:], " \t"))
		}
		pos = next
	}
	return ""
}
