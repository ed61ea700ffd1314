package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Exit statuses (sysexits.h) that the tests ask for by name.
const (
	exitNotFound  = 66
	exitIO        = 74
	exitTemporary = 75
)

// testFolder is shared by all tests of a run, and goes with it.
var testFolder string

func TestMain(m *testing.M) { os.Exit(inFolder(m)) }

func inFolder(m *testing.M) int {
	var err error
	if testFolder, err = os.MkdirTemp("", "mua-trial-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(testFolder)
	os.Setenv("XDG_STATE_HOME", filepath.Join(testFolder, "state"))
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else each process that -race has built sleeps for a second at its end
	return m.Run()
}

// stdio is what a command line reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// run runs the program with a command line, its first word its name; ctx ends it as Ctrl-C does. It returns the exit
// status; -1: it did not run, or a signal ended it.
func run(ctx context.Context, argv []string, s stdio) int {
	bin, err := built()
	if err != nil {
		fmt.Fprintln(s.err, err)
		return -1
	}
	cmd := exec.CommandContext(ctx, bin, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err = cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && ctx.Err() == nil {
		fmt.Fprintln(s.err, err)
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// crlf makes a text a message as servers hold it.
func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n"))
}
