package trial

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mua/account/realservers"
	"mua/store"
)

// box is one person's mua against real servers: a configuration and a data folder.
type box struct {
	t            *testing.T
	config, data string
}

func newBox(t *testing.T, config string) *box {
	t.Helper()
	dir := t.TempDir()
	b := &box{t: t, config: filepath.Join(dir, "config.toml"), data: filepath.Join(dir, "data")}
	if err := os.WriteFile(b.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// mua runs one command line in this process; it must end with status.
func (b *box) mua(status int, args ...string) string {
	b.t.Helper()
	return b.muaIn(status, "", args...)
}

func (b *box) muaIn(status int, stdin string, args ...string) string {
	b.t.Helper()
	var out, talk bytes.Buffer
	argv := append([]string{"mua", "--config", b.config, "--data", b.data}, args...)
	got := run(context.Background(), argv, stdio{in: strings.NewReader(stdin), out: &out, err: &talk})
	if got != status {
		b.t.Fatalf("mua %s ended with %d, not %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), got, status, &out, &talk)
	}
	return out.String()
}

// objects reads JSON lines.
func objects(t *testing.T, lines string) []map[string]any {
	t.Helper()
	var out []map[string]any
	sc := bufio.NewScanner(strings.NewReader(lines))
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var m map[string]any
		if err := json.Unmarshal(sc.Bytes(), &m); err != nil {
			t.Fatalf("not JSON: %q: %v", sc.Text(), err)
		}
		out = append(out, m)
	}
	return out
}

// sums counts the SHA-256 of every message, so that duplicates matter too.
func sums(raws [][]byte) map[[32]byte]int {
	m := map[[32]byte]int{}
	for _, r := range raws {
		m[sha256.Sum256(r)]++
	}
	return m
}

// pulled reads every message back with list --json and show --raw.
func (b *box) pulled(query string) [][]byte {
	b.t.Helper()
	s, err := store.Open(b.t.Context(), b.data, store.Options{}) // not a process for each
	if err != nil {
		b.t.Fatal(err)
	}
	defer s.Close()
	var raws [][]byte
	for _, o := range objects(b.t, b.mua(0, "list", query, "-n", "0", "--json")) {
		raw, err := s.Raw(b.t.Context(), store.MessageID(o["id"].(float64)))
		if err != nil {
			b.t.Fatal(err)
		}
		raws = append(raws, raw)
	}
	return raws
}

func sameSums(t *testing.T, want, got map[[32]byte]int) {
	t.Helper()
	missing, extra := 0, 0
	for s, n := range want {
		if got[s] != n {
			missing++
		}
	}
	for s, n := range got {
		if want[s] != n {
			extra++
		}
	}
	if missing+extra > 0 {
		t.Fatalf("%d messages are not here byte for byte, %d are here that are not on the server", missing, extra)
	}
}

// syncRow runs mua sync --json on one account.
func (b *box) syncRow() map[string]any {
	b.t.Helper()
	rows := objects(b.t, b.mua(0, "sync", "--json"))
	if len(rows) != 1 || rows[0]["error"] != nil {
		b.t.Fatalf("sync: %v", rows)
	}
	return rows[0]
}

func imapConfig(d *realservers.DovecotServer, user string) string {
	return fmt.Sprintf(`[account.work]
from = "Ada <%s>"
incoming = "imaps://%s@%s"
password = { plain = %q }
tls_ca = %q
`, address(user), user, d.IMAPS, d.Password, d.CAFile)
}

func pop3Config(d *realservers.DovecotServer, user string) string {
	return strings.Replace(strings.Replace(imapConfig(d, user), "imaps://", "pop3s://", 1), d.IMAPS, d.POP3S, 1)
}

func address(user string) string { return user + "@" + realservers.Domain }

func mails(raws [][]byte) []realservers.Mail {
	var out []realservers.Mail
	for i, r := range raws {
		out = append(out, realservers.Mail{Raw: r, Received: time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)})
	}
	return out
}

// TestDovecotIMAP: every byte of 2,000 messages in several mailboxes arrives, a
// second sync transfers nothing, and changes travel both ways.
func TestDovecotIMAP(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.User
	var all [][]byte
	for i, name := range []string{"INBOX", "Archive", "Projects.Sailing", "Gr&APwA3w-e"} {
		raws := generate(i*500, 500)
		d.AddMaildir(t, user, name, mails(raws)...)
		all = append(all, raws...)
	}
	b := newBox(t, imapConfig(d, user))
	if row := b.syncRow(); row["new"].(float64) != 2000 {
		t.Fatalf("first sync: %v", row)
	}
	sameSums(t, sums(all), sums(b.pulled("in:any")))

	row := b.syncRow()
	if row["new"].(float64)+row["changed"].(float64)+row["removed"].(float64) != 0 || row["bytes"].(float64) > 20<<10 {
		t.Fatalf("a second sync is not free: %v", row)
	}
	other := d.Client(t, user)
	other.Exec("SELECT INBOX")
	other.Exec(`UID STORE 1:3 +FLAGS (\Seen \Flagged)`)
	newest := generate(5000, 1)[0]
	other.Append("INBOX", newest)
	if row = b.syncRow(); row["new"].(float64) != 1 || row["changed"].(float64) != 3 {
		t.Fatalf("after another client's changes: %v", row)
	}
	if got := b.pulled("subject:m0005000"); len(got) != 1 || !bytes.Equal(got[0], newest) {
		t.Fatal("the new message is not here byte for byte")
	}
	if flagged := objects(t, b.mua(0, "list", "is:flagged", "-n", "0", "--json")); len(flagged) != 3 {
		t.Fatalf("%d messages are flagged, not 3", len(flagged))
	}
	b.mua(0, "mark", b.id("subject:m0005000"), "--flagged", "--seen", "--answered")
	b.syncRow()
	other.Exec("NOOP")
	if found := strings.Join(other.Exec("UID SEARCH FLAGGED ANSWERED SEEN"), "\n"); !strings.Contains(found, "SEARCH 501") {
		t.Fatalf("our flags are not on the server: %s", found)
	}
	other.Exec(`UID STORE 10:19 +FLAGS (\Deleted)`)
	other.Exec("EXPUNGE")
	if row = b.syncRow(); row["removed"].(float64) != 10 {
		t.Fatalf("after another client's expunge: %v", row)
	}
	b.mua(0, "move", "--to", "Projects.Sailing", b.id("subject:m0005000"))
	b.syncRow()
	other.Exec("SELECT Projects.Sailing")
	if found := strings.Join(other.Exec("SEARCH HEADER Message-ID gen-5000@"), "\n"); !strings.Contains(found, "SEARCH 501") {
		t.Fatalf("the moved message is not there: %s", found)
	}
}

// id is the id of the one message a query finds in its mailbox.
func (b *box) id(query string) string {
	b.t.Helper()
	rows := objects(b.t, b.mua(0, "list", "in:any", query, "--json"))
	if len(rows) != 1 {
		b.t.Fatalf("%s finds %d messages, not 1", query, len(rows))
	}
	return fmt.Sprint(int64(rows[0]["id"].(float64)))
}

// TestDovecotPOP3: the same mailbox over POP3 gives the same bytes.
func TestDovecotPOP3(t *testing.T) {
	d := realservers.Dovecot(t)
	raws := generate(0, 600)
	d.AddMaildir(t, d.User, "INBOX", mails(raws)...)
	b := newBox(t, pop3Config(d, d.User))
	if row := b.syncRow(); row["new"].(float64) != 600 {
		t.Fatalf("first sync: %v", row)
	}
	sameSums(t, sums(raws), sums(b.pulled("in:inbox")))
	if row := b.syncRow(); row["new"].(float64) != 0 {
		t.Fatalf("second sync: %v", row)
	}
}

// TestEverySecurity: account check and sync over TLS at once and over
// STARTTLS/STLS, on all three protocols; without the CA nothing is said to anyone.
func TestEverySecurity(t *testing.T) {
	d := realservers.Dovecot(t)
	p := realservers.Postfix(t, d)
	d.AddMaildir(t, d.User, "INBOX", mails(generate(0, 3))...)
	for _, c := range []struct{ in, out string }{
		{"imaps://" + d.User + "@" + d.IMAPS, "smtps://" + d.User + "@" + p.SMTPS},
		{"imap://" + d.User + "@" + d.IMAP, "smtp://" + d.User + "@" + p.SMTP},
		{"pop3s://" + d.User + "@" + d.POP3S, ""},
		{"pop3://" + d.User + "@" + d.POP3, ""},
	} {
		config := fmt.Sprintf("[account.work]\nfrom = \"Ada <ada@example.org>\"\nincoming = %q\npassword = { plain = %q }\n", c.in, d.Password)
		if c.out != "" {
			config += fmt.Sprintf("outgoing = %q\n", c.out)
		}
		b := newBox(t, config+fmt.Sprintf("tls_ca = %q\n", d.CAFile))
		for _, r := range objects(t, b.mua(0, "account", "check", "--json")) {
			if tls, _ := r["tls"].(string); !strings.HasPrefix(tls, "TLS 1.3") && !strings.HasPrefix(tls, "TLS 1.2") {
				t.Errorf("%s: %v", c.in, r)
			}
		}
		if row := b.syncRow(); row["new"].(float64) != 3 {
			t.Errorf("%s: %v", c.in, row)
		}
		before := strings.Count(d.Log(), "Login: user=")
		b = newBox(t, config)
		b.mua(1, "sync")
		if after := strings.Count(d.Log(), "Login: user="); after != before {
			t.Errorf("%s: logged in to a server whose certificate nobody vouches for", c.in)
		}
	}
}

// TestWrongPassword: exit 77 over both protocols after one try, and account check says it too.
func TestWrongPassword(t *testing.T) {
	d := realservers.Dovecot(t)
	tries := func() int { return strings.Count(d.Log(), "auth failed, 1 attempts") }
	for i, config := range []string{imapConfig(d, d.User), pop3Config(d, d.User)} {
		b := newBox(t, strings.Replace(config, fmt.Sprintf("%q", d.Password), `"wrong"`, 1))
		b.mua(77, "sync")
		b.mua(77, "account", "check")
		for deadline := time.Now().Add(10 * time.Second); tries() < 2*(i+1) && time.Now().Before(deadline); {
			<-time.After(10 * time.Millisecond) // the log is written when the connection has ended
		}
		if got := tries(); got != 2*(i+1) || strings.Contains(d.Log(), "2 attempts") {
			t.Errorf("%d tries so far, not one for each command", got)
		}
	}
}

// TestPostfix: a message spooled without a network is accepted by Postfix later, the
// recipient's copy equals the spooled bytes below the trace headers, and one
// copy is in the server's Sent.
func TestPostfix(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Users(2))
	p := realservers.Postfix(t, d)
	ada, bob := "u1", "u2"
	for i, url := range []string{"smtp://" + ada + "@" + p.SMTP, "smtps://" + ada + "@" + p.SMTPS} {
		scheme := strings.Split(url, ":")[0]
		t.Run(scheme, func(t *testing.T) {
			b := newBox(t, imapConfig(d, ada)+fmt.Sprintf("outgoing = %q\n", url))
			b.mua(0, "account", "check")
			id := strings.TrimSpace(b.muaIn(0, "Grüße aus dem Zug 🚆\n.\nlast line", "send", "--queue", "--dsn", "failure,delay", "-t", address(bob), "-b", address(ada), "-s", "Spülen "+scheme))
			wire := b.mua(0, "outbox", "show", id, "--raw")
			b.mua(0, "sync")
			got := d.Wait(t, bob, "INBOX", i+1)[i]
			if !bytes.HasSuffix(crlf(string(got)), []byte(wire)) {
				t.Fatalf("the recipient's copy is not the spooled bytes:\n%s\n--- spooled:\n%s", got, wire)
			}
			if above := strings.TrimSuffix(string(crlf(string(got))), wire); !strings.Contains(above, "Received:") || strings.Contains(above, "Subject:") {
				t.Fatalf("above the spooled bytes: %q", above)
			}
			b.mua(0, "sync")
			if sent := objects(t, b.mua(0, "list", "in:sent", "subject:"+scheme, "--json")); len(sent) > 1 {
				t.Fatalf("%d copies in Sent here", len(sent))
			}
			other := d.Client(t, ada)
			other.Exec("SELECT Sent")
			found := strings.Fields(strings.Join(other.Exec("SEARCH ALL"), "\n"))
			if len(found) != 2+i+1 { // * SEARCH 1 …
				t.Fatalf("the server's Sent: %q", found)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		b := newBox(t, imapConfig(d, ada)+fmt.Sprintf("outgoing = %q\n", "smtps://"+ada+"@"+p.SMTPS))
		out := b.mua(69, "send", "--json", "-t", address(bob), "-t", "nobody-here@example.org", "--body", "x")
		if !strings.Contains(out, `"state":"partial"`) {
			t.Fatalf("not partial: %s", out)
		}
		b.mua(69, "send", "-t", "nobody-here@example.org", "--body", "x")
		out = b.mua(75, "send", "--wait", "1s", "--json", "-t", realservers.Deferred, "--body", "x")
		if !strings.Contains(out, `"state":"deferred","code":450`) {
			t.Fatalf("not deferred: %s", out)
		}
	})
}
