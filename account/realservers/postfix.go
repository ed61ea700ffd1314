package realservers

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Addresses in Domain that Postfix treats in a way of their own. Any other
// address in it that is not a user's is refused with 550 5.1.1. Mail to other
// domains is accepted and thrown away.
const (
	Deferred = "defer@" + Domain  // RCPT answered 450 4.2.1
	Refused  = "refuse@" + Domain // RCPT answered 550 5.7.1
	Returned = "return@" + Domain // accepted, forwarded to gone@elsewhere.example, and returned to the sender with 5.1.1
)

// SizeLimit is the largest message Postfix takes, in octets (SIZE).
const SizeLimit = 10 << 20

// mostUsers is how many users Postfix delivers to.
const mostUsers = 1000

// PostfixServer is a running Postfix that takes submissions: AUTH PLAIN and LOGIN
// with the Dovecot users' names and passwords.
type PostfixServer struct {
	SMTP   string // host:port with STARTTLS
	SMTPS  string // host:port with TLS at once
	CAFile string

	dir     string
	dovecot *DovecotServer
	process *process
}

// Postfix starts a server beside d and stops it when the test ends.
func Postfix(t testing.TB, d *DovecotServer) *PostfixServer {
	t.Helper()
	need(t, "postfix")
	p, err := newPostfix(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.remove)
	p.logAfter(t)
	return p
}

// logAfter shows the end of the log should the test fail.
func (p *PostfixServer) logAfter(t testing.TB) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("postfix:\n%s", tail(p.Log()))
		}
	})
}

func newPostfix(d *DovecotServer) (*PostfixServer, error) {
	p := &PostfixServer{CAFile: d.CAFile, dovecot: d}
	if err := p.prepare(); err != nil {
		p.remove()
		return nil, err
	}
	if err := p.launch(); err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *PostfixServer) path(name string) string { return filepath.Join(p.dir, name) }

// prepare makes the folder: queue and data are postfix's, the rest is root's.
func (p *PostfixServer) prepare() error {
	dir, err := os.MkdirTemp("/tmp", "mua-rs-")
	if err != nil {
		return err
	}
	p.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := p.makeQueue(); err != nil {
		return err
	}
	// Users may be added later, and virtual(8) takes no patterns.
	var mailboxes strings.Builder
	for n := range mostUsers {
		fmt.Fprintf(&mailboxes, "u%d@%s u%d/Maildir/\n", n+1, Domain, n+1)
	}
	maps := map[string]string{
		"mailboxes": mailboxes.String(),
		"aliases":   Returned + " gone@elsewhere.example\n",
		"transport": "gone@elsewhere.example error:5.1.1 nobody of that name lives here any more\n",
		"access":    Deferred + " 450 4.2.1 the mailbox is busy\n" + Refused + " 550 5.7.1 not welcome\n",
	}
	for name, text := range maps {
		if err := os.WriteFile(p.path("etc/"+name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// makeQueue makes the folders that `postfix check` would make.
func (p *PostfixServer) makeQueue() error {
	u, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	for _, sub := range []string{"etc", "queue", "queue/pid"} {
		if err := os.Mkdir(p.path(sub), 0o755); err != nil {
			return err
		}
	}
	for _, sub := range []string{
		"data", "queue/active", "queue/bounce", "queue/corrupt", "queue/defer", "queue/deferred", "queue/flush", "queue/hold",
		"queue/incoming", "queue/maildrop", "queue/private", "queue/public", "queue/saved", "queue/trace",
	} {
		if err := os.Mkdir(p.path(sub), 0o700); err != nil {
			return err
		}
		if err := os.Chown(p.path(sub), uid, -1); err != nil {
			return err
		}
	}
	return nil
}

func (p *PostfixServer) launch() error {
	return tryPorts(2, func(ports []int) error {
		p.SMTP, p.SMTPS = addr(ports[0]), addr(ports[1])
		master := fmt.Sprintf(masterCf, p.SMTP, p.SMTPS)
		main := fmt.Sprintf(mainCf, p.dir, p.dovecot.dir, p.dovecot.uid, p.dovecot.gid, Domain, SizeLimit)
		if err := os.WriteFile(p.path("etc/master.cf"), []byte(master), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(p.path("etc/main.cf"), []byte(main), 0o644); err != nil {
			return err
		}
		return p.Start()
	})
}

// Start starts a stopped server on the ports it had. It runs master(8) itself:
// what `postfix start-fg` runs leaves our process group, and its checks take seconds.
func (p *PostfixServer) Start() error {
	master, err := daemon("master")
	if err != nil {
		return err
	}
	process, err := startProcess(master, "-c", p.path("etc"), "-d")
	if err != nil {
		return err
	}
	p.process = process
	if err := process.waitFor(p.SMTP, p.SMTPS); err != nil {
		process.stop()
		return fmt.Errorf("%w\n%s", err, tail(p.Log()))
	}
	return nil
}

// daemon is the path of one of Postfix's own programs.
func daemon(name string) (string, error) {
	postconf, err := find("postconf")
	if err != nil {
		return "", err
	}
	dir, err := exec.Command(postconf, "-dh", "daemon_directory").Output()
	if err != nil {
		return "", fmt.Errorf("postconf: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), name), nil
}

// Stop ends the server and its connections; the queue stays. Start brings it back.
func (p *PostfixServer) Stop() {
	if p.process != nil {
		p.process.stop()
		p.process = nil
	}
}

func (p *PostfixServer) remove() {
	if p.process != nil {
		p.process.kill()
	}
	if p.dir != "" {
		removeAll(p.dir)
	}
}

// Log is what Postfix has logged so far.
func (p *PostfixServer) Log() string {
	b, _ := os.ReadFile(p.path("log"))
	return string(b)
}

// mainCf: folder, Dovecot's folder, uid, gid of the mail, domain, size limit.
const mainCf = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
myhostname = mail.%[5]s
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_transport = discard:
relay_transport = discard:
local_transport = discard:
transport_maps = texthash:%[1]s/etc/transport
virtual_alias_maps = texthash:%[1]s/etc/aliases
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = %[5]s
virtual_mailbox_base = %[2]s/mail
virtual_mailbox_maps = texthash:%[1]s/etc/mailboxes
virtual_uid_maps = static:%[3]d
virtual_gid_maps = static:%[4]d
virtual_minimum_uid = 1
smtpd_tls_cert_file = %[2]s/cert.pem
smtpd_tls_key_file = %[2]s/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = %[2]s/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:%[1]s/etc/access, reject_unlisted_recipient, permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
smtpd_junk_command_limit = 1000
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
message_size_limit = %[6]d
`

// masterCf: the two listeners; nothing listens elsewhere or talks to other hosts.
const masterCf = `%s inet n - n - - smtpd
%s inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup  unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr    unix n - n 300 1 qmgr
tlsmgr  unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce  unix - - n - 0 bounce
defer   unix - - n - 0 bounce
trace   unix - - n - 0 bounce
verify  unix - - n - 1 verify
flush   unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error   unix - - n - - error
retry   unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil   unix - - n - 1 anvil
scache  unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
