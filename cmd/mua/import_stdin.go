package main

import (
	"context"
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
func (a *app) withPipes(ctx context.Context, paths []string) (_ []string, in pipedFiles, err error) {
	paths = slices.Clone(paths)
	for i, path := range paths {
		if path == "-" && slices.Contains(paths[i+1:], "-") {
			return nil, nil, usagef("stdin can be read once only")
		}
		if path != "-" && !isPipe(path) {
			continue
		}
		if paths[i], err = a.keepPipe(ctx, path); err != nil {
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

// keepPipe reads stdin or a pipe into a temporary file. What has not come to its end when ctx ends is not kept.
func (a *app) keepPipe(ctx context.Context, path string) (string, error) {
	f, err := os.CreateTemp("", "mua-stdin-")
	if err == nil {
		_, err = typed(ctx, func() (string, error) { return "", errors.Join(a.copyPipe(f, path), f.Close()) })
		if err != nil || ctx.Err() != nil {
			_ = os.Remove(f.Name())
		}
	}
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", ioTrouble("cannot keep what comes from a pipe", err)
	}
	return f.Name(), nil
}

func (a *app) copyPipe(to io.Writer, path string) error {
	from := a.in
	if path != "-" {
		f, err := os.Open(path) // waits for who writes
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	_, err := io.Copy(to, from)
	return err
}

// name says what the person called it where a text names the file.
func (f pipedFiles) name(text string) string { return strings.NewReplacer(f...).Replace(text) }

func (f pipedFiles) remove() {
	for i := 0; i < len(f); i += 2 {
		_ = os.Remove(f[i])
	}
}
