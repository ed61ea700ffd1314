package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"mua/account"
	"mua/account/demo"
)

// TestLogin: the password goes into the keyring and is tried; a wrong one is told, and what to do about it.
func TestLogin(t *testing.T) {
	keyring.MockInit()
	servers, err := demo.Start(context.Background(), demo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	config := filepath.Join(t.TempDir(), "config.toml")
	toml := strings.Replace(servers.Config(""), "{ plain = \""+servers.Password+"\" }", "{ keyring = true }", 1)
	if err := os.WriteFile(config, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	mua := func(want int, stdin, words string, args ...string) {
		t.Helper()
		var out, talk bytes.Buffer
		got := run(t.Context(), append([]string{"mua", "--config", config, "--data", data}, args...), stdio{in: strings.NewReader(stdin), out: &out, err: &talk})
		if got != want || !strings.Contains(out.String()+talk.String(), words) {
			t.Errorf("%q ended with %d, not %d:\n%s%s", args, got, want, &out, &talk)
		}
	}
	mua(77, "", "→ mua login demo", "sync")
	mua(78, "x\n", "no account is called", "login", "nope")
	mua(78, "x\n", "no outgoing_password", "login", "demo", "--outgoing")
	mua(64, "", "mua login ACCOUNT", "login")
	mua(77, "wrong\n", "password rejected", "login", "demo")
	mua(0, servers.Password+"\n", "IDLE", "login", "demo")
	mua(0, "", "0 waiting", "sync")
	mua(0, "", "left as it is", "login", "demo") // and what is there still works

	keyring.MockInitWithError(os.ErrPermission)
	mua(77, "x\n", "did not take the password", "login", "demo")
	mua(77, "x\n", `mua login more asks again; where there is no keyring, password = { command = "…" } there names`, "account", "add", "more", "--from", "a@b.example", "--outgoing", "smtps://b.example", "--password-keyring")
}

func TestSourceOfPassword(t *testing.T) {
	for want, s := range map[string]account.Secret{
		"the command pass show x": {Command: "pass show x"}, "the environment variable PW": {Env: "PW"}, "the file /pw": {File: "/pw"}, "the configuration": {Plain: "secret"},
	} {
		if got := sourceOf(s); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
