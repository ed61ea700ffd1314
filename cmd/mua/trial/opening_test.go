package trial

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOpenAttachmentInTmux: a program of ~/.mailcap gets the terminal and an attachment's file, a failing one keeps
// its words on the screen, and nothing of it is left when mua has ended.
func TestOpenAttachmentInTmux(t *testing.T) {
	bin, home := buildMua(t), t.TempDir()
	mailcap := filepath.Join(home, ".mailcap")
	for _, step := range []struct{ line, sees string }{
		{"application/pdf; echo opened %s \\; head -c 8 %s \\; read wait; needsterminal\n", "%PDF-1."},
		{"application/pdf; echo no such page in %s \\; false; needsterminal\n", "sh: exit status 1 · Enter goes back to mua"},
	} {
		if err := os.WriteFile(mailcap, []byte(step.line), 0o600); err != nil {
			t.Fatal(err)
		}
		x := newTerminal(t, home, bin, "demo")
		x.sees("INBOX", "online")
		x.typed("/filename:invoice")
		x.keys("Enter")
		x.sees("Invoice 2026-1107", "1 message", "Attached")
		x.keys("v")
		x.sees("parts of Invoice", "o program")
		x.keys("Enter")
		x.sees("invoice-2026-1107.pdf", step.sees)
		x.hides("parts of Invoice")
		x.keys("Enter")
		x.sees("parts of Invoice")
		x.keys("F10")
		x.gone()
	}
	if err := os.Remove(mailcap); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Fatalf("left in HOME, which is also the folder for temporary files: %v %v", left, err)
	}
}
