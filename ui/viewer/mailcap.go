package viewer

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	maxMailcap = 4 << 20 // octets of a file that are read
	testTime   = 5 * time.Second
)

// MailcapFiles are the mailcap files of this machine and its person, as RFC 1524 lists them.
func MailcapFiles() []string {
	if list := os.Getenv("MAILCAPS"); list != "" {
		return filepath.SplitList(list)
	}
	files := []string{"/etc/mailcap", "/usr/etc/mailcap", "/usr/local/etc/mailcap"}
	if home, err := os.UserHomeDir(); err == nil {
		files = append([]string{filepath.Join(home, ".mailcap")}, files...)
	}
	return files
}

// line is one line of a mailcap file.
type line struct {
	typ      string // "type/subtype" or "type/*"
	view     string
	test     string // must succeed; "" is nothing
	suffix   string // of the file's name
	terminal bool
	output   bool
	shell    bool // the view command needs one
	named    bool // it names the file; else it reads it
}

func (l *line) kind() Kind {
	switch {
	case l.output:
		return Output
	case l.terminal:
		return Terminal
	}
	return Window
}

// readAll reads mailcap files: the first line that fits counts.
func readAll(files []string) []*line {
	var out []*line
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(f, maxMailcap))
		f.Close()
		out = append(out, parse(string(text))...)
	}
	return out
}

// parse reads what a mailcap file says (RFC 1524, Appendix A); a line that is none is passed over.
func parse(text string) []*line {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var out []*line
	for {
		raw, rest, more := cutLine(text)
		if l := parseLine(raw); l != nil {
			out = append(out, l)
		}
		if !more {
			return out
		}
		text = rest
	}
}

// cutLine cuts the first line off; one that ends in a backslash goes on in the next, but not a comment.
func cutLine(text string) (first, rest string, more bool) {
	comment := strings.HasPrefix(text, "#")
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && !comment:
			i++
		case text[i] == '\n':
			return strings.ReplaceAll(text[:i], "\\\n", ""), text[i+1:], true
		}
	}
	return strings.ReplaceAll(text, "\\\n", ""), "", false
}

// parseLine reads type; command; field; field=value; nil when it is none.
func parseLine(raw string) *line {
	if raw = strings.TrimSpace(raw); raw == "" || raw[0] == '#' {
		return nil
	}
	fields := splitFields(raw)
	if len(fields) < 2 || fields[0] == "" || fields[1] == "" {
		return nil
	}
	l := &line{typ: strings.ToLower(fields[0]), view: fields[1]}
	if !strings.Contains(l.typ, "/") {
		l.typ += "/*"
	}
	for _, f := range fields[2:] {
		name, value, _ := strings.Cut(f, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "needsterminal":
			l.terminal = true
		case "copiousoutput":
			l.output = true
		case "test":
			l.test = value
		case "nametemplate":
			if s, ok := strings.CutPrefix(value, "%s"); ok && suffixes().MatchString(s) {
				l.suffix = s
			}
		}
	}
	l.shell, l.named = needsShell(l.view), strings.Contains(strings.ReplaceAll(l.view, "%%", ""), "%s")
	return l
}

// suffixes are the ends of names that a template may ask for.
var suffixes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\.[A-Za-z0-9.]{1,16}$`) })

// splitFields splits at semicolons; a backslash takes the meaning from the next octet, also for the shell
// unless that is a semicolon, a percent sign or a backslash.
func splitFields(raw string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && i+1 < len(raw):
			i++
			switch raw[i] {
			case '%':
				b.WriteString("%%")
			case ';', '\\':
				b.WriteByte(raw[i])
			default:
				b.WriteString(raw[i-1 : i+1])
			}
		case c == ';':
			out = append(out, strings.TrimSpace(b.String()))
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(out, strings.TrimSpace(b.String()))
}

// matches reports whether the line is for a media type.
func (l *line) matches(typ string) bool {
	if l.typ == typ || l.typ == "*/*" {
		return true
	}
	major, ok := strings.CutSuffix(l.typ, "/*")
	return ok && strings.HasPrefix(typ, major+"/")
}

// passes runs the line's test. One that asks for something of the message is not run: the line counts for nothing.
func (l *line) passes(ctx context.Context) bool {
	if l.test == "" {
		return true
	}
	if strings.Contains(l.test, "%") {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", l.test)
	cmd.WaitDelay = time.Second
	return cmd.Run() == nil
}

// plain is what of a message may stand in a command: it can be no option and means nothing to anybody.
var plain = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+/-]{0,99}$`) })

// words is the command for a file; false when the line asks for something that it is not given.
func (l *line) words(path, typ string, params map[string]string) ([]string, bool) {
	if l.shell {
		s, ok := substitute(l.view, func(what string) (string, bool) { return filepath.Base(path), what == "s" })
		return []string{"/bin/sh", "-c", s}, ok
	}
	words := strings.Fields(l.view)
	for i, w := range words {
		var ok bool
		words[i], ok = substitute(unquoted(w), func(what string) (string, bool) {
			switch {
			case what == "s":
				return path, true
			case what == "t":
				return typ, plain().MatchString(typ)
			}
			v := params[strings.ToLower(what)]
			return v, plain().MatchString(v)
		})
		if !ok {
			return nil, false
		}
	}
	return words, len(words) > 0
}

// substitute puts values for %s, %t and %{name} into a text; %% stands for a percent sign.
func substitute(text string, value func(what string) (string, bool)) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		what, after := "", ""
		switch {
		case strings.HasPrefix(rest, "%"):
			b.WriteByte('%')
			text = rest[1:]
			continue
		case strings.HasPrefix(rest, "s"), strings.HasPrefix(rest, "t"):
			what, after = rest[:1], rest[1:]
		case strings.HasPrefix(rest, "{"):
			var closed bool
			if what, after, closed = strings.Cut(rest[1:], "}"); !closed || len(what) < 2 { // one letter would be %s or %t
				return "", false
			}
		default: // %n and %F are of multipart, which is not opened
			return "", false
		}
		v, ok := value(what)
		if !ok {
			return "", false
		}
		b.WriteString(v)
		text = after
	}
}

// simple is a command that is the same without a shell: words, one whole word of them perhaps in quotes.
var simple = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*[A-Za-z0-9_./+-]+(\s+([^\s'"\\|&;<>()$` + "`" + `*?\[\]#~!]+|'[^\s'\\]*'|"[^\s"\\$` + "`" + `]*"))*\s*$`)
})

// needsShell reports whether only a shell understands a command.
func needsShell(view string) bool {
	return !simple().MatchString(view) || strings.HasPrefix(view, "exec ")
}

// unquoted is a word without the quotes around it.
func unquoted(w string) string {
	if n := len(w); n > 1 && (w[0] == '\'' || w[0] == '"') && w[n-1] == w[0] {
		return w[1 : n-1]
	}
	return w
}
