package account

import (
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// Config is everything config.toml says, checked and with defaults filled in.
type Config struct {
	Path       string            // file it came from
	Accounts   []*Account        // in the file's order; the first is the default
	Aliases    map[string]string // [aliases]: local name or "*" → address, for sendmail
	SendDelay  time.Duration     // undo window of the UI; default 10 s
	MaxMessage int64             // octets; larger messages are kept as headers only; default 64 MiB
	OnNewMail  []string          // program and arguments run when new mail has come; nil: none
	Bell       bool              // the UI rings the terminal's bell for new mail in an inbox
	Contacts   []string          // folders of vCards or single files, absolute
	// AddressCommand is a program that knows addresses, with its arguments: "%s" in one stands for what is
	// looked for, else that is one argument more; nil: none. Never run by a shell.
	AddressCommand []string
	// Open is a program that opens attachments and links, which it gets as its last argument; nil: Mailcap, then
	// the desktop. Never run by a shell.
	Open      []string
	Mailcap   []string          // mailcap files, absolute; nil: those of the machine
	Editor    string            // external editor; empty: $VISUAL, $EDITOR
	Keys      map[string]string // UI key bindings: action → key
	KeyPreset string            // "" or "mutt"
	Searches  []SavedSearch     // [search], in the file's order
	Warnings  []string          // unknown keys under keys, theme, search: said, not fatal
}

// SavedSearch is a virtual mailbox: in:Name is what Query selects.
type SavedSearch struct{ Name, Query string }

// SearchQueries are the saved searches by name.
func (c *Config) SearchQueries() map[string]string {
	out := map[string]string{}
	for _, s := range c.Searches {
		out[s.Name] = s.Query
	}
	return out
}

// Account returns the named account, or the default one for "".
func (c *Config) Account(name string) (*Account, bool) {
	if name == "" && len(c.Accounts) > 0 {
		return c.Accounts[0], true
	}
	for _, a := range c.Accounts {
		if a.Name == name {
			return a, true
		}
	}
	return nil, false
}

// Account is one [account.NAME] table.
type Account struct {
	Name             string
	From             mail.Address   // default identity
	Aliases          []mail.Address // other addresses that are this person
	Incoming         *Endpoint      // nil: nothing is fetched
	Outgoing         *Endpoint      // nil: nothing is sent
	Password         Secret         // of Incoming, and of Outgoing unless OutgoingPassword is set
	OutgoingPassword Secret
	NoAuth           bool        // auth = "none": a relay without login
	AllowInsecure    bool        // plain text beyond loopback
	TLSCA            string      // absolute path of a PEM file with one more CA; "" none
	POP3Leave        LeavePolicy // pop3 = { leave_on_server = … }
	SaveSent         *bool       // nil: by provider
	Uncertain        string      // "", "ask" or "retry"; "": by where the message was written
	Signature        string
	Sessions         int           // submission sessions at once, at most; default 4
	Offline          []OfflineRule // what is kept here for reading offline; nil: everything
	Mailboxes        []string      // patterns in order, later ones win, "!" leaves out; nil: the default of Keeps
	DSN              string        // delivery reports asked for (RFC 3461 NOTIFY): "", "NEVER", or SUCCESS, FAILURE, DELAY with commas
	Idle             []string      // mailboxes watched as INBOX is, over further connections
}

// LeavePolicy says how long POP3 mail stays on the server after it is safely here.
type LeavePolicy struct {
	Forever bool          // the default
	For     time.Duration // 0 with !Forever: removed at once
}

// Protocol of an endpoint.
type Protocol string

// The protocols an endpoint may speak.
const (
	IMAP Protocol = "imap"
	POP3 Protocol = "pop3"
	SMTP Protocol = "smtp"
)

// Security of an endpoint's connection.
type Security string

// Implicit TLS (RFC 8314), required STARTTLS/STLS, or plain text.
const (
	TLS      Security = "tls"
	StartTLS Security = "starttls"
	Plain    Security = "plain"
)

// Endpoint is one server address, from a URL such as imaps://ada@imap.example.org.
type Endpoint struct {
	Protocol Protocol
	Security Security
	Host     string
	Port     int // never 0: defaults to the scheme's port
	User     string
}

// Addr is host:port for dialing.
func (e *Endpoint) Addr() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// Identity is addr as one of the account's own addresses (From, Aliases), compared without
// regard to case.
func (a *Account) Identity(addr string) (mail.Address, bool) {
	for _, m := range append([]mail.Address{a.From}, a.Aliases...) {
		if strings.EqualFold(m.Address, addr) {
			return m, true
		}
	}
	return mail.Address{}, false
}
