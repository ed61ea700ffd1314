package powerloss

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Strace is the path of strace. Without one that may trace, the test is skipped, or fails when
// MUA_REAL_SERVERS=require.
func Strace(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err == nil {
		var out []byte
		if out, err = exec.Command(path, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
			err = fmt.Errorf("strace may not trace here: %w: %s", err, out)
		}
	}
	if err == nil {
		return path
	}
	if os.Getenv("MUA_REAL_SERVERS") == "require" {
		t.Fatalf("MUA_REAL_SERVERS=require, but %v", err)
	}
	t.Skip(err)
	return ""
}

// Options are strace's for a record that ReadCalls reads.
func Options(to string) []string {
	return []string{"-f", "--seccomp-bpf", "-y", "-xx", "-s", "1048576", "-qq", "-e", "signal=none", "-o", to, "-e",
		"trace=openat,creat,open,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg,ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,unlink,unlinkat,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,copy_file_range,sendfile"}
}

// Call is one system call that did not fail.
type Call struct {
	Name       string
	Args       []string // as strace writes them, strings in quotes
	Ret        int64
	RetPath    string // of the file descriptor it returned
	Begin, End int    // lines of the record: the order in which calls began and returned
}

// Path is the file of the descriptor that argument i names, "" when it is none.
func (c *Call) Path(i int) string {
	if i >= len(c.Args) {
		return ""
	}
	return pathOf(c.Args[i])
}

// pathOf reads 7<path>; strace writes the path in hexadecimal.
func pathOf(arg string) string {
	_, rest, ok := strings.Cut(arg, "<")
	if !ok {
		return ""
	}
	return unhex(strings.TrimSuffix(rest, ">"))
}

// Bytes is the string of argument i.
func (c *Call) Bytes(i int) []byte {
	if i >= len(c.Args) {
		return nil
	}
	return []byte(unhex(strings.Trim(c.Args[i], `"`)))
}

// Int is the number of argument i.
func (c *Call) Int(i int) int64 {
	n, err := strconv.ParseInt(c.Args[i], 0, 64)
	if err != nil {
		panic(fmt.Sprintf("argument %d of %s is no number: %q", i, c.Name, c.Args[i]))
	}
	return n
}

// unhex undoes -xx; what is not written so stays.
func unhex(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		if len(s) >= 4 && s[0] == '\\' && s[1] == 'x' {
			if n, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				s = s[4:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// ReadCalls reads a record made with Options, in the order in which the calls returned.
func ReadCalls(r io.Reader) ([]Call, error) {
	type begun struct {
		text string
		line int
	}
	open := map[string]begun{} // by thread
	var out []Call
	in := bufio.NewReaderSize(r, 1<<20)
	for line := 0; ; line++ {
		text, err := in.ReadString('\n')
		if err == io.EOF && text == "" {
			return out, nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		thread, text, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		text = strings.TrimLeft(text, " ")
		if strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "---") || strings.HasPrefix(text, "???(") { // ends, signals
			continue
		}
		if head, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
			open[thread] = begun{head, line}
			continue
		}
		begin := line
		if rest, ok := strings.CutPrefix(text, "<... "); ok {
			_, tail, found := strings.Cut(rest, " resumed>")
			b, was := open[thread]
			if !found || !was {
				return nil, fmt.Errorf("line %d: resumes what did not begin: %.200s", line+1, text)
			}
			delete(open, thread)
			text, begin = b.text+tail, b.line
		}
		c, ok, err := parseCall(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line+1, err)
		}
		if ok {
			c.Begin, c.End = begin, line
			out = append(out, c)
		}
	}
}

// parseCall reads "name(args) = result"; ok is false for a call that failed.
func parseCall(text string) (c Call, ok bool, err error) {
	name, rest, found := strings.Cut(text, "(")
	args, result, ended := cutResult(rest)
	if !found || !ended {
		return c, false, fmt.Errorf("not a call: %.200s", text)
	}
	number, _, _ := strings.Cut(result, " ")
	number, path, _ := strings.Cut(number, "<")
	ret, err := strconv.ParseInt(number, 0, 64)
	if err != nil {
		return c, false, nil // "?": the process ended in it
	}
	c = Call{Name: name, Args: splitArgs(args), Ret: ret, RetPath: unhex(strings.TrimSuffix(path, ">"))}
	return c, ret >= 0, nil
}

// cutResult parts "args) = result"; strace pads what is short before the equals sign.
func cutResult(s string) (args, result string, ok bool) {
	for end := len(s); ; {
		if end = strings.LastIndex(s[:end], ")"); end < 0 {
			return "", "", false
		}
		if tail, ok := strings.CutPrefix(strings.TrimLeft(s[end+1:], " "), "= "); ok {
			return s[:end], tail, true
		}
	}
}

// splitArgs splits at the commas outside of quotes, angle brackets and braces.
func splitArgs(s string) []string {
	var out []string
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '"':
			quoted = !quoted
		case quoted:
		case ch == '{' || ch == '[' || ch == '<' || ch == '(':
			depth++
		case ch == '}' || ch == ']' || ch == '>' || ch == ')':
			depth--
		case ch == ',' && depth == 0:
			out = append(out, s[from:i])
			from = i + 2
		}
	}
	if from < len(s) {
		out = append(out, s[from:])
	}
	return out
}
