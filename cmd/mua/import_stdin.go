package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// pipedFiles are the temporary files that hold what came from pipes: file and what it is called, by turns. An mbox is
// read more than once, to find its dialect, so a pipe will not do.
type pipedFiles []string

// withPipes puts files in the place of stdin (-) and of pipes, as a shell's <( ) gives them.
func (a *app) withPipes(paths []string) (_ []string, in pipedFiles, err error) {
	paths = slices.Clone(paths)
	for i, path := range paths {
		if path == "-" && slices.Contains(paths[i+1:], "-") {
			return nil, nil, usagef("stdin can be read once only")
		}
		if path != "-" && !isPipe(path) {
			continue
		}
		if paths[i], err = a.keepPipe(path); err != nil {
			in.remove()
			return nil, nil, err
		}
		if path == "-" {
			path = "stdin"
		}
		in = append(in, paths[i], path)
	}
	return paths, in, nil
}

func isPipe(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode()&os.ModeNamedPipe != 0
}

// keepPipe reads stdin or a pipe into a temporary file.
func (a *app) keepPipe(path string) (string, error) {
	from := a.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", ioTrouble("cannot read "+path, err)
		}
		defer f.Close()
		from = f
	}
	f, err := os.CreateTemp("", "mua-stdin-")
	if err == nil {
		_, err = io.Copy(f, from)
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(f.Name())
		}
	}
	if err != nil {
		return "", ioTrouble("cannot keep what comes from a pipe", err)
	}
	return f.Name(), nil
}

// name says what the person called it where a text names the file.
func (f pipedFiles) name(text string) string { return strings.NewReplacer(f...).Replace(text) }

func (f pipedFiles) remove() {
	for i := 0; i < len(f); i += 2 {
		_ = os.Remove(f[i])
	}
}
