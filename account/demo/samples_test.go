package demo

import (
	"bytes"
	"fmt"
	image "image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"
)

func samplesAt() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func TestSamplesAreTheSame(t *testing.T) {
	now := samplesAt()
	a, b := Samples(now), Samples(now)
	for i := range a {
		if !bytes.Equal(a[i].Raw, b[i].Raw) || a[i].Received != b[i].Received {
			t.Fatal(i)
		}
	}
}

func TestSamplesAreSound(t *testing.T) {
	now := samplesAt()
	boxes := map[string]int{}
	ids := map[string]bool{}
	flags := map[string]int{}
	for _, s := range Samples(now) {
		boxes[s.Mailbox]++
		for _, f := range s.Flags {
			flags[f]++
		}
		if len(bytes.ReplaceAll(s.Raw, []byte("\r\n"), nil)) != len(s.Raw)-2*bytes.Count(s.Raw, []byte("\n")) {
			t.Errorf("bare line ends in\n%.300s", s.Raw)
		}
		if age := now.Sub(s.Received); age < time.Hour || age > 50*24*time.Hour {
			t.Errorf("received %v ago", age)
		}
		for line := range bytes.Lines(s.Raw) {
			if len(line) > 1000 {
				t.Errorf("a line of %d octets", len(line))
			}
		}
		m, err := mail.ReadMessage(bytes.NewReader(s.Raw))
		if err != nil {
			t.Errorf("%v in\n%.300s", err, s.Raw)
			continue
		}
		id := m.Header.Get("Message-ID")
		if ids[id] || !strings.HasPrefix(id, "<") {
			t.Errorf("Message-ID %q", id)
		}
		ids[id] = true
		for _, ref := range strings.Fields(m.Header.Get("References")) {
			if !ids[ref] && s.Mailbox != "Sent" && !strings.Contains(string(bytes.Join(rawOf(Samples(now)), nil)), "Message-ID: "+ref) {
				t.Errorf("%s refers to %s", id, ref)
			}
		}
		if d, err := m.Header.Date(); err != nil || d.After(s.Received) {
			t.Errorf("%s: date %v %v", id, d, err)
		}
		if _, err := m.Header.AddressList("From"); err != nil {
			t.Errorf("%s: from: %v", id, err)
		}
		walk(t, id, m.Header.Get("Content-Type"), m.Body)
	}
	for box, n := range map[string]int{"INBOX": 20, "Sent": 5, "Drafts": 2, "Archive": 4, "Junk": 2, "Trash": 2, "Projects/Sailing": 3} {
		if boxes[box] < n {
			t.Errorf("%s has %d messages", box, boxes[box])
		}
	}
	if len(ids) < 40 || flags[`\Seen`] > len(ids)-8 || flags[`\Flagged`] < 2 || flags[`\Answered`] < 2 {
		t.Errorf("%d messages, %v", len(ids), flags)
	}
}

func rawOf(l []Sample) (raws [][]byte) {
	for _, s := range l {
		raws = append(raws, s.Raw)
	}
	return raws
}

// walk reads every part to its end.
func walk(t *testing.T, id, contentType string, body io.Reader) {
	t.Helper()
	if contentType == "" {
		return
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Errorf("%s: %q: %v", id, contentType, err)
		return
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return
	}
	r := multipart.NewReader(body, params["boundary"])
	for n := 0; ; n++ {
		p, err := r.NextRawPart()
		if err == io.EOF && n > 0 {
			return
		}
		if err != nil {
			t.Errorf("%s: part %d: %v", id, n, err)
			return
		}
		walk(t, id, p.Header.Get("Content-Type"), p)
	}
}

func TestSamplesSpeakTheirCharsets(t *testing.T) {
	var all []byte
	for _, s := range Samples(samplesAt()) {
		all = append(all, s.Raw...)
	}
	want, _ := japanese.ISO2022JP.NewEncoder().String("灯台の写真")
	want = strings.TrimSuffix(strings.TrimPrefix(want, "\x1b$B"), "\x1b(B")
	if !bytes.Contains(all, []byte(want)) {
		t.Error("no ISO-2022-JP")
	}
	for _, s := range []string{"GB18030", "EUC-KR", "format=flowed", "message/rfc822", "delivery-status", "text/calendar", "List-Id", "Content-ID", "filename*0*=", "multipart/digest"} {
		if !bytes.Contains(all, []byte(s)) {
			t.Errorf("no %s", s)
		}
	}
	if bytes.Contains(all, []byte("\ufffd")) || bytes.Contains(all, []byte{'?', '?', '?', '?'}) {
		t.Error("something could not be encoded")
	}
}

func TestSamplePictureAndDocument(t *testing.T) {
	img, err := image.Decode(bytes.NewReader(png()))
	if err != nil || img.Bounds().Dx() != 8 {
		t.Fatal(err)
	}
	doc := pdf("a (b) \\ c")
	var start int
	tail := doc[bytes.LastIndex(doc, []byte("startxref\n")):]
	if _, err := fmt.Sscanf(string(tail), "startxref\n%d", &start); err != nil || !bytes.HasPrefix(doc[start:], []byte("xref\n")) {
		t.Fatalf("%v %q", err, tail)
	}
}

func TestSamplesAreServed(t *testing.T) {
	s := start(t, Options{Samples: true, Now: samplesAt})
	c := dialIMAP(t, s)
	var served []string
	for _, box := range s.Mailboxes() {
		raws, _ := fetchAll(t, c, box)
		served = append(served, raws...)
	}
	var want []string
	for _, s := range Samples(samplesAt()) {
		want = append(want, string(s.Raw))
	}
	slices.Sort(served)
	slices.Sort(want)
	if !slices.Equal(served, want) {
		t.Fatalf("%d served, %d wanted", len(served), len(want))
	}
}
