package addressbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"mua/store/message"
)

const (
	commandTime  = 2 * time.Second
	commandGrace = 100 * time.Millisecond // for what it has left behind to close its output
	maxAnswer    = 256 << 10              // octets of what it says
	maxLines     = 1000
)

// Ask runs the program with what is typed and returns the addresses that it knows, in its order. It answers
// in lines of ADDRESS<TAB>NAME<TAB>NOTE, as mutt's query_command does (a first line of talk is passed over), or
// in lines of Name <address>, as notmuch address does. It is ended with ctx and after 2 s, with all that it has started;
// an error is told then, when it cannot be run, and when it fails without an answer (1 means nothing found).
func (b *Book) Ask(ctx context.Context, typed string) ([]Entry, error) {
	argv, ok := b.fill(strings.TrimSpace(message.CleanLine(typed).String()))
	if !ok {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	cmd := exec.CommandContext(limited, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = commandGrace
	answer, talk := &beginning{max: maxAnswer}, &beginning{max: 1000}
	cmd.Stdout, cmd.Stderr = answer, talk
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	list := parseAnswer(answer.Bytes(), answer.more)
	name := message.CleanLine(filepath.Base(argv[0]))
	var exit *exec.ExitError
	switch {
	case limited.Err() != nil:
		return list, fmt.Errorf("address_command: %s took more than %s and was ended", name, b.limit)
	case errors.As(err, &exit):
		if len(list) > 0 || exit.ExitCode() == 1 {
			return list, nil
		}
		said, _, _ := strings.Cut(strings.TrimSpace(talk.String()), "\n")
		return nil, fmt.Errorf("address_command: %s", strings.TrimSuffix(fmt.Sprintf("%s: %v: %s", name, err, message.CleanLine(said)), ": "))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, fmt.Errorf("address_command: %w", err)
	}
	return list, nil
}

// fill makes the command line. What would become an option of the program is not asked for.
func (b *Book) fill(typed string) (argv []string, ok bool) {
	if len(b.command) == 0 {
		return nil, false
	}
	argv = []string{b.command[0]}
	if rest, ok := strings.CutPrefix(argv[0], "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			argv[0] = filepath.Join(home, rest)
		}
	}
	placed := false
	for _, a := range b.command[1:] {
		filled := strings.ReplaceAll(a, "%s", typed)
		placed = placed || strings.Contains(a, "%s")
		if strings.HasPrefix(filled, "-") && !strings.HasPrefix(a, "-") {
			return nil, false
		}
		argv = append(argv, filled)
	}
	if !placed {
		if strings.HasPrefix(typed, "-") {
			return nil, false
		}
		argv = append(argv, typed)
	}
	return argv, true
}

// parseAnswer reads what the program says; cut tells that it is not all of it.
func parseAnswer(b []byte, cut bool) (list []Entry) {
	lines := strings.Split(string(b), "\n")
	if cut {
		lines = lines[:len(lines)-1] // half an address is another one
	}
	for _, l := range lines[:min(len(lines), maxLines)] {
		if l = strings.TrimSuffix(l, "\r"); !utf8.ValidString(l) {
			l = strings.ToValidUTF8(l, "\uFFFD")
		}
		if e, ok := parseLine(l); ok {
			list = append(list, e)
		}
	}
	return list
}

func parseLine(l string) (Entry, bool) {
	if addr, rest, ok := strings.Cut(l, "\t"); ok {
		name, note, _ := strings.Cut(rest, "\t")
		return entry(name, addr, note)
	}
	if len(l) > 4*maxValue {
		return Entry{}, false
	}
	a, err := mail.ParseAddress(l)
	if err != nil {
		return Entry{}, false
	}
	return entry(a.Name, a.Address, "")
}

// beginning keeps the first max octets of what is written to it.
type beginning struct {
	bytes.Buffer
	max  int
	more bool
}

func (b *beginning) Write(p []byte) (int, error) {
	room := min(b.max-b.Len(), len(p))
	b.more = b.more || room < len(p)
	b.Buffer.Write(p[:room])
	return len(p), nil
}
