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

// commonType is the type of names that systems know differently or not at all, else "".
func commonType(ext string) string {
	switch ext {
	case ".txt", ".log":
		return "text/plain"
	case ".md":
		return "text/markdown"
	case ".csv":
		return "text/csv"
	case ".patch", ".diff":
		return "text/x-patch"
	case ".html", ".htm":
		return "text/html"
	case ".ics":
		return "text/calendar"
	case ".vcf":
		return "text/vcard"
	case ".eml":
		return "message/rfc822"
	case ".pdf":
		return "application/pdf"
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".zip":
		return "application/zip"
	case ".gz":
		return "application/gzip"
	case ".tar":
		return "application/x-tar"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".svg":
		return "image/svg+xml"
	case ".webp":
		return "image/webp"
	case ".heic":
		return "image/heic"
	case ".mp3":
		return "audio/mpeg"
	case ".mp4":
		return "video/mp4"
	case ".doc":
		return "application/msword"
	case ".xls":
		return "application/vnd.ms-excel"
	case ".ppt":
		return "application/vnd.ms-powerpoint"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".odt":
		return "application/vnd.oasis.opendocument.text"
	case ".ods":
		return "application/vnd.oasis.opendocument.spreadsheet"
	}
	return ""
}

// typeOf tells a media type. A name that promises text or a message must keep it.
func typeOf(name string, data []byte) string {
	ext := strings.ToLower(filepath.Ext(name))
	t := commonType(ext)
	if t == "" {
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
