package account

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func kindOf(err error) Kind {
	t, ok := errors.AsType[*Trouble](err)
	if !ok {
		return -1
	}
	return t.Kind
}

func TestAddAndRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	spec := NewAccount{Name: "work", From: `"A \"L\"" <ada@example.org>`, Incoming: "imaps://imap.example.org", Outgoing: "smtps://smtp.example.org", TLSCA: "ca.pem", PasswordCommand: `echo "a\b"`}
	if err := Add(path, spec); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if err := Add(path, NewAccount{Name: "my relay", From: "b@example.org", Outgoing: "smtp://relay.example", PasswordKeyring: true}); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	wd, _ := os.Getwd()
	if a := c.Accounts[0]; a.From.Name != `A "L"` || a.Password.Command != `echo "a\b"` || a.TLSCA != filepath.Join(wd, "ca.pem") || a.Incoming.User != "ada@example.org" {
		t.Errorf("%+v", a)
	}
	if c.Accounts[1].Name != "my relay" || !c.Accounts[1].Password.Keyring {
		t.Errorf("%+v", c.Accounts[1])
	}
	before, _ := os.ReadFile(path)
	for name, s := range map[string]NewAccount{
		"duplicate":   spec,
		"no from":     {Name: "x", Incoming: "imaps://h"},
		"two sources": {Name: "x", From: "a@b.c", Incoming: "imaps://h", PasswordKeyring: true, PasswordEnv: "X"},
		"bad URL":     {Name: "x", From: "a@b.c", Incoming: "http://h"},
		"local":       {Name: "local", From: "a@b.c", Incoming: "imaps://h"},
		"no name":     {From: "a@b.c", Incoming: "imaps://h"},
	} {
		err := Add(path, s)
		if kindOf(err) != KindConfig {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error(), "config.toml:") {
			t.Errorf("%s: a place that does not exist: %v", name, err)
		}
	}
	if err := Remove(path, "nobody"); kindOf(err) != KindNotFound {
		t.Error(err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("changed")
	}
	if err := Remove(path, "my relay"); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path); err != nil || len(c.Accounts) != 1 {
		t.Error(c, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".config-*")); left != nil {
		t.Error(left)
	}
}

const edited = `# my mail
editor = "vi" # the best

# about work
[account.work] # comment
from = "a@b.c"
# inside
incoming = "imaps://h"
aliases = [ # several
  "x@y.z", # one
  '''"[account.other]" <o@y.z>''',
]
[account.work.password]
plain = """s"""

# about other
[account.other]
from = "o@b.c"
incoming = "pop3s://h"

  [ account . "work" . pop3 ]

[aliases]
root = "a@b.c"
`

func TestRemoveKeepsTheRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.toml")
	text := strings.Replace(edited, "  [ account . \"work\" . pop3 ]\n", "", 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.toml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := Remove(link, "work"); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	want := `# my mail
editor = "vi" # the best

# about work
# inside

# about other
[account.other]
from = "o@b.c"
incoming = "pop3s://h"


[aliases]
root = "a@b.c"
`
	if string(got) != want {
		t.Errorf("%s", got)
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
}

func TestRemoveRefusesInline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.toml")
	text := `account = { a = { from = "a@b.c", incoming = "imaps://h" }, b = { from = "a@b.c", incoming = "imaps://h" } }`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Remove(path, "a"); kindOf(err) != KindConfig {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Error("changed")
	}
}

func TestRemoveDotted(t *testing.T) {
	got := without([]byte("account.a.from = 1\naccount.b.from = 2\n[account]\na.x = 3\nc = 4\n[x]\naccount.a = 5\n"), "a")
	if want := "account.b.from = 2\n[account]\nc = 4\n[x]\naccount.a = 5\n"; string(got) != want {
		t.Errorf("%s", got)
	}
}
