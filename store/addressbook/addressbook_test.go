package addressbook

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mua/store"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700)); err != nil {
		t.Fatal(err)
	}
}

// cardOf is a small vCard.
func cardOf(name, addr string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:" + name + "\r\nEMAIL;TYPE=INTERNET:" + addr + "\r\nEND:VCARD\r\n"
}

// shown writes entries as one line.
func shown(list []Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s<%s>", e.Name, e.Addr))
	}
	return strings.Join(out, " ")
}

func addrsOf(cards []card) string {
	var all []Entry
	for _, c := range cards {
		all = append(all, c.entries...)
	}
	return shown(all)
}

func TestCards(t *testing.T) {
	photo := "PHOTO;ENCODING=b:" + strings.Repeat("QUJD", 100) + "\r\n " + strings.Repeat("QUJD\r\n ", 50_000) + "\r\n"
	for _, c := range []struct{ name, data, want string }{
		{"3.0, two cards", cardOf("Ada", "ada@x") + cardOf("Bob", "bob@x"), "Ada<ada@x> Bob<bob@x>"},
		{"4.0", "BEGIN:VCARD\nVERSION:4.0\nFN:Ada\\, Countess\nEMAIL;PREF=2:b@x\nEMAIL;PREF=1;TYPE=\"work,home\":a@x\nEMAIL:c@x\nEND:VCARD\n", "Ada, Countess<a@x> Ada, Countess<b@x> Ada, Countess<c@x>"},
		{"2.1", "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BC=\r\nrgen;;;\r\nEMAIL;INTERNET;PREF:jm@x\r\nEND:VCARD\r\n", "Jürgen Müller<jm@x>"},
		{"2.1, bare encoding, latin 1", "BEGIN:VCARD\nFN;QUOTED-PRINTABLE:J=FCrgen\nEMAIL;INTERNET:jm@x\nEND:VCARD\n", "Jürgen<jm@x>"},
		{"raw latin 1", "BEGIN:VCARD\nFN:J\xfcrgen\nEMAIL:jm@x\nEND:VCARD\n", "Jürgen<jm@x>"},
		{"groups, folding, case, a mark", "\ufeffbegin:vcard\r\nitem1.fn:Ada Love\r\n lace\r\nitem1.email;type=pref:ada@\r\n\tx\r\nend:vcard\r\n", "Ada Lovelace<ada@x>"},
		{"company", "BEGIN:VCARD\nORG:Kelp & Co.;Chandlery\nEMAIL:mailto:shop@x\nEND:VCARD", "Kelp & Co.<shop@x>"},
		{"photo", "BEGIN:VCARD\r\n" + photo + "FN:Ada\r\nEMAIL:ada@x\r\nEND:VCARD\r\n", "Ada<ada@x>"},
		{"a broken one costs itself", cardOf("Ada", "ada@x") + "BEGIN:VCARD\nFN\nEMAIL;X=\"a:b\n" + cardOf("Bob", "bob@x") + "END:VCARD\nEMAIL:stray@x\n", "Ada<ada@x> Bob<bob@x>"},
		{"never closed", "BEGIN:VCARD\nFN:Ada\nEMAIL:ada@x", "Ada<ada@x>"},
		{"hostile", "BEGIN:VCARD\nFN:A\x1b]0;x\\n\u202eda\nEMAIL:a@x> , b@x\nEMAIL:a\x00b@x\nEMAIL:nobody\nEMAIL:ada@x\nEND:VCARD\n", "A]0;x da<ada@x>"},
		{"nothing", "not a card at all", ""},
	} {
		got := parseCards([]byte(c.data))
		if s := addrsOf(got); s != c.want && !(c.name == "hostile" && strings.HasSuffix(s, "<ada@x>") && !strings.ContainsAny(s, "\x1b\n\u202e") && len(got[0].entries) == 1) {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
	many := "BEGIN:VCARD\nFN:Many\n" + strings.Repeat("EMAIL:a@x\n", 5000) + "END:VCARD\n"
	if got := parseCards([]byte(many)); len(got) != 1 || len(got[0].entries) != maxAddresses {
		t.Errorf("%d cards", len(got))
	}
	if got := parseCards([]byte(strings.Repeat("BEGIN:VCARD\nEMAIL:a@x\n", maxCards+10))); len(got) != maxCards {
		t.Errorf("%d cards of a file", len(got))
	}
}

func FuzzCards(f *testing.F) {
	for _, s := range []string{cardOf("Ada", "ada@x"), "BEGIN:VCARD\nN;QUOTED-PRINTABLE:=\n=\nEMAIL;X=\"a\\:b\n", "a.b.c;:\"\n begin:VCARD\n\t=\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseCards(data) {
			for _, e := range c.entries {
				if !store.Mailable(e.Addr) || strings.ContainsAny(e.Name, "\x1b\n\r\t") {
					t.Errorf("%q %q", e.Name, e.Addr)
				}
			}
		}
		parseAnswer(data, len(data)%2 == 0)
	})
}

// known is what the cards in memory answer.
func (b *Book) known(typed string) string { return shown(b.matching(typed)) }

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/home/ada.vcf", cardOf("Ada Lovelace", "ada@x")+cardOf("Zoë", "zoe@x"))
	write(t, dir+"/work/bob.VCF", "BEGIN:VCARD\nFN:Bob\nNICKNAME:Bobby\nORG:Harbour\nEMAIL:bob@x\nEND:VCARD\n")
	write(t, dir+"/.trash/gone.vcf", cardOf("Gone", "gone@x"))
	write(t, dir+"/notes.txt", cardOf("Text", "text@x"))
	write(t, dir+"/single", cardOf("Single", "single@x"))
	if err := syscall.Mkfifo(dir+"/pipe.vcf", 0o600); err != nil {
		t.Fatal(err)
	}
	b := New(nil, []string{dir, dir + "/single", dir + "/missing"}, nil)
	missed := b.Refresh(t.Context())
	if len(missed) != 1 || !strings.Contains(missed[0].Error(), "missing: no such file") {
		t.Errorf("missed %v", missed)
	}
	for typed, want := range map[string]string{
		"": "Ada Lovelace<ada@x> Zoë<zoe@x> Bob<bob@x> Single<single@x>", "love": "Ada Lovelace<ada@x>", "ADA L": "Ada Lovelace<ada@x>",
		"ZOE": "Zoë<zoe@x>", "bobby": "Bob<bob@x>", "harb": "Bob<bob@x>", "bob@": "Bob<bob@x>", "velace": "", "gone": "", "text": "",
	} {
		if got := b.known(typed); got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
	// What has not changed is not read again; what has, is; what is gone is forgotten.
	kept := b.files[dir+"/home/ada.vcf"]
	write(t, dir+"/work/bob.VCF", cardOf("Robert", "bob@x"))
	if err := errors.Join(os.Chtimes(dir+"/work/bob.VCF", time.Time{}, time.Unix(1e9, 0)), os.Remove(dir+"/single")); err != nil {
		t.Fatal(err)
	}
	b.Refresh(t.Context())
	if got := b.known(""); got != "Ada Lovelace<ada@x> Zoë<zoe@x> Robert<bob@x>" || b.files[dir+"/home/ada.vcf"] != kept {
		t.Errorf("got %s", got)
	}
	// Ended, it forgets nothing.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if b.Refresh(ended); b.known("robert") != "Robert<bob@x>" || b.files[dir+"/home/ada.vcf"] != kept {
		t.Error("an ended refresh has forgotten something")
	}
}

func TestFoldersAreBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.vcf", cardOf("Ada", "ada@x"))
	write(t, dir+"/huge.vcf", "")
	write(t, dir+"/1/2/3/4/deep.vcf", cardOf("Deep", "deep@x"))
	write(t, dir+"/1/2/3/4/5/deeper.vcf", cardOf("Deeper", "deeper@x"))
	if err := errors.Join(os.Truncate(dir+"/huge.vcf", maxFile+1), os.Symlink(dir, dir+"/1/loop")); err != nil {
		t.Fatal(err)
	}
	b := New(nil, []string{dir}, nil)
	missed := b.Refresh(t.Context())
	if got := b.known("deep"); got != "Deep<deep@x>" || len(missed) == 0 || !strings.Contains(missed[0].Error(), "too large") {
		t.Errorf("%s; missed %v", got, missed)
	}
}

// program writes a program for a book to ask.
func program(t *testing.T, script string, args ...string) *Book {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book")
	write(t, path, "#!/bin/sh\n"+script)
	return New(nil, nil, append([]string{path}, args...))
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name, script string
		args         []string
		typed        string
		want, err    string
	}{
		{"lines of query_command", `printf 'Searching for %s...\nada@x\tAda\twork\nbob@x\t"Bob"\nnot an address\tX\r\nzoe@x\t\r\n' "$1"`, nil, "a", "Ada<ada@x> Bob<bob@x> <zoe@x>", ""},
		{"lines of notmuch", `printf 'Ada <ada@x>\nbob@x\n"a, b" <c@x>\n'`, nil, "a", "Ada<ada@x> <bob@x> a, b<c@x>", ""},
		{"one argument, no shell", `printf '%s@x\t%s\n' $# "$1"`, nil, `$(touch pwned) "a; b`, `$(touch pwned) "a; b<1@x>`, ""},
		{"placed", `printf 'a@x\t%s\n' "$*"`, []string{"-q", "from:%s*", "--"}, "ada", "-q from:ada* --<a@x>", ""},
		{"no option", `echo a@x`, nil, "--delete", "", ""},
		{"no option where placed", `echo a@x`, []string{"%s"}, "-x", "", ""},
		{"none found", "echo nothing; exit 1", nil, "a", "", ""},
		{"found, and failed", `printf 'a@x\t\n'; exit 3`, nil, "a", "<a@x>", ""},
		{"failed", `echo no database >&2; exit 3`, nil, "a", "", "address_command: book: exit status 3: no database"},
		{"cleaned", `printf 'a@x\tA\033[31m\000da\tz\n\033@x\tEsc\n'`, nil, "a", "A[31mda<a@x>", ""},
		{"left something running", `sleep 60 & printf 'a@x\t\n'`, nil, "a", "<a@x>", ""},
		{"flood", `yes 'a@x	A'`, nil, "a", "", "took more than"},
	} {
		b := program(t, c.script, c.args...)
		if c.name == "flood" {
			b.limit = 2 * time.Second // in which a busy machine has begun it
		}
		list, err := b.Ask(t.Context(), c.typed)
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v", c.name, err)
		case c.name == "flood":
			if len(list) == 0 || len(list) > maxLines {
				t.Errorf("%d of a flood", len(list))
			}
		case c.name == "cleaned" && len(list) == 1 && !strings.ContainsAny(list[0].Name, "\x1b\x00"):
		case shown(list) != c.want:
			t.Errorf("%s: %q, want %q", c.name, shown(list), c.want)
		}
	}
	_, err := New(nil, nil, []string{"/no/such/program"}).Ask(t.Context(), "a")
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

// TestAskIsEnded: the next key ends the program, and what it has started.
func TestAskIsEnded(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(dir+"/pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	b := program(t, `sh -c 'exec 3>"`+dir+`/pipe"; echo up >&3; sleep 60' & wait`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := b.Ask(ctx, "a")
		ended <- err
	}()
	f, err := os.Open(dir + "/pipe") // until its child is there
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	buf := make([]byte, 10)
	for err == nil { // until no process holds the pipe any more
		_, err = f.Read(buf)
	}
}

func TestFindRanksAllSources(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	st, err := store.Open(ctx, filepath.Join(dir, "data"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	acct, err := st.EnsureAccount(ctx, "work")
	if err != nil {
		t.Fatal(err)
	}
	inbox, err := st.LocalMailbox(ctx, acct, "In")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = st.AddRemote(ctx, inbox.ID, []store.Incoming{{Raw: []byte("From: Stranger Xu <stranger@x>\r\n\r\nx")}, {Raw: []byte("From: Ada <ADA@x>\r\n\r\nx")}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = st.Spool(ctx, store.SpoolRequest{Account: acct, Recipients: []string{"friend@x"}, Wire: []byte("To: Friend Xi <friend@x>\r\n\r\nx")})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/cards/a.vcf", cardOf("Xaver", "xaver@x")+cardOf("Ada Lovelace", "ada@x"))
	write(t, dir+"/book", "#!/bin/sh\nprintf 'xenia@x\\tXenia\\tschool\\nfriend@x\\tMy Friend\\n'")
	b := New(st, []string{dir + "/cards"}, []string{dir + "/book"})
	list, missed, err := b.Find(ctx, "x", 0)
	if err != nil || len(missed) > 0 {
		t.Fatal(err, missed)
	}
	if got := shown(list); got != "Xaver<xaver@x> Xenia<xenia@x> Stranger Xu<stranger@x> My Friend<friend@x> Ada Lovelace<ADA@x>" {
		t.Errorf("got %s", got)
	}
	if list[1].Note != "school" || list[3].Count != 1 || !list[0].Last.IsZero() {
		t.Errorf("%+v", list)
	}
	if list, err = b.Known(ctx, "love", 1); err != nil || shown(list) != "Ada Lovelace<ADA@x>" || list[0].Count != 1 {
		t.Errorf("%v %+v", err, list) // the store knows her address, the card her name
	}
}

func BenchmarkKnown(b *testing.B) {
	dir := b.TempDir()
	st, err := store.Open(b.Context(), filepath.Join(dir, "data"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	for i := range 2000 {
		write(b, fmt.Sprintf("%s/cards/%d.vcf", dir, i), cardOf(fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d@example.org", i)))
	}
	book := New(st, []string{dir + "/cards"}, nil)
	b.Run("read2000", func(b *testing.B) {
		for b.Loop() {
			clear(book.files)
			book.Refresh(b.Context())
		}
	})
	b.Run("refresh2000", func(b *testing.B) {
		for b.Loop() {
			book.Refresh(b.Context())
		}
	})
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			if list, err := book.Known(b.Context(), "person 19", 6); err != nil || len(list) != 6 {
				b.Fatal(err, list)
			}
		}
	})
}
