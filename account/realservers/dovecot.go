// Package realservers runs a private Dovecot (IMAP, POP3) and a private Postfix
// (submission) for tests: own configuration, own folder under /tmp, free ports on
// the loopback interface, own certificate. The system's configuration, services
// and mail are never touched.
//
// Only tests may import it. Where the programs are not installed, or the test
// does not run as root (both programs change users), the test is skipped with the
// reason; with MUA_REAL_SERVERS=require it fails instead.
//
// Users are called u1, u2, …; all have the same Password, and uN's address is
// uN@example.org. Postfix delivers to them, into the Maildirs that Dovecot shows,
// and nothing ever leaves the machine.
package realservers

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account/demo"
)

// Domain of the users' addresses.
const Domain = "example.org"

// Password of every user.
const Password = "correct horse"

// Option changes a Dovecot before it starts.
type Option func(*DovecotServer)

// Users makes n users instead of one.
func Users(n int) Option { return func(d *DovecotServer) { d.firstUsers = n } }

// Without hides IMAP capabilities, such as "MOVE" or "CONDSTORE". Dovecot still
// knows the commands.
func Without(capabilities ...string) Option {
	return func(d *DovecotServer) { d.without = append(d.without, capabilities...) }
}

// Config adds lines to dovecot.conf.
func Config(lines string) Option { return func(d *DovecotServer) { d.extra += lines + "\n" } }

// DovecotServer is a running Dovecot.
type DovecotServer struct {
	IMAP, IMAPS string // host:port; IMAP offers STARTTLS
	POP3, POP3S string // host:port; POP3 offers STLS
	CAFile      string // PEM file of the authority that signed the certificate
	User        string // the first user, u1
	Password    string

	dir        string
	uid, gid   int // of the mail
	firstUsers int
	without    []string
	extra      string
	process    *process

	mu    sync.Mutex
	users int
	files int // written by AddMaildir, for unique names
}

// Dovecot starts a server and stops it when the test ends.
func Dovecot(t testing.TB, o ...Option) *DovecotServer {
	t.Helper()
	need(t, "dovecot")
	d, err := newDovecot(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.remove)
	d.logAfter(t)
	return d
}

// logAfter shows the end of the log should the test fail.
func (d *DovecotServer) logAfter(t testing.TB) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("dovecot:\n%s", tail(d.Log()))
		}
	})
}

func newDovecot(options []Option) (*DovecotServer, error) {
	d := &DovecotServer{Password: Password, firstUsers: 1}
	for _, o := range options {
		o(d)
	}
	if err := d.prepare(); err != nil {
		d.remove()
		return nil, err
	}
	for range d.firstUsers {
		if _, err := d.addUser(); err != nil {
			d.remove()
			return nil, err
		}
	}
	d.User = "u1"
	if err := d.launch(); err != nil {
		d.remove()
		return nil, err
	}
	return d, nil
}

// prepare makes the folder. Not in the test's own temporary folder: Dovecot's
// login processes run as other users who must be able to enter it, and the paths
// of sockets are limited to about 100 octets.
func (d *DovecotServer) prepare() error {
	u, err := user.Lookup("mail")
	if err != nil {
		return err
	}
	d.uid, _ = strconv.Atoi(u.Uid)
	d.gid, _ = strconv.Atoi(u.Gid)
	if d.dir, err = os.MkdirTemp("/tmp", "mua-rs-"); err != nil {
		return err
	}
	if err := os.Chmod(d.dir, 0o755); err != nil {
		return err
	}
	for _, sub := range []string{"run", "mail"} {
		if err := os.Mkdir(d.path(sub), 0o755); err != nil {
			return err
		}
	}
	ca, cert, key, err := demo.Certificate(time.Now())
	if err != nil {
		return err
	}
	d.CAFile = d.path("ca.pem")
	for name, b := range map[string][]byte{"ca.pem": ca, "cert.pem": cert, "key.pem": key, "users": nil} {
		if err := os.WriteFile(d.path(name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (d *DovecotServer) path(name string) string { return filepath.Join(d.dir, name) }

// launch picks ports and starts the program, again with other ports when someone
// was faster.
func (d *DovecotServer) launch() error {
	return tryPorts(4, func(ports []int) error {
		d.IMAP, d.IMAPS, d.POP3, d.POP3S = addr(ports[0]), addr(ports[1]), addr(ports[2]), addr(ports[3])
		if err := os.WriteFile(d.path("dovecot.conf"), []byte(d.config(ports)), 0o644); err != nil {
			return err
		}
		return d.Start()
	})
}

// Start starts a stopped server on the ports it had.
func (d *DovecotServer) Start() error {
	p, err := startProcess("dovecot", "-F", "-c", d.path("dovecot.conf"))
	if err != nil {
		return err
	}
	d.process = p
	if err := p.waitFor(d.IMAP, d.IMAPS, d.POP3, d.POP3S); err != nil {
		p.stop()
		return fmt.Errorf("%w\n%s", err, tail(d.Log()))
	}
	return nil
}

// Stop ends the server and its connections; the mail stays. Start brings it back.
func (d *DovecotServer) Stop() {
	if d.process != nil {
		d.process.stop()
		d.process = nil
	}
}

func (d *DovecotServer) remove() {
	if d.process != nil {
		d.process.kill()
	}
	if d.dir != "" {
		removeAll(d.dir)
	}
}

// Log is what Dovecot has logged so far.
func (d *DovecotServer) Log() string {
	b, _ := os.ReadFile(d.path("log"))
	return string(b)
}

// AddUser makes one more user, at any time, and returns the name.
func (d *DovecotServer) AddUser(t testing.TB) string {
	t.Helper()
	name, err := d.addUser()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func (d *DovecotServer) addUser() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users++
	name := fmt.Sprintf("u%d", d.users)
	home := filepath.Dir(d.MailDir(name))
	if err := os.Mkdir(home, 0o700); err != nil {
		return "", err
	}
	if err := os.Chown(home, d.uid, d.gid); err != nil {
		return "", err
	}
	f, err := os.OpenFile(d.path("users"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%s:{PLAIN}%s\n", name, Password)
	return name, err
}

// MailDir is the user's Maildir. It may not exist before the first message.
func (d *DovecotServer) MailDir(user string) string { return d.path("mail/" + user + "/Maildir") }

// mailboxDir is the Maildir++ folder of a mailbox such as "INBOX" or
// "Projects.Sailing" ('.' separates).
func (d *DovecotServer) mailboxDir(user, mailbox string) string {
	if strings.EqualFold(mailbox, "INBOX") {
		return d.MailDir(user)
	}
	return filepath.Join(d.MailDir(user), "."+mailbox)
}

// everything is what Dovecot 2.3 offers after login.
const everything = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS " +
	"THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 " +
	"CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY " +
	"PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE COMPRESS=DEFLATE"

func (d *DovecotServer) capabilities() string {
	if len(d.without) == 0 {
		return ""
	}
	var kept []string
	for _, c := range strings.Fields(everything) {
		hidden := false
		for _, w := range d.without {
			hidden = hidden || strings.EqualFold(c, w)
		}
		if !hidden {
			kept = append(kept, c)
		}
	}
	return "imap_capability = " + strings.Join(kept, " ")
}

func (d *DovecotServer) config(ports []int) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, dovecotConf, d.dir, d.capabilities(), ports[0], ports[1], ports[2], ports[3])
	b.WriteString(d.extra)
	return b.String()
}

// dovecotConf: %[1]s the folder, %[2]s imap_capability, then the four ports.
const dovecotConf = `base_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:%[1]s/mail/%%u/Maildir
mail_max_userip_connections = 100
first_valid_uid = 1
mail_privileged_group =
%[2]s
passdb {
  driver = passwd-file
  args = scheme=PLAIN %[1]s/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=%[1]s/mail/%%u
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    auto = subscribe
    special_use = \Sent
  }
  mailbox Drafts {
    auto = subscribe
    special_use = \Drafts
  }
  mailbox Trash {
    auto = subscribe
    special_use = \Trash
  }
  mailbox Junk {
    auto = subscribe
    special_use = \Junk
  }
  mailbox Archive {
    auto = subscribe
    special_use = \Archive
  }
}
protocol imap {
  mail_plugins = $mail_plugins zlib imap_zlib
}
service imap-login {
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    port = %[3]d
  }
  inet_listener imaps {
    port = %[4]d
  }
}
service pop3-login {
  service_count = 0
  process_min_avail = 1
  inet_listener pop3 {
    port = %[5]d
  }
  inet_listener pop3s {
    port = %[6]d
  }
}
service auth {
  unix_listener %[1]s/auth {
    mode = 0666
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`
