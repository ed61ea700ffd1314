package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mua/store"
)

// tree writes files; a name that ends in / is a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	at := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	for name, text := range files {
		path := filepath.Join(dir, name)
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if folder == path {
			continue
		}
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// walked lists what a walk finds, as "levels: subject flags".
func walked(t *testing.T, path string, o Options) (found, skipped []string) {
	t.Helper()
	o.Skipped = func(path string, why error) {
		skipped = append(skipped, filepath.Base(path)+": "+why.Error())
	}
	err := Walk(context.Background(), path, o, func(it Item) error {
		if err := it.Load(); err != nil {
			return err
		}
		line := strings.Join(it.Levels, "/") + ": " + strings.TrimSpace(string(it.Raw))
		if f := it.Flags.Names(); len(f) > 0 {
			line += " " + strings.Join(f, ",")
		}
		if it.Received.IsZero() {
			line += " never"
		}
		found = append(found, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	slices.Sort(skipped)
	return found, skipped
}

const mboxOf2 = "From a Mon Jan  5 10:00:00 2026\nSubject: m1\n\n\nFrom a Mon Jan  5 10:00:00 2026\nSubject: m2\n\n\n"

func sample() map[string]string {
	return map[string]string{
		"cur/1:2,FRS": "Subject: one", "cur/2": "Subject: two", "cur/3;2,PTD": "Subject: three", "new/4:2,S": "Subject: new", "tmp/5": "Subject: half", "dovecot-uidlist": "3 V1",
		".Lists.Go&APw-/cur/6:2,": "Subject: deep", ".Lists.Go&APw-/new/": "", ".notmuch/xapian": "x", "sub/cur/7": "Subject: plain sub", "sub/tmp/": "", "cur/.hidden": "x",
	}
}

func TestWalkMaildir(t *testing.T) {
	found, skipped := walked(t, tree(t, sample()), Options{})
	want := []string{": Subject: new", ": Subject: one seen,answered,flagged", ": Subject: three draft,deleted,forwarded", ": Subject: two", "Lists/Goü: Subject: deep", "sub: Subject: plain sub"}
	if !slices.Equal(found, want) || len(skipped) > 0 {
		t.Errorf("%q\n%q", found, skipped)
	}
}

func TestWalkFolder(t *testing.T) {
	files := map[string]string{
		"a.eml": "From the start", "box": mboxOf2, "2020/12": "Subject: MH", "2020/pic.jpg": "\xff\xd8\x00", "notes.txt": "dear diary", "empty": "",
		"work/Inbox/cur/1:2,S": "Subject: work", "work/Inbox/new/": "", ".git/config": "x: y", "Local.sbd/Old": mboxOf2,
		"box.msf": "// <!-- <mdb:mork:z v=\"1.4\"/> -->", "msgFilterRules.dat": "version=\"9\"",
	}
	dir := tree(t, files)
	found, skipped := walked(t, dir, Options{})
	want := []string{": From the start", ": Subject: MH", ": Subject: m1", ": Subject: m1", ": Subject: m2", ": Subject: m2", "work/Inbox: Subject: work seen"}
	if !slices.Equal(found, want) || !slices.Equal(skipped, []string{"notes.txt: it does not look like mail", "pic.jpg: it does not look like mail"}) {
		t.Errorf("%q\n%q", found, skipped)
	}
	found, _ = walked(t, dir, Options{Tree: true})
	want = []string{"2020: Subject: MH", ": From the start", "Local/Old: Subject: m1", "Local/Old: Subject: m2", "box: Subject: m1", "box: Subject: m2", "work/Inbox: Subject: work seen"}
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("as a tree: %q", found)
	}
	// A file that somebody names is mail, unless it cannot be.
	if found, _ := walked(t, filepath.Join(dir, "notes.txt"), Options{}); !slices.Equal(found, []string{": dear diary"}) {
		t.Errorf("%q", found)
	}
	for name, want := range map[string]error{"2020/pic.jpg": ErrNotMail, "nowhere": fs.ErrNotExist} {
		if err := Walk(context.Background(), filepath.Join(dir, name), Options{}, func(Item) error { return nil }); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestExportImport: what goes out in any form comes back the same.
func TestExportImport(t *testing.T) {
	boxes := map[string][]string{"INBOX": {"Subject: a\n\nFrom x\n>From y\n", "no end"}, "Lists.go/ü & co": {"", "Subject: c\r\n\r\nx\r\n"}}
	for _, f := range []Format{Mbox, Maildir, EML} {
		path := filepath.Join(t.TempDir(), "out")
		e, err := NewExporter(Out{Path: path, Format: f, Flags: true})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var want []string
		for _, name := range []string{"INBOX", "Lists.go/ü & co"} {
			for _, raw := range boxes[name] {
				n++
				if err := e.Write(strings.Split(name, "/"), string(rune('a'+n)), &Message{Raw: []byte(raw), Flags: store.Seen, Received: time.Unix(int64(n)*1000, 0)}); err != nil {
					t.Fatal(err)
				}
				flags := " seen"
				if f == EML {
					flags = ""
				}
				want = append(want, name+": "+strings.TrimSpace(raw)+flags)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if found, skipped := walked(t, path, Options{Tree: true}); !slices.Equal(found, want) || len(skipped) > 0 {
			t.Errorf("%s: %q\nwant %q\n%q", f, found, want, skipped)
		}
		if _, err := NewExporter(Out{Path: path, Format: f}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: over what is there: %v", f, err)
		}
	}
}

// TestNothingIsOverwritten: neither a file that was there, nor one that came while the export ran; and a failed one leaves nothing.
func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.mbox")
	e, err := NewExporter(Out{Path: path, Format: Mbox})
	if err == nil {
		err = e.Write(nil, "1", &Message{Raw: []byte("Subject: a\n\n")})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	if b, err := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("%q %v", b, err)
	}
	e, err = NewExporter(Out{Path: path, Format: Mbox, Force: true})
	if err == nil {
		err = e.Write(nil, "1", &Message{Raw: []byte("Subject: a\n\n")})
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Abort()
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 {
		t.Errorf("%q", names)
	}
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".*")); len(hidden) != 0 {
		t.Errorf("%q", hidden)
	}
}

func TestModifiedUTF7(t *testing.T) {
	for coded, name := range map[string]string{"Entw&APw-rfe": "Entwürfe", "R&-D": "R&D", "&U,BTFw-": "台北", "A &ANw- B": "A Ü B", "&2D3eDQ-": "😍", "&AC4-": ".", "&AC8-": "/"} {
		if got := fromUTF7(coded); got != name {
			t.Errorf("%q is %q, not %q", coded, got, name)
		}
		if got := toUTF7(name); got != coded {
			t.Errorf("%q becomes %q, not %q", name, got, coded)
		}
	}
	for _, bad := range []string{"a&b", "&!-", "&A-", "\xff", "a\x1b[31m"} {
		if got := fromUTF7(bad); got == "" || !utf8.ValidString(got) || strings.Contains(got, "\x1b") {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

// TestInterrupted: what was read when an import is interrupted is there, and the same import again does the rest, without a second copy.
func TestInterrupted(t *testing.T) {
	s, err := store.Open(context.Background(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	files := map[string]string{"cur/": "", "new/": ""}
	const all = 400
	for i := range all {
		files["cur/"+strconv.Itoa(i)+":2,S"] = "Subject: " + strconv.Itoa(i) + "\n\n" + strings.Repeat("x", i)
	}
	dir := tree(t, files)
	into := Into{Store: s, Mailbox: func(ctx context.Context, levels []string) (store.Mailbox, error) {
		return s.ImportMailbox(ctx, 1, append([]string{"Old"}, levels...), false)
	}}
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Skipped: func(path string, why error) { t.Errorf("left out %s: %v", path, why) }}
	first, err := Import(ctx, []string{dir}, o, into, func(done int) {
		if done > 0 {
			cancel()
		}
	})
	cancel()
	if err != nil && !errors.Is(err, context.Canceled) || len(first) != 1 || first[0].New == 0 {
		t.Fatalf("%+v %v", first, err)
	}
	if n, err := s.Count(context.Background(), store.ListQuery{}); err != nil || n != first[0].New {
		t.Errorf("%d are there, %d were told of: %v", n, first[0].New, err)
	}
	again, err := Import(context.Background(), []string{dir}, o, into, nil)
	if err != nil || again[0].New+first[0].New != all || again[0].Had != first[0].New {
		t.Errorf("%+v, then %+v: %v", first, again, err)
	}
}
