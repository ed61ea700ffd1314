package main

import (
	"context"
	"io"
	"strings"
	"unicode"
)

// typed waits for what a person types or another program writes, or for ctx, which does not end read.
func typed(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case t := <-got:
		return t.text, t.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// readLine reads one line without its end, and no octet behind it; io.EOF: there is none.
func readLine(r io.Reader) (string, error) {
	const most = 4096
	var b strings.Builder
	buf := make([]byte, 1)
	for b.Len() < most {
		n, err := r.Read(buf)
		if n == 1 && buf[0] == '\n' {
			break
		}
		if n == 1 {
			b.WriteByte(buf[0])
		}
		if err == io.EOF && b.Len() > 0 {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return strings.TrimFunc(b.String(), unicode.IsControl), nil
}
