package trial

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestImportOnFullDisk: what an import says it has stored before the disk was full is what is there, and the same import
// goes on.
func TestImportOnFullDisk(t *testing.T) {
	d := newSmallDisk(t)
	var mbox strings.Builder
	for i := range 400 {
		mbox.WriteString("From ada Mon Jan  5 10:00:00 2026\nFrom: ada@mua.example\nSubject: letter\n\n" + letter(i) + "\n")
	}
	file := filepath.Join(t.TempDir(), "letters.mbox")
	if err := os.WriteFile(file, []byte(mbox.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.afresh()
	d.fill(700)
	status, out, talk := d.box.status("", "import", file, "--mailbox", "Old")
	if status != exitIO || !strings.Contains(talk, "full") || !strings.Contains(talk, "What was imported before is kept") {
		t.Fatalf("status %d, %q", status, talk)
	}
	told := 0
	if m := regexp.MustCompile(`: (\d+) imported`).FindStringSubmatch(out); m != nil {
		told, _ = strconv.Atoi(m[1]) //nolint:errcheck // digits
	}
	if here := len(objects(t, d.mua(0, "list", "in:old", "-n", "0", "--json"))); here != told || here == 0 {
		t.Errorf("%d are here, told: %q", here, out)
	}
}

// TestDoctorWhereNothingIsWritten: a disk that is mounted to be read only is no damage.
func TestDoctorWhereNothingIsWritten(t *testing.T) {
	d := newSmallDisk(t)
	d.mua(0, "outbox", "list")
	if err := syscall.Mount("mua-test", d.root, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err) // where a tmpfs can be mounted, this can be done
	}
	status, out, talk := d.box.status("", "doctor")
	if status != 0 || !strings.Contains(out, "mail.db: sound") || !strings.Contains(out, "may not be written") {
		t.Errorf("status %d, %q, %q", status, out, talk)
	}
}
