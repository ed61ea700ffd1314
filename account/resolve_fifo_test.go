//go:build unix

package account

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe that nobody writes to is refused, not waited for.
func TestPasswordFileThatIsAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pw")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, trouble := fromFile(path); trouble == nil || trouble.Kind != KindConfig || trouble.Hint == "" {
		t.Fatalf("got %v", trouble)
	}
}
