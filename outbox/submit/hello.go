package submit

import (
	"slices"
	"strconv"
	"strings"

	"mua/account"
)

// extensions are what EHLO offered (RFC 5321 4.1.1.1).
type extensions struct {
	words []string            // as the server spelled them, cleaned
	args  map[string][]string // upper-case keyword → arguments
}

// hello says EHLO, or HELO to a server that knows no EHLO.
func (s *Session) hello() error {
	r, err := s.ask("EHLO " + s.hostname)
	if err != nil {
		return s.fail(err)
	}
	if r.code == 500 || r.code == 502 || r.code == 504 {
		if r, err = s.ask("HELO " + s.hostname); err != nil {
			return s.fail(err)
		}
		r.lines = r.lines[:1]
	}
	if r.class() != 2 {
		return s.fail(r.err())
	}
	s.ext = parseExtensions(r.lines[1:])
	return nil
}

func parseExtensions(lines []string) extensions {
	e := extensions{args: make(map[string][]string)}
	for _, l := range lines {
		f := strings.Fields(strings.Replace(l, "=", " ", 1)) // AUTH=PLAIN is an old spelling
		if len(f) == 0 {
			continue
		}
		key := strings.ToUpper(f[0])
		e.args[key] = append(e.args[key], f[1:]...)
		e.words = append(e.words, account.CleanWords(l))
	}
	return e
}

// has reports whether an extension was offered.
func (e extensions) has(key string) bool { _, ok := e.args[key]; return ok }

// mechs are the SASL mechanisms offered, in upper case.
func (e extensions) mechs() []string {
	var out []string
	for _, m := range e.args["AUTH"] {
		if m = strings.ToUpper(m); !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// size is the largest message taken, in octets; 0: no limit is known (RFC 1870 4).
func (e extensions) size() int64 {
	if a := e.args["SIZE"]; len(a) > 0 {
		if n, err := strconv.ParseInt(a[0], 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// matter lists those that mua makes use of or that a person looks for.
func (e extensions) matter() []string {
	var out []string
	for _, w := range e.words {
		key, _, _ := strings.Cut(strings.ReplaceAll(w, "=", " "), " ")
		switch strings.ToUpper(key) {
		case "AUTH", "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "REQUIRETLS", "CHUNKING", "LIMITS":
			out = append(out, w)
		}
	}
	return out
}
