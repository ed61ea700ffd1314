package pop3

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"

	"mua/account"
	"mua/account/wire"
)

// readAhead is the size of the buffer between the connection and go-pop3, whose own is
// small. What is asked for may bring up to this much more with it.
const readAhead = 32 << 10

// caps is what CAPA said (RFC 2449): keyword → arguments; nil when the server knows no CAPA.
type caps map[string]string

// may reports whether a command may be tried: it is offered, or nothing is known.
func (c caps) may(keyword string) bool {
	_, ok := c[keyword]
	return ok || c == nil
}

func (c caps) has(keyword string) bool {
	_, ok := c[keyword]
	return ok
}

// sasl lists the mechanisms offered.
func (c caps) sasl() []string { return strings.Fields(strings.ToUpper(c["SASL"])) }

// known lists the capabilities that matter here, for a report.
func (c caps) known() []string {
	var out []string
	for _, k := range []string{"UIDL", "TOP", "PIPELINING", "SASL", "EXPIRE", "LOGIN-DELAY", "UTF8"} {
		if c.has(k) {
			out = append(out, account.CleanWords(strings.TrimSpace(k+" "+c[k])))
		}
	}
	return out
}

// dialog speaks lines until go-pop3 takes over.
type dialog struct {
	c    *wire.Conn
	r    *bufio.Reader
	caps caps
}

func newDialog(c *wire.Conn) *dialog {
	c.Allow(2 * readAhead)
	return &dialog{c: c, r: bufio.NewReaderSize(c, readAhead)}
}

// login reads the greeting, asks what is offered and logs in once. It returns how.
func (d *dialog) login(creds account.Credentials, e *account.Endpoint) (how string, err error) {
	if err := wire.CheckCredentials(creds, e.Host); err != nil {
		return "", err
	}
	if _, err := d.answer(); err != nil {
		return "", err
	}
	if err := d.capa(); err != nil {
		return "", err
	}
	if how, err = d.auth(creds, e); err != nil {
		return "", err
	}
	if d.caps != nil && (!d.caps.has("PIPELINING") || d.caps.mayDiffer()) { // some say more once they know who asks
		err = d.capa()
	}
	return how, err
}

// auth logs in with USER and PASS where that is possible, else by SASL (RFC 5034).
func (d *dialog) auth(creds account.Credentials, e *account.Endpoint) (string, error) {
	offered := d.caps.sasl()
	user := d.caps.may("USER") || !slices.Contains(offered, sasl.Plain)
	if strings.Contains(creds.User, " ") && slices.Contains(offered, sasl.Plain) {
		user = false // USER with a blank is two arguments to some
	}
	if creds.Mechanism == "" && user {
		if _, err := d.ask("USER " + creds.User); err != nil {
			return "", err
		}
		_, err := d.ask("PASS " + creds.Password)
		return "USER/PASS", err
	}
	client, err := wire.SASL(creds, e.Host, e.Port, offered)
	if err != nil {
		return "", err
	}
	return d.sasl(client)
}

// sasl runs a SASL exchange. The first response is never sent with the command: tokens do not fit into its
// 255 octets, and some servers do not take one.
func (d *dialog) sasl(client sasl.Client) (string, error) {
	mech, next, err := client.Start()
	if err != nil {
		return "", err
	}
	if err := d.send("AUTH " + mech); err != nil {
		return "", err
	}
	for {
		l, err := d.line()
		if err != nil {
			return "", err
		}
		challenge, more := strings.CutPrefix(l, "+ ")
		if !more && l != "+" {
			_, err := judge(l)
			return mech, err
		}
		if next == nil {
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(challenge))
			if err != nil {
				return "", fmt.Errorf("AUTH: the server's challenge is not base64")
			}
			if next, err = client.Next(raw); err != nil {
				return "", err
			}
		}
		if err := d.send(base64.StdEncoding.EncodeToString(next)); err != nil {
			return "", err
		}
		next = nil
	}
}

// capa asks for the capabilities; a server that knows no CAPA leaves them nil.
func (d *dialog) capa() error {
	d.c.Allow(2 * readAhead)
	if err := d.send("CAPA"); err != nil {
		return err
	}
	l, err := d.line()
	if err != nil {
		return err
	}
	if _, err := judge(l); err != nil {
		return nil //nolint:nilerr // -ERR: no CAPA here
	}
	got := caps{}
	for {
		l, err := d.line()
		if err != nil {
			return err
		}
		if l == "." {
			d.caps = got
			return nil
		}
		k, args, _ := strings.Cut(l, " ")
		got[strings.ToUpper(k)] = args
	}
}

func (d *dialog) send(line string) error {
	_, err := io.WriteString(d.c, line+"\r\n")
	return err
}

func (d *dialog) line() (string, error) {
	l, err := d.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimRight(l, "\r\n"), nil
}

func (d *dialog) ask(line string) (string, error) {
	if err := d.send(line); err != nil {
		return "", err
	}
	return d.answer()
}

func (d *dialog) answer() (string, error) {
	l, err := d.line()
	if err != nil {
		return "", err
	}
	return judge(l)
}

// judge tells +OK from -ERR; what is neither is an error too.
func judge(l string) (string, error) {
	word, rest, _ := strings.Cut(l, " ")
	switch word {
	case "+OK":
		return rest, nil
	case "-ERR":
		return "", &wire.POP3Error{Text: rest}
	}
	return "", fmt.Errorf("neither +OK nor -ERR: %s", account.CleanWords(l))
}

// handOver is go-pop3's Dialer: it gives it the logged-in connection with a greeting of ours to read.
type handOver struct{ d *dialog }

// Dial returns the connection there is.
func (h handOver) Dial(string, string) (net.Conn, error) {
	return &handed{h.d.c, strings.NewReader("+OK\r\n"), h.d}, nil
}

// handed reads through the dialog's buffer, one line at a time: go-pop3, which reads ahead, then never
// has more than the line it was asked for, and the texts that follow a line can be read beside it.
type handed struct {
	net.Conn
	greeting io.Reader
	d        *dialog
}

func (h *handed) Read(b []byte) (int, error) {
	if n, err := h.greeting.Read(b); n > 0 || err == nil {
		return n, nil
	}
	return h.d.part(b)
}

// part reads at most one line.
func (d *dialog) part(b []byte) (int, error) {
	ready, err := d.r.Peek(max(1, min(d.r.Buffered(), len(b))))
	if err != nil {
		return 0, err
	}
	n := min(len(ready), len(b))
	if i := bytes.IndexByte(ready[:n], '\n'); i >= 0 {
		n = i + 1
	}
	n = copy(b, ready[:n])
	_, err = d.r.Discard(n)
	return n, err
}
