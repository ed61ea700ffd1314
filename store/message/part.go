package message

import "strings"

// Part is one leaf of the MIME tree, a container (multipart), or an attached
// message with a tree of its own.
type Part struct {
	ID          string // IMAP section number: "1", "2.1", …; a message's own multipart is "TEXT" or "2.TEXT"
	Type        string // lower-case media type; "text/plain" when unknown
	Params      map[string]string
	Name        string // decoded attachment name made safe (base name, no controls, no bidi, ≤ 255 bytes); "" when none
	Disposition string // "inline", "attachment" or ""
	ContentID   string // without <>
	Size        int    // decoded octets; of a large attachment, what its lines have room for
	Attachment  bool   // a reader offers it for saving (named text shown inline is offered too)
	Children    []*Part
	Message     *Message // the message within a message/rfc822, whose Root is Children[0]; else nil
	Defects     []string

	data []byte        // decoded
	late func() []byte // decodes; nil: it is decoded
}

// Data is the part decoded of its transfer encoding; never nil for a leaf. An attachment is decoded when first asked for.
func (p *Part) Data() []byte {
	if p.late != nil {
		return p.late()
	}
	return p.data
}

// IsMultipart reports whether the part is only a container of others.
func (p *Part) IsMultipart() bool { return len(p.Children) > 0 && p.Message == nil }

// FileName is a safe name to save the part under: Name, or one made of its
// type and id. Never empty.
func (p *Part) FileName() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Message != nil && strings.TrimSpace(p.Message.Subject) != "":
		return SafeName(p.Message.Subject + ".eml")
	}
	return "part-" + p.ID + Extension(p.Type)
}

// Extension returns the usual file extension of a media type, with its dot.
// The system's own tables differ from machine to machine.
func Extension(mediaType string) string {
	switch mediaType {
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/calendar":
		return ".ics"
	case "text/csv":
		return ".csv"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "message/rfc822", "message/global", "message/news":
		return ".eml"
	case "image/jpeg", "image/jpg":
		return ".jpg"
	case "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff", "application/pdf", "application/zip", "video/mp4", "application/json":
		return "." + mediaType[strings.IndexByte(mediaType, '/')+1:]
	case "image/svg+xml":
		return ".svg"
	case "audio/mpeg":
		return ".mp3"
	case "application/pgp-signature":
		return ".asc"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/ms-tnef":
		return ".dat"
	}
	return ".bin"
}

// Parts lists all leaves in order, attached messages included as one leaf each
// (their own leaves follow with longer ids).
func (m *Message) Parts() []*Part {
	var out []*Part
	m.Root.walk(func(p *Part) {
		if !p.IsMultipart() {
			out = append(out, p)
		}
	})
	return out
}

// walk calls f for the part and everything below it, in order. A nil part is no part.
func (p *Part) walk(f func(*Part)) {
	if p == nil {
		return
	}
	f(p)
	for _, c := range p.Children {
		c.walk(f)
	}
}

// Part returns the part with that id, or nil.
func (m *Message) Part(id string) *Part {
	var found *Part
	m.Root.walk(func(p *Part) {
		if found == nil && strings.EqualFold(p.ID, id) {
			found = p
		}
	})
	return found
}

// Attachments lists what can be saved, parts of attached messages excluded
// (the attached message itself is one attachment).
func (m *Message) Attachments() []Attachment {
	var out []Attachment
	var list func(*Part)
	list = func(p *Part) {
		if p.Attachment {
			out = append(out, Attachment{Part: p.ID, Name: p.FileName(), Type: p.Type, Size: int64(p.Size)})
		}
		if p.Message != nil {
			return
		}
		for _, c := range p.Children {
			list(c)
		}
	}
	if m.Root != nil {
		list(m.Root)
	}
	return out
}
