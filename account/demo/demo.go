// Package demo runs mail servers on the loopback interface: IMAP, POP3 and
// SMTP, each with TLS from the first octet and with STARTTLS (STLS), random
// ports, a random password and a certification authority of its own. `mua demo`
// runs on them, and so do the tests of everything that speaks to a server.
//
// The contract:
//   - One user with one set of mailboxes. IMAP shows all of them, POP3 shows
//     INBOX, and mail that SMTP accepts for the user is delivered to INBOX with
//     Return-Path and Received on top.
//   - Octets are kept: what was delivered or appended comes back as it was, over
//     IMAP and (but for what the protocol cannot carry) over POP3, and Accepted
//     holds the octets of DATA with nothing undone but the dot-stuffing.
//   - Nothing is written to disk but the certificate of the authority, as
//     Options.Dir/ca.pem.
//   - Faults strike when a test says so and heal when it says so; Counts tells
//     how often a client came, logged in and which commands it gave.
//   - Close ends every connection and every goroutine.
//
// What the IMAP server does: IMAP4rev1 with UIDPLUS, MOVE, NAMESPACE, ESEARCH,
// LIST-EXTENDED, LIST-STATUS, SPECIAL-USE, CREATE-SPECIAL-USE, CHILDREN,
// STATUS=SIZE, UNSELECT, ENABLE, IDLE, SASL-IR, LITERAL-; it has neither
// CONDSTORE nor QRESYNC (the go-imap server under it does not know their syntax).
package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Domain is the demo's own mail domain; mail to the user's address in it is delivered.
const Domain = "mua.example"

// Options of Start. The zero value gives empty mailboxes for ada@mua.example.
type Options struct {
	Dir     string           // where ca.pem is written; "" makes a temporary folder that Close removes
	Now     func() time.Time // clock for received times and trace headers; nil: time.Now
	Samples bool             // fill the mailboxes with Samples
	User    string           // login name and local part of the address; "" is "ada"
	Name    string           // the person's name; "" is "Ada Linden"

	// Without names capabilities that are not offered, in any of the protocols:
	// "MOVE", "UIDPLUS", "LIST-STATUS", "SPECIAL-USE" …, "PIPELINING", "8BITMIME",
	// "SMTPUTF8", "SIZE", "DSN" …, "UIDL", "TOP", "SASL" …
	Without    []string
	OAuth2     bool  // offer XOAUTH2 and OAUTHBEARER as well; Token is the access token
	MaxMessage int64 // octets SMTP accepts; 0: 64 MiB
	FilesSent  bool  // SMTP files what it accepts in Sent, as Gmail does
}

// Servers is a running set of servers.
type Servers struct {
	CAFile   string // PEM file with the authority that signed the servers' certificate
	User     string // login name, the same for all protocols
	Password string
	Token    string // OAuth2 access token
	Addr     string // the user's mail address
	Name     string // the user's name

	// host:port of each listener. The first of each pair speaks TLS at once.
	IMAPS, IMAP, POP3S, POP3, SMTPS, SMTP string

	now     func() time.Time
	without map[string]bool
	oauth2  bool
	maxSize int64
	files   bool
	tempDir string // removed by Close; "" when the caller's

	tls     *authority
	mail    *mailstore
	faults  faults
	counts  counters
	conns   connSet
	servers []io.Closer
	running sync.WaitGroup // goroutines of ours
	closing sync.Once
	stop    func() bool // detaches from the context

	mu       sync.Mutex
	accepted []Accepted
}

// Accepted is one message that SMTP took responsibility for.
type Accepted struct {
	From string   // envelope sender, "" for <>
	To   []string // envelope recipients in the order given
	Data []byte   // the octets sent after DATA, dot-stuffing undone
	UTF8 bool     // MAIL had SMTPUTF8
	Body string   // BODY= of MAIL, "" when absent
	// RequireTLS: MAIL had REQUIRETLS (RFC 8689).
	RequireTLS bool
}

// Start starts the servers; they run until Close or until ctx ends.
func Start(ctx context.Context, o Options) (*Servers, error) {
	s := &Servers{
		User: o.User, Name: o.Name, Password: rand.Text(), Token: rand.Text(),
		now: o.Now, oauth2: o.OAuth2, maxSize: o.MaxMessage, files: o.FilesSent, without: map[string]bool{},
	}
	s.setDefaults(o)
	if err := s.prepareDir(o.Dir); err != nil {
		return nil, err
	}
	s.mail = newMailstore(s.now)
	if o.Samples {
		for _, m := range Samples(s.now()) {
			s.mail.deliver(m.Mailbox, m.Raw, m.Received, m.Flags)
		}
	}
	if err := s.listen(); err != nil {
		s.Close()
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, s.shutdown)
	return s, nil
}

func (s *Servers) setDefaults(o Options) {
	if s.User == "" {
		s.User = "ada"
	}
	if s.Name == "" {
		s.Name = "Ada Linden"
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.maxSize == 0 {
		s.maxSize = 64 << 20
	}
	s.Addr = s.User + "@" + Domain
	for _, c := range o.Without {
		s.without[strings.ToUpper(c)] = true
	}
	s.conns.open = map[*conn]struct{}{}
	s.counts.init()
}

func (s *Servers) prepareDir(dir string) error {
	if dir == "" {
		d, err := os.MkdirTemp("", "mua-demo-")
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		dir, s.tempDir = d, d
	}
	a, err := newAuthority(time.Now())
	if err != nil {
		return fmt.Errorf("demo: certificate: %w", err)
	}
	s.tls = a
	s.CAFile = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(s.CAFile, a.caPEM, 0o600); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// listen opens the six listeners and starts serving them.
func (s *Servers) listen() error {
	for _, l := range []struct {
		addr  *string
		proto protocol
		tls   bool
		serve func(*listener)
	}{
		{&s.IMAPS, protoIMAP, true, s.serveIMAP}, {&s.IMAP, protoIMAP, false, s.serveIMAP},
		{&s.POP3S, protoPOP3, true, s.servePOP3}, {&s.POP3, protoPOP3, false, s.servePOP3},
		{&s.SMTPS, protoSMTP, true, s.serveSMTP}, {&s.SMTP, protoSMTP, false, s.serveSMTP},
	} {
		ln, err := s.newListener(l.proto, l.tls)
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		*l.addr = ln.Addr().String()
		l.serve(ln)
	}
	return nil
}

// Close ends all connections and goroutines and removes what Start created.
func (s *Servers) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.shutdown()
}

func (s *Servers) shutdown() {
	s.closing.Do(func() {
		s.conns.closeAll()
		for _, c := range s.servers {
			c.Close()
		}
		s.running.Wait()
		if s.tempDir != "" {
			os.RemoveAll(s.tempDir)
		}
	})
}

// Accepted lists the messages that SMTP has accepted, oldest first.
func (s *Servers) Accepted() []Accepted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Accepted(nil), s.accepted...)
}

// Config is the text of a config.toml with one account, "demo", for IMAPS and
// SMTPS. A dataDir that is not empty is named in a comment, for the reader's sake.
func (s *Servers) Config(dataDir string) string {
	c := s.ConfigFor("demo", "imaps", "smtps")
	if dataDir != "" {
		c = fmt.Sprintf("# data folder: %q\n", dataDir) + c
	}
	return c
}

// ConfigFor is one [account.NAME] table for the schemes given: imaps, imap,
// pop3s, pop3 and smtps, smtp, each also with "+insecure"; "" leaves a side out.
// The text holds the password: write it with mode 0600.
func (s *Servers) ConfigFor(name, incoming, outgoing string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[account.%s]\nfrom = %q\n", name, s.Name+" <"+s.Addr+">")
	if incoming != "" {
		fmt.Fprintf(&b, "incoming = %q\n", s.URL(incoming))
	}
	if outgoing != "" {
		fmt.Fprintf(&b, "outgoing = %q\n", s.URL(outgoing))
	}
	fmt.Fprintf(&b, "password = { plain = %q }\ntls_ca = %q\n", s.Password, s.CAFile)
	return b.String()
}

// URL is the server's address as an account's configuration names it, such as
// imaps://ada@127.0.0.1:41234; "" for a scheme that is none.
func (s *Servers) URL(scheme string) string {
	plain := map[string]string{
		"imaps": s.IMAPS, "imap": s.IMAP, "imap+insecure": s.IMAP,
		"pop3s": s.POP3S, "pop3": s.POP3, "pop3+insecure": s.POP3,
		"smtps": s.SMTPS, "smtp": s.SMTP, "smtp+insecure": s.SMTP,
	}
	if plain[scheme] == "" {
		return ""
	}
	return scheme + "://" + s.User + "@" + plain[scheme]
}

// quiet swallows what the server libraries would log: clients that break off are
// what tests are about.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
