package account

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

func TestSecrets(t *testing.T) {
	keyring.MockInit()
	if err := StoreKeyring("work", "incoming", "ring"); err != nil {
		t.Fatal(err)
	}
	if err := StoreKeyring("work", "outgoing", "out"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MUA_TEST_SECRET", "env pw")
	t.Setenv("MUA_TEST_EMPTY", "")
	file := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(file, []byte("file pw\r\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte("pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil { // whatever the umask
		t.Fatal(err)
	}
	for _, c := range []struct {
		s     Secret
		want  string
		kind  Kind
		words string
	}{
		{s: Secret{Plain: "p"}, want: "p"},
		{s: Secret{Env: "MUA_TEST_SECRET"}, want: "env pw"},
		{s: Secret{Env: "MUA_TEST_EMPTY"}, kind: KindConfig, words: "MUA_TEST_EMPTY is not set"},
		{s: Secret{File: file}, want: "file pw"},
		{s: Secret{File: file + "x"}, kind: KindConfig, words: "no such file"},
		{s: Secret{File: open}, kind: KindConfig, words: "others may read it (mode 0644)"},
		{s: Secret{File: os.DevNull}, kind: KindLogin, words: "empty"},
		{s: Secret{Keyring: true}, want: "ring"},
		{s: Secret{Command: "printf 'a b \\nnext\\n'; exit 0"}, want: "a b "},
		{s: Secret{Command: "echo x; echo 'no\tkey' >&2; echo more >&2; exit 3"}, kind: KindLogin, words: "(exit status 3): no key"},
		{s: Secret{Command: "true"}, kind: KindLogin, words: "printed no password"},
		{s: Secret{Command: "echo; echo x"}, kind: KindLogin, words: "printed no password"},
		{s: Secret{Command: "yes"}, kind: KindLogin, words: "more than 64 KiB"},
		{s: Secret{Command: "/nonexistent/x"}, kind: KindLogin, words: "exit status 127"},
		{s: Secret{}, kind: KindConfig, words: "no password is configured"},
	} {
		a := &Account{Name: "work", Incoming: &Endpoint{Host: "h", User: "ada"}, Password: c.s}
		got, err := a.IncomingLogin(t.Context())
		if c.words == "" {
			if err != nil || got.Password != c.want || got.User != "ada" {
				t.Errorf("%+v: %v, %v", c.s, got.Password, err)
			}
			continue
		}
		tr, ok := errors.AsType[*Trouble](err)
		if !ok || tr.Kind != c.kind || !strings.Contains(tr.What, c.words) || tr.Account != "work" {
			t.Errorf("%+v: %v", c.s, err)
		}
	}
}

func TestOutgoingLogin(t *testing.T) {
	keyring.MockInit()
	if err := StoreKeyring("work", "outgoing", "out"); err != nil {
		t.Fatal(err)
	}
	a := &Account{Name: "work", Outgoing: &Endpoint{Host: "h", User: "o"}, Password: Secret{Plain: "in", Mechanism: "xoauth2"}}
	if c, err := a.OutgoingLogin(t.Context()); err != nil || c.Password != "in" || c.Mechanism != "xoauth2" {
		t.Error(c, err)
	}
	a.OutgoingPassword = Secret{Keyring: true}
	if c, err := a.OutgoingLogin(t.Context()); err != nil || c.Password != "out" || strings.Contains(c.String(), "out") {
		t.Error(c, err)
	}
	a.NoAuth = true
	if c, err := a.OutgoingLogin(t.Context()); err != nil || !c.None {
		t.Error(c, err)
	}
	if _, err := a.IncomingLogin(t.Context()); kindOf(err) != KindConfig {
		t.Error(err)
	}
	var none *Trouble
	b := &Account{Name: "other", Outgoing: &Endpoint{Host: "h"}, Password: Secret{Keyring: true}}
	if _, err := b.OutgoingLogin(t.Context()); !errors.As(err, &none) || none.Hint != "mua login other" {
		t.Error(err)
	}
	b.OutgoingPassword = Secret{Keyring: true}
	if _, err := b.OutgoingLogin(t.Context()); !errors.As(err, &none) || none.Hint != "mua login other --outgoing" {
		t.Error(err)
	}
	keyring.MockInitWithError(errors.New("locked\nup"))
	a.NoAuth = false
	if _, err := a.OutgoingLogin(t.Context()); kindOf(err) != KindLogin || !strings.Contains(err.Error(), "locked up") {
		t.Error(err)
	}
}

func TestCommandEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	a := &Account{Name: "work", Incoming: &Endpoint{}, Password: Secret{Command: "sleep 20 & sleep 20"}}
	if _, err := a.IncomingLogin(ctx); kindOf(err) != KindTemporary {
		t.Error(err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Error(d)
	}
}

func TestCleanWords(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\x1b[31m c":      "a b [31m c",
		"  x\u202e\u200by \xff": "xy \ufffd",
		"":                      "",
	} {
		if got := CleanWords(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := CleanWords(strings.Repeat("ä ", 1000)); len([]rune(got)) > maxWords || !strings.HasSuffix(got, "…") {
		t.Errorf("%d", len([]rune(got)))
	}
}
