package compose

import (
	"bytes"
	"mime"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"mua/store/message"
)

// Attach reads a file whole, once, as ReadFile does.
func Attach(path string) (Attachment, error) {
	data, err := ReadFile("attach", path)
	if err != nil {
		return Attachment{}, err
	}
	return NewAttachment(filepath.Base(path), data), nil
}

// NewAttachment makes an attachment of octets that are already here, its type told
// by the name and by what the octets look like.
func NewAttachment(name string, data []byte) Attachment {
	if name != "" {
		name = message.SafeName(name)
	}
	return Attachment{Name: name, Type: typeOf(name, data), Data: data}
}

// commonTypes are the types of names that systems know differently or not at all.
var commonTypes = map[string]string{
	".txt": "text/plain", ".log": "text/plain", ".md": "text/markdown", ".csv": "text/csv",
	".patch": "text/x-patch", ".diff": "text/x-patch", ".html": "text/html", ".htm": "text/html",
	".ics": "text/calendar", ".vcf": "text/vcard", ".eml": "message/rfc822",
	".pdf": "application/pdf", ".json": "application/json", ".xml": "application/xml",
	".zip": "application/zip", ".gz": "application/gzip", ".tar": "application/x-tar",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".svg": "image/svg+xml", ".webp": "image/webp", ".heic": "image/heic",
	".mp3": "audio/mpeg", ".mp4": "video/mp4",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text",
	".ods":  "application/vnd.oasis.opendocument.spreadsheet",
}

// typeOf tells a media type. A name that promises text or a message must keep it.
func typeOf(name string, data []byte) string {
	ext := strings.ToLower(filepath.Ext(name))
	t, ok := commonTypes[ext]
	if !ok {
		t, _, _ = strings.Cut(mime.TypeByExtension(ext), ";")
	}
	switch {
	case t == "message/rfc822" && looksLikeMessage(data):
		return t
	case strings.HasPrefix(t, "text/") && isText(data):
		return t
	case t == "", strings.HasPrefix(t, "text/"), strings.HasPrefix(t, "message/"), strings.HasPrefix(t, "multipart/"):
		return sniff(data)
	}
	return t
}

// sniff tells the type of a file by how it begins.
func sniff(data []byte) string {
	for _, magic := range []struct{ prefix, t string }{
		{"%PDF-", "application/pdf"}, {"\x89PNG\r\n\x1a\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"},
		{"GIF8", "image/gif"}, {"PK\x03\x04", "application/zip"}, {"\x1f\x8b", "application/gzip"},
	} {
		if bytes.HasPrefix(data, []byte(magic.prefix)) {
			return magic.t
		}
	}
	if len(data) > 0 && isText(data) {
		return "text/plain"
	}
	return octetStream
}

// isText reports whether data is UTF-8 without the controls that text never has.
func isText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r)
	})
}

// looksLikeMessage reports whether data begins with a header that a mail has.
func looksLikeMessage(data []byte) bool {
	fields, _ := splitEntity(data)
	return slices.ContainsFunc(fields, func(f rawField) bool {
		return slices.Contains([]string{"from", "date", "subject", "message-id", "received", "to"}, strings.ToLower(f.name))
	})
}
