package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// stdinFile is the temporary file that holds what came from stdin; "": none. An mbox is read more than once, to find its
// dialect, so a pipe will not do.
type stdinFile string

// withStdin puts a file with what stdin has in the place of "-".
func (a *app) withStdin(paths []string) ([]string, stdinFile, error) {
	i := slices.Index(paths, "-")
	if i < 0 {
		return paths, "", nil
	}
	if slices.Contains(paths[i+1:], "-") {
		return nil, "", usagef("stdin can be read once only")
	}
	f, err := os.CreateTemp("", "mua-stdin-")
	if err != nil {
		return nil, "", ioTrouble("cannot keep what comes from stdin", err)
	}
	in := stdinFile(f.Name())
	_, err = io.Copy(f, a.in)
	if err = errors.Join(err, f.Close()); err != nil {
		in.remove()
		return nil, "", ioTrouble("cannot keep what comes from stdin", err)
	}
	paths = slices.Clone(paths)
	paths[i] = string(in)
	return paths, in, nil
}

// name says stdin where a text names the file.
func (f stdinFile) name(text string) string {
	if f == "" {
		return text
	}
	return strings.ReplaceAll(text, string(f), "stdin")
}

func (f stdinFile) remove() {
	if f != "" {
		_ = os.Remove(string(f))
	}
}
