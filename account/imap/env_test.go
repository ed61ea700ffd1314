package imap_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/imap"
	"mua/account/realservers"
	"mua/account/wire"
	"mua/store"
)

// env is an account on a server with a store.
type env struct {
	t    testing.TB
	acct *account.Account
	st   *store.Store
	id   store.AccountID
	o    imap.Options
}

func newEnv(t testing.TB, config string) *env {
	t.Helper()
	cfg, err := account.Parse("config.toml", []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	e := &env{t: t, acct: cfg.Accounts[0], o: imap.Options{Wire: wire.Options{Progress: 10 * time.Second}}}
	e.fresh()
	return e
}

// fresh gives the account an empty store.
func (e *env) fresh() {
	e.t.Helper()
	st, err := store.Open(e.t.Context(), e.t.TempDir(), store.Options{})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { st.Close() })
	e.st = st
	if e.id, err = st.EnsureAccount(e.t.Context(), e.acct.Name); err != nil {
		e.t.Fatal(err)
	}
}

func startDemo(t testing.TB, o demo.Options) *demo.Servers {
	t.Helper()
	srv, err := demo.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	return srv
}

func demoEnv(t testing.TB, o demo.Options) (*demo.Servers, *env) {
	srv := startDemo(t, o)
	return srv, newEnv(t, srv.ConfigFor("demo", "imaps", ""))
}

// far puts the server a round trip of 40 ms away and counts the turns of the talk anew. Without a way between,
// an answer may come before the second of two commands that were sent together, and count as one turn more.
func (e *env) far() *wire.Counters {
	e.o.Wire.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, realservers.Delay(e.t, addr, 40*time.Millisecond))
	}
	e.o.Wire.Counters = new(wire.Counters)
	return e.o.Wire.Counters
}

func (e *env) open() *imap.Session {
	e.t.Helper()
	s, err := imap.Open(e.t.Context(), e.acct, e.st, e.o)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { s.Close() })
	return s
}

// sync is one whole pass: replay, pull.
func (e *env) sync() imap.Pulled {
	e.t.Helper()
	s := e.open()
	defer s.Close()
	if _, _, err := s.Replay(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
	p, err := s.Pull(e.t.Context(), nil)
	if err != nil {
		e.t.Fatal(err)
	}
	return p
}

// trySync is sync whose pull may fail.
func (e *env) trySync(ctx context.Context) (imap.Pulled, error) {
	e.t.Helper()
	s, err := imap.Open(ctx, e.acct, e.st, e.o)
	if err != nil {
		return imap.Pulled{}, err
	}
	defer s.Close()
	return s.Pull(ctx, nil)
}

func (e *env) mailbox(name string) store.Mailbox {
	e.t.Helper()
	mb, err := e.st.FindMailbox(e.t.Context(), e.id, name)
	if err != nil {
		e.t.Fatalf("%s: %v", name, err)
	}
	return mb
}

// rows are the messages of a mailbox, newest first.
func (e *env) rows(mailbox string) []store.Row {
	e.t.Helper()
	rows, err := e.st.List(e.t.Context(), store.ListQuery{Account: e.id, Mailbox: e.mailbox(mailbox).ID, Limit: 100_000})
	if err != nil {
		e.t.Fatal(err)
	}
	return rows
}

// row is the message with that subject.
func (e *env) row(mailbox, subject string) store.Row {
	e.t.Helper()
	for _, r := range e.rows(mailbox) {
		if r.Subject == subject {
			return r
		}
	}
	e.t.Fatalf("%s has no message %q", mailbox, subject)
	return store.Row{}
}

// sums are the hashes of all bodies in a mailbox, sorted.
func (e *env) sums(mailbox string) []string {
	e.t.Helper()
	var out []string
	for _, r := range e.rows(mailbox) {
		raw, err := e.st.Raw(e.t.Context(), r.ID)
		if err != nil {
			e.t.Fatalf("%s %q: %v", mailbox, r.Subject, err)
		}
		out = append(out, sum(raw))
	}
	slices.Sort(out)
	return out
}

func sum(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

func sumsOf(raws [][]byte) []string {
	var out []string
	for _, b := range raws {
		out = append(out, sum(b))
	}
	slices.Sort(out)
	return out
}

func wantSame(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: the store and the server differ: %d and %d messages", what, len(got), len(want))
	}
}

func wantTrouble(t testing.TB, err error, kind account.Kind, words ...string) {
	t.Helper()
	tr, ok := err.(*account.Trouble)
	if !ok || tr.Kind != kind {
		t.Fatalf("got %#v (%v), want a Trouble of kind %d", err, err, kind)
	}
	for _, w := range words {
		if !strings.Contains(tr.Error(), w) {
			t.Errorf("%q does not say %q", tr.Error(), w)
		}
	}
}

// mail makes message i of a reproducible corpus: of varied size and shape, with CRLF.
func mail(i int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: \"Sender %d\" <s%d@example.org>\r\nTo: ada@example.org\r\nSubject: message %d\r\n", i%17, i%17, i)
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <%d.%x@gen.example>\r\n", time.Unix(1_700_000_000+int64(i)*600, 0).UTC().Format(time.RFC1123Z), i, r.Uint64())
	size := 200 + int(r.ExpFloat64()*3000)
	switch i % 10 {
	case 3: // 8-bit without a declaration
		b.WriteString("\r\nGrüße aus \xfcber\xe4ll\r\n")
	case 5:
		b.WriteString("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhallo 你好\r\n" +
			"--b1\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		size *= 4
	case 7: // folded header, parentheses and literals' look-alikes in the body
		b.WriteString("X-Long: a\r\n\tb\r\n c\r\n\r\n{10}\r\n)\r\n* 1 FETCH (UID 9)\r\n")
	default:
		b.WriteString("\r\n")
	}
	for b.Len() < size {
		fmt.Fprintf(&b, "%x lorem ipsum %x\r\n", r.Uint64(), r.Uint64())
	}
	return b.Bytes()
}

// until waits for a condition that another goroutine brings about.
func until(t testing.TB, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it does not happen")
		}
	}
}
