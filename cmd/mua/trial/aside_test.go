package trial

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mua/store"
)

// asides are the databases in the data folder that were set aside, without what belongs to them.
func (b *box) asides() []string {
	b.t.Helper()
	all, err := filepath.Glob(filepath.Join(b.data, "mail.db.broken-*"))
	if err != nil {
		b.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p string) bool { return strings.HasSuffix(p, "-wal") || strings.HasSuffix(p, "-shm") })
}

// damages are ways to lose a mail.db for certain.
var damages = []struct {
	name string
	do   func([]byte) []byte
}{
	{"garbage at its head", func(b []byte) []byte { noise(b[:200]); return b }},
	{"cut off", func(b []byte) []byte { return b[:len(b)*3/4] }},
	{"garbage in its schema", func(b []byte) []byte {
		at := bytes.LastIndex(b, []byte("CREATE TABLE recipient"))
		noise(b[at : at+300])
		return b
	}},
}

func noise(b []byte) { rand.Read(b) } //nolint:errcheck // it never fails

// wreck spools a message, damages mail.db and returns its bytes then.
func (b *box) wreck(before string, damage func([]byte) []byte) []byte {
	b.t.Helper()
	b.muaIn(0, before, "send", "-q", "--queue", "-t", "bob@mua.example", "-s", "before")
	path := filepath.Join(b.data, "mail.db")
	raw, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	raw = damage(raw)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return raw
}

// untouched checks that exactly one database was set aside, with these bytes.
func (b *box) untouched(want []byte) string {
	b.t.Helper()
	aside := b.asides()
	if len(aside) != 1 {
		b.t.Fatalf("set aside: %q", aside)
	}
	if got, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(got, want) {
		b.t.Errorf("%s was changed (%v)", aside[0], err)
	}
	return aside[0]
}

// TestDamageIsSetAside: a message spooled before comes out of the file that was set aside, byte for byte, and one that is sent
// after is spooled in the new one.
func TestDamageIsSetAside(t *testing.T) {
	t.Parallel()
	for _, d := range damages {
		for _, carries := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, carries %v", d.name, carries), func(t *testing.T) {
				b := newBox(t, offlineConfig)
				want := ""
				bad := b.wreck(letter(1), func(raw []byte) []byte {
					want = b.mua(0, "outbox", "show", "1", "--raw")
					return d.do(raw)
				})
				if !carries {
					status, out, talk := b.status("", "outbox", "list")
					if status != exitIO || out != "" || !strings.Contains(talk, "not a byte of it was changed") {
						t.Fatalf("%d %s%s", status, out, talk)
					}
				}
				status, _, talk := b.status("To: eve@mua.example\nSubject: after\n\nx\n", "sendmail", "-odq", "-t")
				if status != 0 || carries != strings.Contains(talk, "not a byte of it was changed") {
					t.Fatalf("%d %s", status, talk)
				}
				aside := b.untouched(bad)
				if out := b.mua(0, "outbox"); strings.Count(out, "queued") != 1 || !strings.Contains(out, "after") {
					t.Errorf("in the new one:\n%s", out)
				}
				if out := b.mua(0, "doctor"); !strings.Contains(out, "mail.db: sound") || !strings.Contains(out, "mua doctor --file "+aside) {
					t.Errorf("doctor says:\n%s", out)
				}
				rescued := filepath.Join(t.TempDir(), "rescued")
				b.status("", "doctor", "--file", aside, "--rescue", rescued)
				got, err := os.ReadFile(filepath.Join(rescued, "outbox-1.eml"))
				if err != nil || string(got) != want {
					t.Errorf("rescued (%v):\n%s", err, got)
				}
				b.untouched(bad)
			})
		}
	}
}

// TestManyFindDamage: of processes that find the damage at once one sets the file aside, and nobody's message is lost.
func TestManyFindDamage(t *testing.T) {
	t.Parallel()
	const rounds, each = 6, 8
	for round := range rounds {
		b := newBox(t, offlineConfig)
		bad := b.wreck(letter(round), damages[round%len(damages)].do)
		var all sync.WaitGroup
		for i := range each {
			all.Go(func() {
				if status, _, talk := b.status("text", "send", "--queue", "-t", "eve@mua.example", "-s", fmt.Sprintf("after-%d.", i)); status != 0 {
					t.Errorf("send %d ended with %d: %s", i, status, talk)
				}
			})
			all.Go(func() {
				if status, _, talk := b.status("", "outbox"); status != 0 && (status != exitIO || !strings.Contains(talk, "not a byte of it was changed")) {
					t.Errorf("outbox ended with %d: %s", status, talk)
				}
			})
		}
		all.Wait()
		b.untouched(bad)
		out := b.mua(0, "outbox")
		for i := range each {
			if strings.Count(out, fmt.Sprintf("after-%d.", i)) != 1 {
				t.Errorf("round %d: after-%d is not there once:\n%s", round, i, out)
			}
		}
		if status, out, _ := b.status("", "doctor"); status != 0 {
			t.Errorf("doctor ended with %d: %s", status, out)
		}
	}
}

// TestDamageUnderAProgram: what another program has open keeps its name, and a text from stdin is kept.
func TestDamageUnderAProgram(t *testing.T) {
	t.Parallel()
	b := newBox(t, offlineConfig)
	b.muaIn(0, letter(1), "send", "-q", "--queue", "-t", "bob@mua.example", "-s", "before")
	s, err := store.Open(context.Background(), b.data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it is damaged
	path := filepath.Join(b.data, "mail.db")
	// Not os.WriteFile: closing a descriptor of the file would end this process's locks on it.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte("garbage "), 20), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := s.Items(t.Context(), true); err != nil { // still in its memory: it holds the lock again
		t.Log(err)
	}
	status, _, talk := b.status("precious", "send", "--queue", "-t", "eve@mua.example")
	if status != exitIO || !strings.Contains(talk, "left as it is, for another program is still at it (process ") || !strings.Contains(talk, "mua-dead-letter-") {
		t.Errorf("%d %s", status, talk)
	}
	if aside := b.asides(); len(aside) > 0 {
		t.Errorf("set aside under the other: %q", aside)
	}
}
