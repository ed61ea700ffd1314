package demo

import (
	"bufio"
	"bytes"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// write is one FETCH response. Whole messages, headers and texts are slices of
// the message's own octets; only parts go through the library's parser, which
// does not keep what is malformed.
func (f found) write(to *imapserver.FetchWriter, o *imap.FetchOptions) error {
	w := to.CreateMessage(f.seq)
	if o.UID {
		w.WriteUID(f.uid)
	}
	if o.Flags {
		w.WriteFlags(f.flags)
	}
	if o.InternalDate {
		w.WriteInternalDate(f.received)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(len(f.raw)))
	}
	if o.Envelope {
		header, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(f.raw)))
		if err != nil {
			header = textproto.Header{}
		}
		w.WriteEnvelope(imapserver.ExtractEnvelope(header))
	}
	if o.BodyStructure != nil {
		w.WriteBodyStructure(imapserver.ExtractBodyStructure(bytes.NewReader(f.raw)))
	}
	err := f.writeSections(w, o)
	return errors.Join(err, w.Close()) // only Close gives back the connection's encoder
}

func (f found) writeSections(w *imapserver.FetchResponseWriter, o *imap.FetchOptions) error {
	for _, s := range o.BodySection {
		b := section(f.raw, s)
		wc := w.WriteBodySection(s, int64(len(b)))
		if _, err := wc.Write(b); err != nil {
			return err
		}
		if err := wc.Close(); err != nil {
			return err
		}
	}
	return nil
}

// section is the octets of one BODY[…].
func section(raw []byte, s *imap.FetchItemBodySection) []byte {
	if len(s.Part) > 0 || s.Specifier == imap.PartSpecifierMIME {
		return imapserver.ExtractBodySection(bytes.NewReader(raw), s)
	}
	header, text := split(raw)
	out := raw
	switch s.Specifier {
	case imap.PartSpecifierHeader:
		out = header
		if len(s.HeaderFields)+len(s.HeaderFieldsNot) > 0 {
			out = filter(header, s.HeaderFields, s.HeaderFieldsNot)
		}
	case imap.PartSpecifierText:
		out = text
	}
	if p := s.Partial; p != nil {
		from := min(max(p.Offset, 0), int64(len(out)))
		out = out[from:min(from+max(p.Size, 0), int64(len(out)))]
	}
	return out
}

// split cuts behind the empty line that ends the header; the header includes it.
func split(raw []byte) (header, text []byte) {
	for at := 0; at < len(raw); {
		n := bytes.IndexByte(raw[at:], '\n')
		if n < 0 {
			break
		}
		line := bytes.TrimSuffix(raw[at:at+n], []byte("\r"))
		at += n + 1
		if len(line) == 0 {
			return raw[:at], raw[at:]
		}
	}
	return raw, nil
}

// filter keeps the named fields, or all but the others, and ends with an empty line.
func filter(header []byte, fields, not []string) []byte {
	var out bytes.Buffer
	keep := false
	for line := range bytes.SplitAfterSeq(header, []byte("\n")) {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := strings.Cut(string(line), ":")
			name = strings.TrimSpace(name)
			if len(fields) > 0 {
				keep = named(fields, name)
			} else {
				keep = !named(not, name)
			}
		}
		if keep {
			out.Write(line)
		}
	}
	out.WriteString("\r\n")
	return out.Bytes()
}

func named(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
