package main

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
)

// TestPipeBrokenOff: Ctrl-C ends the reading of a pipe that nobody ends, and nothing of the mail stays behind.
func TestPipeBrokenOff(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in, write := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		_, _ = write.Write([]byte("From ada\n\nhalf of a"))
		stop()
	}()
	if _, err := (&app{stdio: stdio{in: in}}).keepPipe(ctx, "-"); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	_ = write.Close()
}
