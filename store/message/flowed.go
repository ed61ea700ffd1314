package message

import "strings"

// unflow joins the lines of a format=flowed text (RFC 3676) to paragraphs. Quote
// marks are written once per paragraph, as >> and a space.
func unflow(text string, delSp bool) string {
	var out strings.Builder
	out.Grow(len(text))
	depth, open := 0, false // of the paragraph being written
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		n := 0
		for n < len(line) && line[n] == '>' {
			n++
		}
		line = strings.TrimPrefix(line[n:], " ") // stuffed, or the blank after the marks
		signature := line == "-- "
		if open && (n != depth || signature) {
			out.WriteByte('\n')
			open = false
		}
		if !open {
			writeQuoteMarks(&out, n, line != "")
		}
		flowed := strings.HasSuffix(line, " ") && !signature
		if flowed && delSp {
			line = line[:len(line)-1]
		}
		out.WriteString(line)
		depth, open = n, flowed
		if !open {
			out.WriteByte('\n')
		}
	}
	if open {
		out.WriteByte('\n')
	}
	return out.String()
}

// writeQuoteMarks writes at most 20 marks: more say nothing and cost space.
func writeQuoteMarks(out *strings.Builder, n int, text bool) {
	if n == 0 {
		return
	}
	out.WriteString(strings.Repeat(">", min(n, 20)))
	if text {
		out.WriteByte(' ')
	}
}
