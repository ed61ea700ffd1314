package archive

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"mua/store"
)

// isMaildir tells whether a folder has what a Maildir has.
func isMaildir(dir string) bool {
	return isDir(filepath.Join(dir, "cur")) && (isDir(filepath.Join(dir, "new")) || isDir(filepath.Join(dir, "tmp")))
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// maildirFlags reads the flags at the end of a name in cur; what mua does not know is left out. Some file systems
// have ; or ! for the colon.
func maildirFlags(name string) (f store.Flags) {
	i := max(strings.LastIndex(name, ":2,"), strings.LastIndex(name, ";2,"), strings.LastIndex(name, "!2,"))
	if i < 0 {
		return 0
	}
	for _, r := range name[i+3:] {
		switch r {
		case 'S':
			f |= store.Seen
		case 'R':
			f |= store.Answered
		case 'F':
			f |= store.Flagged
		case 'D':
			f |= store.Draft
		case 'T':
			f |= store.Deleted
		case 'P':
			f |= store.Forwarded
		}
	}
	return f
}

// dotLevels are the levels of a Maildir++ subfolder's name, without its first dot: "Lists.go" is go under Lists.
func dotLevels(name string) []string {
	var out []string
	for _, l := range strings.Split(name, ".") {
		if l != "" {
			out = append(out, fromUTF7(l))
		}
	}
	return out
}

// fromUTF7 reads a name in the modified UTF-7 of IMAP (RFC 3501 5.1.3), which servers also use in files; one that is none
// stays as it is.
func fromUTF7(name string) string {
	var b strings.Builder
	for rest := name; rest != ""; {
		before, coded, found := strings.Cut(rest, "&")
		b.WriteString(before)
		if !found {
			break
		}
		word, after, ok := strings.Cut(coded, "-")
		if !ok {
			return clean(name)
		}
		if word == "" {
			b.WriteByte('&')
		} else {
			raw, err := utf7Base64.DecodeString(strings.ReplaceAll(word, ",", "/"))
			if err != nil || len(raw)%2 != 0 || len(raw) == 0 {
				return clean(name)
			}
			units := make([]uint16, len(raw)/2)
			for i := range units {
				units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
			}
			b.WriteString(string(utf16.Decode(units)))
		}
		rest = after
	}
	return clean(b.String())
}

var utf7Base64 = base64.StdEncoding.WithPadding(base64.NoPadding)

// toUTF7 is the other way.
func toUTF7(name string) string {
	var b strings.Builder
	var wide []rune
	flush := func() {
		if len(wide) == 0 {
			return
		}
		var raw []byte
		for _, u := range utf16.Encode(wide) {
			raw = append(raw, byte(u>>8), byte(u))
		}
		b.WriteString("&" + strings.ReplaceAll(utf7Base64.EncodeToString(raw), "/", ",") + "-")
		wide = nil
	}
	for _, r := range name {
		switch {
		case r < ' ' || r > '~' || r == '.' || r == '/': // these two would be taken for levels
			wide = append(wide, r)
		case r == '&':
			flush()
			b.WriteString("&-")
		default:
			flush()
			b.WriteRune(r)
		}
	}
	flush()
	return b.String()
}

// clean makes a file's name fit for a mailbox's: valid UTF-8 without control characters or wildcards.
func clean(name string) string {
	if !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "_")
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '*' || r == '%' {
			return '_'
		}
		return r
	}, name))
}
