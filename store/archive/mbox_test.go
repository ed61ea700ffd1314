package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	gombox "github.com/emersion/go-mbox"

	"mua/store"
)

// readAll reads an mbox, of a dialect that is found when d is Auto.
func readAll(t testing.TB, text string, d Dialect) (out []Message, found Dialect) {
	t.Helper()
	r := strings.NewReader(text)
	if d == Auto {
		var err error
		if d, err = detect(r, r.Size()); err != nil {
			t.Fatal(err)
		}
	}
	m := newMbox(r, r.Size(), d, MaxMessage)
	for {
		msg, _, err := m.next()
		if errors.Is(err, io.EOF) {
			return out, d
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, msg)
	}
}

func texts(list []Message) (out []string) {
	for _, m := range list {
		out = append(out, string(m.Raw))
	}
	return out
}

// told is a message with the length of its body.
func told(subject, body string) string {
	return fmt.Sprintf("Subject: %s\nContent-Length: %d\n\n%s", subject, len(body), body)
}

func TestDialects(t *testing.T) {
	const from = "From ada@example.org Mon Jan  5 10:00:00 2026\n"
	for _, c := range []struct {
		name, text string
		force      Dialect
		found      Dialect
		want       []string
	}{
		{"mboxrd", from + "Subject: a\n\n>From here\n>>From there\n\n" + from + "Subject: b\n\nx\n\n", Auto, MboxRD,
			[]string{"Subject: a\n\nFrom here\n>From there\n", "Subject: b\n\nx\n"}},
		{"mboxo", from + "Subject: a\n\n>From here\n>>From there\n\n" + from + "Subject: b\n\nx\n\n", MboxO, MboxO,
			[]string{"Subject: a\n\nFrom here\n>>From there\n", "Subject: b\n\nx\n"}},
		{"mboxcl2", from + told("a", "\n"+from+"\n>From x\n") + "\n" + from + told("b", "") + "\n", Auto, MboxCL2,
			[]string{told("a", "\n"+from+"\n>From x\n"), told("b", "")}},
		{"mboxcl", from + told("a", ">From here\n>>From there\n") + "\n" + from + told("b", "x"), Auto, MboxCL,
			[]string{"Subject: a\nContent-Length: 24\n\nFrom here\n>>From there\n", told("b", "x")}},
		{"wrong lengths", from + "Subject: a\nContent-Length: 2\n\ntext\n\n" + from + "Content-Length: 999\nSubject: b\n\nx\n\n", Auto, MboxRD,
			[]string{"Subject: a\nContent-Length: 2\n\ntext\n", "Content-Length: 999\nSubject: b\n\nx\n"}},
		{"CRLF", strings.ReplaceAll(from+"Subject: a\n\nx\n\n"+from+"Subject: b\n\ny\n\n\n", "\n", "\r\n"), Auto, MboxRD,
			[]string{"Subject: a\r\n\r\nx\r\n", "Subject: b\r\n\r\ny\r\n\r\n"}},
		{"no empty lines", from + "Subject: a\n\nx\n" + from + "Subject: b\n\ny", Auto, MboxRD, []string{"Subject: a\n\nx\n", "Subject: b\n\ny"}},
		{"no mail in the text", from + "Subject: a\n\nx\n\nFrom what I know,\nit is so.\nFrom here on: x\n\n", Auto, MboxRD,
			[]string{"Subject: a\n\nx\n\nFrom what I know,\nit is so.\nFrom here on: x\n"}},
		{"no date", "From nobody\nSubject: a\n\nx\n\nFrom nobody\nSubject: b\n\ny\n\n", Auto, MboxRD, []string{"Subject: a\n\nx\n", "Subject: b\n\ny\n"}},
		{"empty", from + "\n" + from + "\n", Auto, MboxRD, []string{"", ""}},
		{"Thunderbird", "From - Mon Jan  5 10:00:00 2026\nX-Mozilla-Status: 1003\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys:   \nSubject: a\n\nx\n\n", Auto, MboxRD,
			[]string{"Subject: a\n\nx\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, found := readAll(t, c.text, c.force)
			if got := texts(list); !slices.Equal(got, c.want) || found != c.found {
				t.Errorf("%s\n got %q\nwant %q", found, got, c.want)
			}
		})
	}
}

func TestMboxFlags(t *testing.T) {
	list, _ := readAll(t, "From a@b Mon Jan  5 10:00:00 2026\nStatus: RO\nX-Status: AF\nX-Keywords: work, $Forwarded (odd\nSubject: a\n\nStatus: no\n\n"+
		"From - Tue Jan  6 11:30:00 2026 +0130\nX-Mozilla-Status: 0005\n\n\n", Auto)
	want := []Message{
		{Flags: store.Seen | store.Answered | store.Flagged | store.Forwarded, Keywords: []string{"work"}, Received: time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)},
		{Flags: store.Seen | store.Flagged, Received: time.Date(2026, 1, 6, 10, 0, 0, 0, time.UTC)},
	}
	for i, w := range want {
		if g := list[i]; g.Flags != w.Flags || !slices.Equal(g.Keywords, w.Keywords) || !g.Received.Equal(w.Received) {
			t.Errorf("%d: %v %v %v", i, g.Flags.Names(), g.Keywords, g.Received)
		}
	}
}

func TestFromLines(t *testing.T) {
	at := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	for line, want := range map[string]time.Time{
		"From ada@example.org Mon Jan  5 10:00:00 2026\n":                       at,
		"From Ada L. <a@b> Mon Jan 5 10:00 2026\r\n":                            at,
		"From 1812@xxx Mon Jan 05 10:00:00 +0000 2026\n":                        at,
		"From ada Mon Jan  5 11:00:00 +0100 2026\n":                             at,
		"From ada Mon Jan  5 10:00:00 UTC 2026 remote from mars\n":              at,
		"From ada Mon, 5 Jan 2026 10:00:00 +0000\n":                             at,
		"From ???@??? Mon Jan 05 10:00:00 2026\n":                               at,
		"From 0123456789abcdef0123456789abcdef01234567 Mon Jan 5 10:00:00 2026": at,
		"From Mon Jan 5 10:00:00 2026":                                          at,
		"From what I heard on Mon Jan they met":                                 {},
		"From now on":                                                           {},
		"From ":                                                                 {},
		"From x Mon Jan 5 10:00:00":                                             {},
		"From x Mon Jan 5 1e:00:00 2026":                                        {},
		"From x Mon Foo 5 10:00:00 2026":                                        {},
		"From " + strings.Repeat("x", maxFromLine) + " Mon Jan 5 10:00:00 2026": {},
		"Fromage Mon Jan 5 10:00:00 2026":                                       {},
		"From x Mon on J 10:00:00 2026":                                         {},
		"From x Mon":                                                            {},
		"From x Mon Jan":                                                        {},
	} {
		if got, ok := fromLine([]byte(line)); !got.Equal(want) || ok == want.IsZero() {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// odd messages are what an mbox has trouble with.
func odd() []string {
	return []string{
		"", "\n", "\n\n", "\r\n", "x", "Subject: x", "Subject: x\n", "Subject: x\n\r", "Subject: x\n\n", "Subject: x\n\nno end",
		"Subject: x\r\n\r\nCRLF\r\n", "Subject: x\n\n\n\n\n", "From x Mon Jan  5 10:00:00 2026\n", "Subject: x\n\nFrom x Mon Jan  5 10:00:00 2026\nFrom: y\n\nz\n",
		"Subject: x\n\n>From x\n>>From y\nFrom \n", "Content-Length: 3\nSubject: x\n\ntext\n\n", "Subject: x\nContent-Length: 5\n\ntext\n\n", "X-Mua-Mbox: 1 no-newline\nSubject: x\n\nx\n",
		"X-Mozilla-Status: 0008\nSubject: x\n\nx\n", "Status: RO\nX-Status: D\n\n\x00\xff\n", "Subject: " + strings.Repeat("long ", 40_000) + "\n\n" + strings.Repeat("x", 200_000),
	}
}

// TestRoundTrip: what is written comes back to the octet, in each dialect as far as it can tell, found by itself.
func TestRoundTrip(t *testing.T) {
	for _, d := range Dialects() {
		for _, flags := range []bool{false, true} {
			var in []Message
			for i, raw := range odd() {
				if d.unquotes() == once {
					raw = strings.ReplaceAll(raw, ">From ", "> From ")
				}
				in = append(in, Message{Raw: []byte(raw), Received: time.Unix(int64(i), 0), Flags: store.Flags(i), Keywords: []string{"k"}})
			}
			checkRoundTrip(t, d, flags, in)
			for i := range in {
				checkRoundTrip(t, d, flags, in[i:i+1])
			}
		}
	}
}

func checkRoundTrip(t *testing.T, d Dialect, flags bool, in []Message) {
	t.Helper()
	var b bytes.Buffer
	w := NewMboxWriter(&b, d, flags)
	for i := range in {
		if err := w.Write(&in[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	force := Auto
	if d == MboxO {
		force = d
	}
	out, found := readAll(t, b.String(), force)
	if len(out) != len(in) {
		t.Fatalf("%s: %d of %d: %.300q → %.300q", d, len(out), len(in), texts(in), texts(out))
	}
	for i := range in {
		if !bytes.Equal(out[i].Raw, in[i].Raw) || !out[i].Received.Equal(in[i].Received) {
			t.Errorf("%s (as %s): %.100q came back as %.100q", d, found, in[i].Raw, out[i].Raw)
		}
		if flags && (out[i].Flags != in[i].Flags || !slices.Equal(out[i].Keywords, in[i].Keywords)) {
			t.Errorf("%s: %.100q: flags %v came back as %v %v", d, in[i].Raw, in[i].Flags.Names(), out[i].Flags.Names(), out[i].Keywords)
		}
	}
}

// TestOthersRead: another program's reader finds the same messages in what is written as mboxo, but for its own line ends.
func TestOthersRead(t *testing.T) {
	in := []string{"Subject: a\n\nFrom here\n", "Subject: b\n\nx\n\ny\n"}
	var b bytes.Buffer
	w := NewMboxWriter(&b, MboxO, false)
	for _, raw := range in {
		if err := w.Write(&Message{Raw: []byte(raw)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	r := gombox.NewReader(&b)
	for _, want := range in {
		m, err := r.NextMessage()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(m)
		if err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != want {
			t.Errorf("%q: %v", got, err)
		}
	}
}

func FuzzMbox(f *testing.F) {
	for _, s := range odd() {
		f.Add([]byte("From a Mon Jan  5 10:00:00 2026\n"+s), []byte(s))
	}
	f.Fuzz(func(t *testing.T, file, raw []byte) {
		for _, d := range append(Dialects(), Auto) { // no file is too odd
			r := bytes.NewReader(file)
			if d == Auto {
				d, _ = detect(r, r.Size())
			}
			m := newMbox(r, r.Size(), d, MaxMessage)
			for range 1000 {
				if _, _, err := m.next(); err != nil {
					break
				}
			}
		}
		for _, d := range []Dialect{MboxRD, MboxCL2} {
			checkRoundTrip(t, d, len(raw)%2 == 0, []Message{{Raw: raw, Received: time.Unix(9, 0)}, {Raw: []byte("Subject: next\n\nx\n"), Received: time.Unix(8, 0)}})
		}
	})
}
