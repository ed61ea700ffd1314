package account

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("/etc/mua/config.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const full = `
send_delay = "1m30s"
max_message = "10MB"
editor = "vi"
keys = "mutt"

[account.work]
from     = "Ada Lovelace <ada@example.org>"
aliases  = ["a@example.org", "The Countess <countess@example.org>"]
incoming = "imaps://ada@imap.example.org"
outgoing = "smtps://ada@smtp.example.org:4650"
password = { command = "pass show mail/ada" }
tls_ca   = "ca.pem"
save_sent = false
uncertain = "retry"
offline = "all"
mailboxes = ["*"]
sessions = 2
dsn = "failure, delay"

[account.old]
from     = "ada@isp.example"
incoming = "pop3s://ada@isp.example@pop.isp.example"
outgoing = "smtp://smtp.isp.example"
password = { keyring = true }
outgoing_password = { env = "X", mechanism = "oauthbearer" }
outgoing_username = "isp-ada"
pop3     = { leave_on_server = "2w" }

[account.a-relay]
from = "root@host.example"
outgoing = "smtp+insecure://[::1]:25"
auth = "none"

[aliases]
root = "ada@example.org"
"*" = "Nobody <nobody@example.org>"
`

func TestParseFull(t *testing.T) {
	c := mustParse(t, full)
	if c.SendDelay != 90*time.Second || c.MaxMessage != 10_000_000 || c.Editor != "vi" || c.KeyPreset != "mutt" {
		t.Errorf("top: %+v", c)
	}
	var names []string
	for _, a := range c.Accounts {
		names = append(names, a.Name)
	}
	if got := strings.Join(names, " "); got != "work old a-relay" {
		t.Errorf("order: %s", got)
	}
	work, old, relay := c.Accounts[0], c.Accounts[1], c.Accounts[2]
	if *work.Incoming != (Endpoint{IMAP, TLS, "imap.example.org", 993, "ada"}) || *work.Outgoing != (Endpoint{SMTP, TLS, "smtp.example.org", 4650, "ada"}) {
		t.Errorf("work: %+v %+v", work.Incoming, work.Outgoing)
	}
	if work.TLSCA != "/etc/mua/ca.pem" || *work.SaveSent || work.Uncertain != "retry" || !work.POP3Leave.Forever || len(work.Aliases) != 2 {
		t.Errorf("work: %+v", work)
	}
	if *old.Incoming != (Endpoint{POP3, TLS, "pop.isp.example", 995, "ada@isp.example"}) || *old.Outgoing != (Endpoint{SMTP, StartTLS, "smtp.isp.example", 587, "isp-ada"}) {
		t.Errorf("old: %+v %+v", old.Incoming, old.Outgoing)
	}
	if old.POP3Leave != (LeavePolicy{For: 14 * 24 * time.Hour}) || !old.Password.Keyring || old.OutgoingPassword.Mechanism != "oauthbearer" {
		t.Errorf("old: %+v", old)
	}
	if relay.Incoming != nil || !relay.NoAuth || relay.Outgoing.Addr() != "[::1]:25" {
		t.Errorf("relay: %+v", relay)
	}
	if c.Aliases["root"] != "ada@example.org" || c.Aliases["*"] != "nobody@example.org" {
		t.Errorf("aliases: %v", c.Aliases)
	}
	if id, ok := work.Identity("COUNTESS@example.org"); !ok || id.Name != "The Countess" {
		t.Errorf("identity: %v %v", id, ok)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings: %v", c.Warnings)
	}
}

func TestSchemes(t *testing.T) {
	for url, want := range map[string]Endpoint{
		"imaps://h.example":                 {IMAP, TLS, "h.example", 993, ""},
		"imap://h.example/":                 {IMAP, StartTLS, "h.example", 143, ""},
		"imap+insecure://localhost":         {IMAP, Plain, "localhost", 143, ""},
		"pop3://u@h.example":                {POP3, StartTLS, "h.example", 110, "u"},
		"pop3+insecure://u@127.0.0.1:1":     {POP3, Plain, "127.0.0.1", 1, "u"},
		"pop3s://a%40b@[2001:db8::1]":       {POP3, TLS, "2001:db8::1", 995, "a@b"},
		"IMAPS://a@b@H.Example":             {IMAP, TLS, "h.example", 993, "a@b"},
		"imaps://dom%5Cuser@bücher.example": {IMAP, TLS, "xn--bcher-kva.example", 993, `dom\user`},
	} {
		e, err := parseEndpoint(url, false)
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if *e != want {
			t.Errorf("%s: %+v", url, *e)
		}
	}
}

const ok = "from=\"a@b.c\"\nincoming=\"imaps://u@h\"\n"

func TestParseErrors(t *testing.T) {
	acc := "[account.work]\n" + ok // next line is 4
	for _, c := range []struct{ name, text, at, words, hint string }{
		{"syntax", "a = = 1", "1:5", "", ""},
		{"duplicate", acc + "from = \"x@y\"", "4:1", "", ""},
		{"unknown top", "sent_delay = \"1s\"", "1:1", `unknown key "sent_delay"`, `did you mean "send_delay"?`},
		{"unknown", acc + `outgoin = "smtps://h"`, "4:1", `unknown key "outgoin" in [account.work]`, `did you mean "outgoing"?`},
		{"unknown far", acc + "\n  qqqqqqqq = 1", "5:3", "unknown key", "possible here: from"},
		{"unknown nested", acc + `password = { comand = "x" }`, "4:14", `unknown key "comand" of password in [account.work]`, `did you mean "command"?`},
		{"unknown subtable", acc + "[account.work.password]\nfil = \"x\"", "5:1", "unknown key", `did you mean "file"?`},
		{"type", acc + "tls_ca = 5", "4:10", "must be a string, not an integer", ""},
		{"type bool", acc + "allow_insecure = \"yes\"", "4:18", "must be true or false, not a string", ""},
		{"type list", acc + "aliases = \"a@b\"", "4:11", "must be a list", ""},
		{"duration", "send_delay = \"10\"", "1:14", "not a duration", ""},
		{"duration negative", "send_delay = \"-10s\"", "1:14", "not a duration", ""},
		{"duration overflow", "send_delay = \"99999999999w\"", "1:14", "not a duration", ""},
		{"size", "max_message = \"64 MiBs\"", "1:15", "not a size", ""},
		{"size 0", "max_message = 0", "1:15", "not a size", ""},
		{"leave", "[account.w]\nfrom=\"a@b.c\"\nincoming=\"pop3s://u@h\"\npop3 = { leave_on_server = \"soon\" }", "4:28", "not a duration", ""},
		{"leave imap", acc + `pop3 = { leave_on_server = "0" }`, "4:1", "incoming is not POP3", ""},
		{"password in URL", acc + `outgoing = "smtps://u:secret@h"`, "4:12", "holds a password", ""},
		{"scheme", acc + `outgoing = "imaps://u@h"`, "4:12", "cannot be imaps://", ""},
		{"no scheme", acc + `outgoing = "h.example"`, "4:12", "is not a URL", ""},
		{"port", acc + `outgoing = "smtps://h:70000"`, "4:12", "port", ""},
		{"path", acc + `outgoing = "smtps://h/x"`, "4:12", "must end after", ""},
		{"insecure", acc + `outgoing = "smtp+insecure://h.example"`, "4:12", "plain text", "allow_insecure"},
		{"two users", acc + `username = "v"`, "4:12", `is "v" but the URL says "u"`, ""},
		{"two secrets", acc + `password = { plain = "x", env = "Y" }`, "4:1", "exactly one", ""},
		{"no secret", acc + `password = { keyring = false }`, "4:1", "exactly one", ""},
		{"bare password", acc + `password = "secret"`, "4:12", "must be a table", "command"},
		{"mechanism", acc + `password = { env = "X", mechanism = "xoauth" }`, "4:37", "cannot be", `did you mean "xoauth2"?`},
		{"from", "[account.x]\nfrom = \"Ada\"\nincoming=\"imaps://h\"", "2:8", "not a mail address", ""},
		{"no from", "\n[account.x]\nincoming=\"imaps://h\"", "2:10", "from is missing", ""},
		{"no servers", "[account.x]\nfrom=\"a@b.c\"", "1:10", "neither incoming nor outgoing", ""},
		{"local", "[account.local]\n" + ok, "1:10", "always exists", ""},
		{"not a table", "account.x = 1", "1:13", "must be a table", ""},
		{"uncertain", acc + `uncertain = "aks"`, "4:13", "cannot be", `did you mean "ask"?`},
		{"offline", acc + `offline = "90 days"`, "4:11", `offline in [account.work] cannot be "90 days"`, `"all", "headers" or a duration`},
		{"offline nothing", acc + `offline = "0"`, "4:11", "cannot be", ""},
		{"offline type", acc + `offline = 90`, "4:11", "not an integer", ""},
		{"offline of a mailbox", acc + `offline = { "*" = "all", "Lists/*" = "header" }`, "4:38", `"Lists/*" of offline in [account.work] cannot be "header"`, ""},
		{"offline twice", acc + `offline = { Archive = "1y", Archive = "all" }`, "4:1", "already defined", ""},
		{"offline of POP3", "[account.w]\nfrom=\"a@b.c\"\nincoming=\"pop3s://u@h\"\noffline = \"90d\"", "4:1", "incoming is POP3", ""},
		{"mailboxes", acc + `mailboxes = "*"`, "4:13", "must be a list", ""},
		{"mailboxes none", acc + `mailboxes = []`, "4:1", "leave every mailbox out", ""},
		{"mailboxes empty name", acc + `mailboxes = ["*", "!"]`, "4:19", "empty name", ""},
		{"mailboxes of POP3", "[account.w]\nfrom=\"a@b.c\"\nincoming=\"pop3s://u@h\"\nmailboxes = [\"INBOX\"]", "4:1", "incoming is POP3", ""},
		{"planned pin", acc + `tls_pin = "x"`, "4:1", "planned", ""},
		{"dsn", acc + `dsn = "failure, sometimes"`, "4:7", "failure, delay and success", `dsn = "failure,delay"`},
		{"dsn type", acc + `dsn = ["failure"]`, "4:1", "must be a string", ""},
		{"sessions", acc + "sessions = 0", "4:12", "from 1 to 16", "sessions = 4"},
		{"sessions type", acc + `sessions = "4"`, "4:12", "from 1 to 16", ""},
		{"planned oauth2", acc + `auth = { oauth2 = "google" }`, "4:1", "planned", "mechanism"},
		{"planned maildir", "[account.m]\nfrom=\"a@b.c\"\nincoming = \"maildir:///home/a/Maildir\"", "3:12", "planned", ""},
		{"notify type", `on_new_mail = "notify-send"`, "1:15", "a list of strings", ""},
		{"notify nothing", `on_new_mail = []`, "1:1", "1 to 64 strings", "notify-send"},
		{"notify program", `on_new_mail = ["", "x"]`, "1:16", "name of a program", ""},
		{"notify word", `on_new_mail = ["x", "{form}"]`, "1:21", "no placeholder {form}", `did you mean "from"?`},
		{"notify brace", `on_new_mail = ["x", "a {"]`, "1:21", "no placeholder {", "{{ is a brace"},
		{"contacts type", `contacts = "~/.contacts"`, "1:12", "a list of strings", ""},
		{"contacts nothing", `contacts = ["a", ""]`, "1:18", "folders or .vcf files", "~/.contacts"},
		{"address_command shell", `address_command = "abook | sort"`, "1:19", "without a shell", "list of words"},
		{"address_command nothing", `address_command = []`, "1:1", "a program and its arguments", "khard"},
		{"address_command program", `address_command = ["-x"]`, "1:1", "a program and its arguments", ""},
		{"address_command control", `address_command = ["x", "a\nb"]`, "1:1", "control character", ""},
		{"open shell", `open = "xdg-open; ls"`, "1:8", "without a shell", "xdg-open"},
		{"open nothing", `open = []`, "1:1", "a program and its arguments", "xdg-open"},
		{"mailcap nothing", `mailcap = [""]`, "1:12", "must list mailcap files", "~/.mailcap"},
		{"address_command type", `address_command = 1`, "1:19", "a list of strings", ""},
		{"bell", `bell = "yes"`, "1:8", "true or false", ""},
		{"idle type", acc + `idle = "Work"`, "4:8", "a list of strings", ""},
		{"idle many", acc + `idle = ["1","2","3","4","5","6","7","8","9"]`, "4:1", "8 mailboxes at most", "every few minutes"},
		{"idle pop3", "[account.m]\nfrom=\"a@b.c\"\nincoming=\"pop3s://h\"\nidle=[\"Work\"]", "4:1", "not IMAP", ""},
		{"control", acc + `username = "a\r\nb"`, "4:12", "control character", ""},
		{"first counts", "[account.x]\nfrm = 1\n[account.y]\n" + ok + "[aliases]\nroot = 3", "1:10", "from is missing", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("c.toml", []byte(c.text))
			tr, isTrouble := errors.AsType[*Trouble](err)
			if !isTrouble || tr.Kind != KindConfig {
				t.Fatalf("got %v", err)
			}
			if !strings.HasPrefix(tr.What, "c.toml:"+c.at+": ") || !strings.Contains(tr.What, c.words) || !strings.Contains(tr.Hint, c.hint) {
				t.Errorf("What %q\nHint %q", tr.What, tr.Hint)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

func TestUnknownKeysOfLooksAreWarnings(t *testing.T) {
	c := mustParse(t, "keys = { quit = \"q\", x = 3 }\n[theme]\nunread = \"bold\"\n[search]\nfuzzy = true\n")
	if len(c.Warnings) != 3 || !strings.Contains(c.Warnings[1], `config.toml:3:1: unknown key "unread" in [theme]`) {
		t.Errorf("%q", c.Warnings)
	}
	if c.Keys["quit"] != "q" {
		t.Errorf("%v", c.Keys)
	}
}

func TestSavedSearches(t *testing.T) {
	c := mustParse(t, "[search]\ninvoices = \"subject:invoice newer:1y\"\n\"from the boss\" = 'from:boss'\nempty = \"\"\n")
	want := []SavedSearch{{"invoices", "subject:invoice newer:1y"}, {"from the boss", "from:boss"}}
	if !slices.Equal(c.Searches, want) || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], `config.toml:4:1: "empty" in [search]`) {
		t.Errorf("%q %q", c.Searches, c.Warnings)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	kind := func(hint string) {
		t.Helper()
		_, err := Load(path)
		tr, isTrouble := errors.AsType[*Trouble](err)
		if !isTrouble || tr.Kind != KindConfig || !strings.Contains(tr.Hint, hint) {
			t.Errorf("got %v", err)
		}
	}
	kind("mua account add")
	text := "[account.work]\n" + ok + `password = { plain = "x" }`
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	kind("chmod 600")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path); err != nil || c.Accounts[0].Password.Plain != "x" {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("[[account]]\nfrom=1\n[account.x]"))
	f.Add([]byte("account.x.from = 1\naccount.x.password.plain=''"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Parse("c.toml", data); err != nil {
			if _, isTrouble := errors.AsType[*Trouble](err); !isTrouble {
				t.Errorf("%T", err)
			}
		}
	})
}

func TestNewMailKeys(t *testing.T) {
	c := mustParse(t, "on_new_mail = [\"notify-send\", \"{{x} {from}\", \"\", \"-u\"]\nbell = true\n[account.a]\nfrom=\"a@b.c\"\nincoming=\"imaps://h\"\nidle=[\"inbox\", \"Work\", \"Work\"]\n")
	if !c.Bell || len(c.OnNewMail) != 4 || len(c.Accounts[0].Idle) != 1 || c.Accounts[0].Idle[0] != "Work" {
		t.Errorf("%+v %q", c, c.Accounts[0].Idle)
	}
	got := FillNewMail("{{x} {from}: {subject}{count}", func(w string) string { return "<" + w + " {from}>" })
	if want := "{x} <from {from}>: <subject {from}><count {from}>"; got != want {
		t.Errorf("got %q, not %q: what a message says is never looked at again", got, want)
	}
}

func TestAddressBooks(t *testing.T) {
	t.Setenv("HOME", "/home/ada")
	c, err := Parse("/etc/mua/c.toml", []byte("contacts = [\"~/.contacts\", \"team.vcf\", \"/home/ada/.contacts/\"]\naddress_command = \"khard  email --parsable %s\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Contacts, " "); got != "/home/ada/.contacts /etc/mua/team.vcf" {
		t.Errorf("contacts %s", got)
	}
	if got := strings.Join(c.AddressCommand, "|"); got != "khard|email|--parsable|%s" {
		t.Errorf("address_command %s", got)
	}
	if c = mustParse(t, `address_command = ["my book", "it's $HOME"]`); strings.Join(c.AddressCommand, "|") != "my book|it's $HOME" {
		t.Errorf("address_command %q", c.AddressCommand)
	}
	if c = mustParse(t, `mailcap = []`); c.Mailcap == nil || len(c.Mailcap) > 0 || c.Open != nil {
		t.Errorf("no mailcap file is not the usual ones: %v, %v", c.Mailcap, c.Open)
	}
	if c = mustParse(t, "open = \"handlr open\"\nmailcap = [\"/etc/mailcap\"]"); strings.Join(c.Open, "|") != "handlr|open" || strings.Join(c.Mailcap, "|") != "/etc/mailcap" {
		t.Errorf("%q %q", c.Open, c.Mailcap)
	}
}
