package realservers

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Mail is a message as it lies in a Maildir.
type Mail struct {
	Flags    string    // Maildir letters in order: D draft, F flagged, R answered, S seen, T deleted
	Received time.Time // zero: now
	Raw      []byte    // LF or CRLF line ends; Dovecot shows both as CRLF
}

// AddMaildir puts messages into a mailbox ("INBOX", "Projects.Sailing"; ASCII,
// '.' separates) by writing the files, as the fastest way to fill one. Dovecot
// numbers them in the order given.
func (d *DovecotServer) AddMaildir(t testing.TB, user, mailbox string, mails ...Mail) {
	t.Helper()
	dir := d.mailboxDir(user, mailbox)
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range mails {
		if err := d.writeMail(dir, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.giveAway(filepath.Dir(d.MailDir(user))); err != nil {
		t.Fatal(err)
	}
}

func (d *DovecotServer) writeMail(dir string, m Mail) error {
	d.mu.Lock()
	d.files++
	n := d.files
	d.mu.Unlock()
	if m.Received.IsZero() {
		m.Received = time.Now()
	}
	// Dovecot sorts by the number at the front, so it must rise.
	path := filepath.Join(dir, "cur", fmt.Sprintf("%010d.M%dP%d.mua:2,%s", 1_000_000_000+n, n, os.Getpid(), m.Flags))
	if err := os.WriteFile(path, m.Raw, 0o600); err != nil {
		return err
	}
	if err := os.Chtimes(path, m.Received, m.Received); err != nil {
		return err
	}
	return os.Chown(path, d.uid, d.gid)
}

// giveAway makes folders the mail user's.
func (d *DovecotServer) giveAway(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return os.Chown(path, d.uid, d.gid)
	})
}

// Maildir reads a mailbox's messages from the files, in the order they came.
func (d *DovecotServer) Maildir(t testing.TB, user, mailbox string) [][]byte {
	t.Helper()
	raws, err := d.readMaildir(user, mailbox)
	if err != nil {
		t.Fatal(err)
	}
	return raws
}

func (d *DovecotServer) readMaildir(user, mailbox string) ([][]byte, error) {
	dir := d.mailboxDir(user, mailbox)
	var paths []string
	for _, sub := range []string{"cur", "new"} {
		l, err := filepath.Glob(filepath.Join(dir, sub, "*"))
		if err != nil {
			return nil, err
		}
		paths = append(paths, l...)
	}
	slices.SortFunc(paths, func(a, b string) int { return byArrival(filepath.Base(a), filepath.Base(b)) })
	var raws [][]byte
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		raws = append(raws, b)
	}
	return raws, nil
}

// byArrival orders names of files as those came: by the second a name begins with, and within one by
// the number behind M, microseconds (Postfix, Dovecot), or D (Deliver), and not by the inode before it.
func byArrival(a, b string) int {
	moment := func(name string) (second, part int) {
		head, rest, _ := strings.Cut(name, ".")
		second, _ = strconv.Atoi(head)
		rest, _, _ = strings.Cut(rest, ".")
		if i := strings.IndexAny(rest, "MD"); i >= 0 {
			rest = rest[i+1:]
			if end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
				rest = rest[:end]
			}
			part, _ = strconv.Atoi(rest)
		}
		return second, part
	}
	as, ap := moment(a)
	bs, bp := moment(b)
	return cmp.Or(cmp.Compare(as, bs), cmp.Compare(ap, bp), strings.Compare(a, b))
}

// Wait returns the mailbox's messages once there are at least n; it fails the
// test after half a minute. Postfix delivers a moment after it has accepted.
func (d *DovecotServer) Wait(t testing.TB, user, mailbox string, n int) [][]byte {
	t.Helper()
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		// An error here is a file that Dovecot renamed while we looked.
		if raws, err := d.readMaildir(user, mailbox); err == nil && len(raws) >= n {
			return raws
		}
		select {
		case <-deadline.C:
			t.Fatalf("%s of %s does not get %d messages", mailbox, user, n)
		case <-tick.C:
		}
	}
}

// Deliver puts a message into a mailbox that exists as a delivery agent does: written elsewhere and moved
// into new.
func (d *DovecotServer) Deliver(t testing.TB, user, mailbox string, raw []byte) {
	t.Helper()
	d.mu.Lock()
	d.files++
	name := fmt.Sprintf("%010d.D%dP%d.mua", time.Now().Unix(), d.files, os.Getpid())
	d.mu.Unlock()
	dir := d.mailboxDir(user, mailbox)
	tmp := filepath.Join(dir, "tmp", name)
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(tmp, d.uid, d.gid); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, "new", name)); err != nil {
		t.Fatal(err)
	}
}
