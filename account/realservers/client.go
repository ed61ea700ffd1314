package realservers

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Client is another IMAP client of the same user: it says what it is told, so
// that a test can change things on the server behind mua's back.
type Client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	tag  int
}

// TLS trusts the server's authority.
func (d *DovecotServer) TLS(t testing.TB) *tls.Config {
	t.Helper()
	return trust(t, d.CAFile)
}

func trust(t testing.TB, caFile string) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, ServerName: "localhost"}
}

// Client logs in as the user and stays connected until the test ends.
func (d *DovecotServer) Client(t testing.TB, user string) *Client {
	t.Helper()
	conn, err := tls.Dial("tcp", d.IMAPS, d.TLS(t))
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn, user, Password)
}

// ClientOf logs in to any IMAP server whose port speaks TLS with a certificate of an authority in caFile, and
// stays connected until the test ends.
func ClientOf(t testing.TB, addr, caFile, user, password string) *Client {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, trust(t, caFile))
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn, user, password)
}

func newClient(t testing.TB, conn net.Conn, user, password string) *Client {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	c := &Client{t: t, conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.line(); err != nil {
		t.Fatal(err)
	}
	c.Exec(fmt.Sprintf("LOGIN %s %q", user, password))
	return c
}

// Exec sends a command without its tag and returns the untagged answers, literals
// included, each without its last line end. Anything but OK fails the test.
func (c *Client) Exec(command string) []string {
	c.t.Helper()
	lines, err := c.Try(command)
	if err != nil {
		c.t.Fatalf("%.200s: %v", command, err)
	}
	return lines
}

// Try is Exec for commands that may be refused: the error holds the answer.
func (c *Client) Try(command string) ([]string, error) {
	return c.run(command, nil)
}

// Append stores a message with flags such as `\Seen`.
func (c *Client) Append(mailbox string, raw []byte, flags ...string) {
	c.t.Helper()
	command := fmt.Sprintf("APPEND %q (%s) {%d+}", mailbox, strings.Join(flags, " "), len(raw))
	if _, err := c.run(command, raw); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Client) run(command string, literal []byte) ([]string, error) {
	c.tag++
	tag := fmt.Sprintf("x%d ", c.tag)
	c.conn.SetDeadline(time.Now().Add(startTimeout))
	text := tag + command + "\r\n"
	if literal != nil {
		text += string(literal) + "\r\n"
	}
	if _, err := io.WriteString(c.conn, text); err != nil {
		return nil, err
	}
	var lines []string
	for {
		l, err := c.line()
		if err != nil {
			return lines, err
		}
		rest, ours := strings.CutPrefix(l, tag)
		switch {
		case !ours:
			lines = append(lines, l)
		case strings.HasPrefix(rest, "OK"):
			return lines, nil
		default:
			return lines, fmt.Errorf("%s", rest)
		}
	}
}

var literalEnd = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{(\d+)\}\r\n$`) })

// line reads an answer with the literals in it.
func (c *Client) line() (string, error) {
	var b strings.Builder
	for {
		l, err := c.r.ReadString('\n')
		if err != nil {
			return "", err
		}
		b.WriteString(l)
		m := literalEnd().FindStringSubmatch(l)
		if m == nil {
			return strings.TrimSuffix(b.String(), "\r\n"), nil
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		if _, err := io.CopyN(&b, c.r, n); err != nil {
			return "", err
		}
	}
}
