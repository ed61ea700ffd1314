package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestAccountAsked: mua account add asks on a terminal, writes what was answered and tries it; Ctrl-C leaves no trace.
func TestAccountAsked(t *testing.T) {
	bin, servers := buildMua(t), startDemo(t)
	home := t.TempDir()
	config := filepath.Join(home, "config.toml")
	ask := func() *terminal {
		x := newTerminal(t, home, "sh", "-c", fmt.Sprintf("trap : INT; SSL_CERT_FILE=%s %s --config %s --data %s account add; echo left with $?; exec cat", servers.CAFile, bin, config, filepath.Join(home, "data")))
		x.sees("Your name and address")
		x.typed("Ada <ada@mua.invalid>")
		x.keys("Enter")
		x.sees("is called [mua]:")
		return x
	}
	x := ask()
	x.keys("C-c")
	x.sees("Nothing was added", "left with 75")
	if _, err := os.Stat(config); err == nil {
		t.Error("a question that was broken off left a configuration")
	}
	x = ask()
	x.keys("Enter")
	x.sees("holds your mail, - for none [imaps://imap.mua.invalid]:")
	x.typed(servers.URL("imaps") + "/x")
	x.keys("Enter")
	x.sees("  incoming ")
	x.typed(servers.URL("imaps"))
	x.keys("Enter")
	x.sees("takes your mail, - for none [smtps://smtp.mua.invalid]:")
	x.typed(servers.URL("smtps"))
	x.keys("Enter")
	x.sees("A command that prints the password")
	x.typed("echo " + servers.Password)
	x.keys("Enter")
	x.sees("account mua is in", "mua incoming: IMAP at", "mua outgoing: SMTP at", "left with 0")
}

// TestAccountNotAsked: with flags nothing is asked, on a terminal neither.
func TestAccountNotAsked(t *testing.T) {
	home := t.TempDir()
	config := filepath.Join(home, "config.toml")
	x := newTerminal(t, home, "sh", "-c", fmt.Sprintf("%s --config %s account add work --from ada@mua.invalid --incoming imaps://imap.mua.invalid "+
		"--outgoing smtps://smtp.mua.invalid --password-command true; echo left with $?; exec cat", buildMua(t), config))
	x.sees("account work added", "left with 0")
	if _, err := os.Stat(config); err != nil {
		t.Error(err)
	}
}
