package store

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
)

// An attachment travels as lines of base64 (RFC 2045, section 6.8): a third more octets than it has, in which a
// compressor finds nothing. Where the lines are such as an encoder writes them, a chunk keeps what they say instead;
// they are written again when it is read, to the letter.

// armor is a stretch of base64: lines of the same length, only the last of which may be shorter. The last one's end is not part of it.
type armor struct {
	before int // octets of text before it, since the last one
	width  int // of a line, in octets; a multiple of 4
	crlf   bool
	size   int // octets that it says
}

const (
	minArmorWidth = 40  // shorter lines are more likely words
	maxArmorWidth = 998 // RFC 5322, section 2.1.1
	minArmor      = 256 // octets said from which on it is worth it
)

// strict takes only what it would write itself, but for line ends.
var strict = base64.StdEncoding.Strict()

// namesBase64 reports whether a message says anywhere that some of it is base64, or speaks of it.
func namesBase64(raw []byte) bool {
	return bytes.Contains(raw, []byte("ase64")) || bytes.Contains(raw, []byte("ASE64"))
}

// lineOctets is how many octets a line says; ok is false where an encoder would not write it so. The decoder passes over
// CR and LF: of whole groups of four it then says too little.
func lineOctets(dst, line []byte) (n int, ok bool) {
	if len(line)%4 != 0 {
		return 0, false
	}
	n, err := strict.Decode(dst, line)
	padding := len(line) - len(bytes.TrimRight(line[max(0, len(line)-2):], "=")) - max(0, len(line)-2)
	return n, err == nil && n == len(line)/4*3-padding
}

// disarm takes the base64 out of raw. It appends the rest to text and what the base64 says to data.
func disarm(text, data, raw []byte) (found []armor, _, _ []byte) {
	done := 0 // of raw
	for pos := 0; ; {
		nl := bytes.IndexByte(raw[pos:], '\n')
		if nl < 0 {
			break
		}
		line, crlf := bytes.CutSuffix(raw[pos:pos+nl], []byte{'\r'})
		if len(line)%4 != 0 || len(line) < minArmorWidth || len(line) > maxArmorWidth {
			pos += nl + 1
			continue
		}
		a := armor{width: len(line), crlf: crlf}
		if len(found) == 0 { // once, for all that may come
			data = slices.Grow(data, len(raw)-pos)
		}
		var end int
		data, end = a.read(data, raw[pos:])
		if a.size < minArmor {
			data = data[:len(data)-a.size]
			pos += max(end, nl) + 1
			continue
		}
		a.before = pos - done
		text = append(text, raw[done:pos]...)
		pos += end
		done = pos
		found = append(found, a)
	}
	if done == 0 { // nothing is found: raw is the text
		return nil, text, data
	}
	return found, append(text, raw[done:]...), data
}

// read decodes lines of a's width from the beginning of raw, and one shorter one; end is where they end in raw.
func (a *armor) read(data, raw []byte) (_ []byte, end int) {
	step := a.width + 1
	if a.crlf {
		step++
	}
	for pos := 0; pos < len(raw); pos += step {
		line := raw[pos:min(len(raw), pos+a.width)]
		if pos+step > len(raw) || raw[pos+step-1] != '\n' || a.crlf && raw[pos+step-2] != '\r' { // not of this width, or the chunk ends
			nl := bytes.IndexByte(line, '\n')
			if nl < 0 {
				break
			}
			line = line[:nl]
			if a.crlf {
				line = bytes.TrimSuffix(line, []byte{'\r'})
			}
		}
		data = slices.Grow(data, len(line)) // more than it says: decoding is faster in it
		n, ok := lineOctets(data[len(data):cap(data)], line)
		if !ok || n == 0 {
			break
		}
		data = data[:len(data)+n]
		a.size += n
		end = pos + len(line)
		if n < a.width/4*3 {
			break
		}
	}
	return data, end
}

// encoded is how many octets it takes in the message.
func (a *armor) encoded() int {
	n := base64.StdEncoding.EncodedLen(a.size)
	breaks := max(0, n-1) / a.width
	if a.crlf {
		breaks *= 2
	}
	return n + breaks
}

// write appends the lines that say data.
func (a *armor) write(dst, data []byte) []byte {
	for per := a.width / 4 * 3; len(data) > per; data = data[per:] {
		dst = base64.StdEncoding.AppendEncode(dst, data[:per])
		if a.crlf {
			dst = append(dst, '\r')
		}
		dst = append(dst, '\n')
	}
	return base64.StdEncoding.AppendEncode(dst, data)
}

// rearm appends text with the base64 put back in, of which there are to be no more than room octets.
func rearm(dst []byte, found []armor, text, data []byte, room int) ([]byte, error) {
	size := len(text)
	for i := range found {
		size += found[i].encoded()
		if size > room {
			break
		}
	}
	if size > room {
		return dst, fmt.Errorf("%w: a chunk of %d octets", ErrDamaged, size)
	}
	dst = slices.Grow(dst, size)
	for _, a := range found {
		if a.before > len(text) || a.size > len(data) {
			return dst, fmt.Errorf("%w: a chunk lacks octets", ErrDamaged)
		}
		dst = append(dst, text[:a.before]...)
		dst = a.write(dst, data[:a.size])
		text, data = text[a.before:], data[a.size:]
	}
	return append(dst, text...), nil
}

// appendArmor writes where base64 was.
func appendArmor(dst []byte, found []armor) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(found)))
	for _, a := range found {
		width := uint64(a.width) << 1
		if a.crlf {
			width |= 1
		}
		dst = binary.AppendUvarint(dst, uint64(a.before))
		dst = binary.AppendUvarint(dst, width)
		dst = binary.AppendUvarint(dst, uint64(a.size))
	}
	return dst
}

// cutArmor reads what appendArmor wrote off the beginning of b.
func cutArmor(b []byte) (found []armor, rest []byte, err error) {
	number := func() int {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 2*chunkSize {
			err, b = fmt.Errorf("%w: a chunk's beginning", ErrDamaged), nil
			return 0
		}
		b = b[n:]
		return int(v)
	}
	count := number()
	if count > chunkSize/minArmor {
		return nil, nil, fmt.Errorf("%w: %d stretches of base64 in a chunk", ErrDamaged, count)
	}
	for range count {
		a := armor{before: number()}
		width := number()
		a.width, a.crlf, a.size = width>>1, width&1 != 0, number()
		if err == nil && (a.width < minArmorWidth || a.width%4 != 0) {
			err = fmt.Errorf("%w: base64 of width %d", ErrDamaged, a.width)
		}
		if err != nil {
			return nil, nil, err
		}
		found = append(found, a)
	}
	return found, b, err
}
