package message

import "strings"

// judge decides which parts are attachments: what a reader offers for saving.
// Attached are all parts but
//   - the text that is shown, unless it has a name or says it is attached;
//   - what a text refers to by its Content-ID, or has no name and comes along
//     with a text in a multipart/related;
//   - signatures, control parts and other renderings of the same text.
//
// An attached message is one attachment; its own parts are judged as its own.
func judge(m *Message) {
	if m.Root == nil {
		return
	}
	j := judgement{}
	j.collectReferences(m.Root)
	j.part(m.Root, nil, 0)
}

type judgement struct {
	referenced map[string]bool // Content-IDs (lower case) that an HTML text shows
	body       bool            // the first shown text has been met
}

func (j *judgement) part(p, parent *Part, index int) {
	if p.IsMultipart() {
		for i, c := range p.Children {
			j.part(c, p, i)
		}
		return
	}
	p.Attachment = j.isAttachment(p, parent, index)
	if p.Message != nil {
		inner := judgement{}
		inner.collectReferences(p.Message.Root)
		inner.part(p.Message.Root, nil, 0)
	}
}

func (j *judgement) isAttachment(p, parent *Part, index int) bool {
	within := ""
	if parent != nil {
		within = parent.Type
	}
	switch {
	case isControlPart(p.Type, within, index):
		return false
	case p.Disposition == "attachment":
		return true
	case isShownText(p.Type):
		first := !j.body
		j.body = true
		named := p.Name != "" && !(first && p.Disposition == "")
		return named && within != "multipart/alternative"
	case within == "multipart/alternative" && strings.HasPrefix(p.Type, "text/") && p.Type != "text/calendar":
		return false
	case p.ContentID != "" && j.referenced[strings.ToLower(p.ContentID)]:
		return false
	case within == "multipart/related" && index > 0 && p.Name == "" && strings.HasPrefix(p.Type, "image/"):
		return false
	case within == "multipart/digest" && p.Message != nil:
		return false
	case p.Size == 0 && p.Name == "" && p.Disposition == "":
		return false
	}
	return true
}

// isControlPart reports parts that are for programs only.
func isControlPart(mediaType, within string, index int) bool {
	switch mediaType {
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
		return within == "multipart/signed" && index > 0
	case "application/pgp-encrypted":
		return within == "multipart/encrypted"
	case "application/applefile":
		return within == "multipart/appledouble"
	}
	return false
}

// isShownText reports the media types that a reader shows as text.
func isShownText(mediaType string) bool {
	switch mediaType {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown",
		"text/x-patch", "text/x-diff", "text/rfc822-headers", "text/x-amp-html", "text/watch-html",
		"message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
		"message/feedback-report", "message/partial", "message/external-body", "application/pgp", "application/xhtml+xml":
		return true
	}
	return false
}

// isHTML reports media types that are HTML.
func isHTML(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

// collectReferences notes every cid: URL of the HTML texts of one message.
func (j *judgement) collectReferences(root *Part) {
	if root.IsMultipart() {
		for _, c := range root.Children {
			j.collectReferences(c)
		}
		return
	}
	if !isHTML(root.Type) {
		return
	}
	rest := root.Data()
	for {
		i := indexFold(rest, "cid:")
		if i < 0 {
			return
		}
		rest = rest[i+4:]
		n := 0
		for n < len(rest) && n < 256 && !strings.ContainsRune("\"'<> \t\r\n)", rune(rest[n])) {
			n++
		}
		if j.referenced == nil {
			j.referenced = make(map[string]bool)
		}
		j.referenced[strings.ToLower(percentDecode(string(rest[:n])))] = true
		rest = rest[n:]
	}
}

// indexFold finds an ASCII word in lower case, whatever case b writes it in.
func indexFold(b []byte, word string) int {
	for i := 0; i+len(word) <= len(b); i++ {
		if b[i]|0x20 == word[0] && strings.EqualFold(string(b[i:i+len(word)]), word) {
			return i
		}
	}
	return -1
}
