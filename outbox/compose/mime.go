package compose

import (
	"bytes"
	"crypto/rand"
	"mime"
	"strings"

	"mua/store/message"
)

// piece is one MIME entity in the making: its Content- fields and its body.
type piece struct {
	head header
	body []byte
}

// bodyOf builds the MIME tree of a draft: text, or HTML, or both as alternatives,
// with the attachments behind.
func (d *Draft) bodyOf() piece {
	var texts []piece
	if d.Text != "" || d.HTML == "" && len(d.Attachments) == 0 {
		texts = append(texts, textPiece("plain", d.Text))
	}
	if d.HTML != "" {
		texts = append(texts, textPiece("html", d.HTML))
	}
	if len(texts) == 2 {
		texts = []piece{multipartOf("alternative", texts)}
	}
	if len(d.Attachments) == 0 {
		return texts[0]
	}
	for _, a := range d.Attachments {
		texts = append(texts, a.piece())
	}
	return multipartOf("mixed", texts)
}

// textPiece makes a text part. Its last line ends in CRLF.
func textPiece(subtype, text string) piece {
	body := crlf([]byte(text))
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\r\n")) {
		body = append(bytes.Clone(body), '\r', '\n')
	}
	var p piece
	p.head.parameterised("Content-Type", "text/"+subtype, []param{{"charset", textCharset(body)}})
	encoding, body := encodeText(body)
	p.head.plain("Content-Transfer-Encoding", encoding)
	p.body = body
	return p
}

// multipartOf joins parts.
func multipartOf(subtype string, parts []piece) piece {
	// "=_" cannot occur in quoted-printable or base64; chance keeps the rest apart.
	boundary := "=_" + strings.ToLower(rand.Text())
	var p piece
	p.head.parameterised("Content-Type", "multipart/"+subtype, []param{{"boundary", boundary}})
	var b bytes.Buffer
	for _, part := range parts {
		b.WriteString("--" + boundary + "\r\n")
		b.Write(part.head.Bytes())
		b.WriteString("\r\n")
		b.Write(part.body)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	p.body = b.Bytes()
	return p
}

// piece makes an attachment. Octets are kept: only text that is 7-bit with CRLF
// line ends stays readable, everything else is base64.
func (a Attachment) piece() piece {
	t, params, err := mime.ParseMediaType(a.Type)
	if err != nil || strings.Count(t, "/") != 1 || strings.HasPrefix(t, "multipart/") || !isToken(strings.Replace(t, "/", "", 1)) {
		t, params = octetStream, nil
	}
	delete(params, "name")
	name := a.Name
	if name != "" {
		name = cut(message.SafeName(name), maxParam)
	}
	encoding, body := encBase64, []byte(nil)
	switch exact := isSevenBit(a.Data) && hasOnlyCRLF(a.Data); {
	case t == "message/rfc822":
		if inner, ok := embedMessage(a.Data); ok {
			encoding, body = enc7bit, inner
			break
		}
		t, params, body = octetStream, nil, wrapBase64(a.Data)
		name = emlName(name)
	case exact && (strings.HasPrefix(t, "text/") || strings.HasPrefix(t, "message/")):
		encoding, body = enc7bit, a.Data
	case strings.HasPrefix(t, "message/"):
		t, params, body = octetStream, nil, wrapBase64(a.Data)
	default:
		body = wrapBase64(a.Data)
	}
	if strings.HasPrefix(t, "text/") && params["charset"] == "" {
		if cs := textCharset(a.Data); cs == "us-ascii" || cs == "utf-8" {
			params["charset"] = cs
		}
	}
	var p piece
	p.head.parameterised("Content-Type", t, listParams(params))
	p.head.plain("Content-Transfer-Encoding", encoding)
	var disposition []param
	if name != "" {
		disposition = []param{{"filename", name}}
	}
	p.head.parameterised("Content-Disposition", "attachment", disposition)
	p.body = body
	return p
}

const octetStream = "application/octet-stream"

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isTokenRune(r) })
}

// emlName gives an opaque attached message a name that readers open as a message.
func emlName(name string) string {
	switch {
	case name == "":
		return "message.eml"
	case strings.HasSuffix(strings.ToLower(name), ".eml"):
		return name
	}
	return name + ".eml"
}

// embedMessage makes a message fit to be a message/rfc822 part, 7-bit with CRLF.
// ok is false when that would change more than transfer encodings and the writing
// of header fields (signed 8-bit content, UTF-8 addresses) or when raw is no message.
func embedMessage(raw []byte) (out []byte, ok bool) {
	fields, body := splitEntity(raw)
	if len(fields) == 0 {
		return nil, false
	}
	if isSevenBit(raw) {
		return lfToCRLF(raw), true
	}
	var r recoder
	fields, body = r.message(fields, body, 0)
	out = append(renderFields(fields), body...)
	return out, !r.kept8bit && !r.stuck && !r.utf8 && isSevenBit(out)
}
