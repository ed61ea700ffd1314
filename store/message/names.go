package message

import (
	"strings"
	"unicode/utf8"
)

const maxName = 255 // bytes of a file name

// SafeName makes a file name of an attachment's name: base name, no controls,
// no bidi, no leading dots, at most 255 bytes, never empty. A leading hyphen
// becomes an underscore, so that no program takes the name for an option, and
// so do characters that file systems or shells give a meaning.
func SafeName(name string) string {
	s := CleanLine(name).String()
	s = strings.TrimRight(s, "/\\ ")
	if i := strings.LastIndexAny(s, "/\\"); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case r == zwj || r == zwnj || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	s = strings.TrimLeft(s, ". ")
	s = strings.TrimRight(s, ". ")
	if strings.HasPrefix(s, "-") {
		s = "_" + s[1:]
	}
	if s == "" {
		return "attachment"
	}
	return shortenName(s)
}

// shortenName cuts a name to maxName bytes, keeping its extension.
func shortenName(s string) string {
	if len(s) <= maxName {
		return s
	}
	ext := ""
	if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= 32 {
		ext = s[i:]
	}
	cut := maxName - len(ext)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimRight(s[:cut], ". ") + ext
}
