package pop3

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"mua/account"
	"mua/store"
)

// mini is a POP3 server that a test bends: what account/demo cannot do wrong, it can.
type mini struct {
	caps   []string // nil: CAPA is refused
	uidls  []string // nil: UIDL is refused
	bodies []string // LF line ends
	odd    func(cmd string) (reply string, ok bool)

	mu   sync.Mutex
	gone map[int]bool // deleted by an answered QUIT
	log  []string
}

func (m *mini) account(t *testing.T) *account.Account {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.gone = map[int]bool{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { c.Close() })
			wg.Go(func() {
				defer c.Close()
				defer stop()
				m.serve(c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); wg.Wait() })
	return &account.Account{
		Name: "old", Password: account.Secret{Plain: "secret"}, POP3Leave: account.LeavePolicy{Forever: true},
		Incoming: &account.Endpoint{Protocol: account.POP3, Security: account.Plain, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "ada"},
	}
}

func (m *mini) serve(c net.Conn) {
	fmt.Fprint(c, "+OK mini <1@x>\r\n")
	r := bufio.NewReader(c)
	dele := map[int]bool{}
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			return
		}
		l = strings.TrimSpace(l)
		m.mu.Lock()
		m.log = append(m.log, l)
		reply := m.reply(l, dele)
		m.mu.Unlock()
		if reply == "" {
			return
		}
		if _, err := fmt.Fprint(c, reply); err != nil || l == "QUIT" {
			return
		}
	}
}

func (m *mini) reply(l string, dele map[int]bool) string {
	if m.odd != nil {
		if r, ok := m.odd(l); ok {
			return r
		}
	}
	verb, arg, _ := strings.Cut(l, " ")
	n := 0
	fmt.Sscan(arg, &n)
	switch verb {
	case "CAPA":
		if m.caps == nil {
			return "-ERR what\r\n"
		}
		return "+OK\r\n" + strings.Join(m.caps, "\r\n") + "\r\n.\r\n"
	case "STAT":
		return fmt.Sprintf("+OK %d 1\r\n", len(m.left()))
	case "LIST":
		return m.lines(func(i int) string { return fmt.Sprint(len(m.bodies[i])) })
	case "UIDL":
		if m.uidls == nil {
			return "-ERR what\r\n"
		}
		return m.lines(func(i int) string { return m.uidls[i] })
	case "RETR":
		return "+OK\r\n" + stuffed(m.bodies[m.left()[n-1]])
	case "TOP":
		head, _, _ := strings.Cut(m.bodies[m.left()[n-1]], "\n\n")
		return "+OK\r\n" + stuffed(head+"\n\n")
	case "DELE":
		dele[m.left()[n-1]] = true
	case "QUIT":
		for i := range dele {
			m.gone[i] = true
		}
	}
	return "+OK\r\n"
}

// left are the indexes of what is still there.
func (m *mini) left() (out []int) {
	for i := range m.bodies {
		if !m.gone[i] {
			out = append(out, i)
		}
	}
	return out
}

// remaining is left for a test.
func (m *mini) remaining() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left()
}

// bend changes how the server answers.
func (m *mini) bend(odd func(string) (string, bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.odd = odd
}

// dialog is what was said to the server.
func (m *mini) dialog() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

func (m *mini) lines(f func(int) string) string {
	var b strings.Builder
	b.WriteString("+OK\r\n")
	for n, i := range m.left() {
		fmt.Fprintf(&b, "%d %s\r\n", n+1, f(i))
	}
	return b.String() + ".\r\n"
}

func stuffed(s string) string {
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if strings.HasPrefix(l, ".") {
			b.WriteByte('.')
		}
		b.WriteString(l + "\r\n")
	}
	return b.String() + ".\r\n"
}

func (m *mini) count(prefix string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.log {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

func letter(i int) string {
	return fmt.Sprintf("Message-ID: <%d@x>\nSubject: letter %d\nDate: Mon, 02 Jan 2023 15:04:05 +0000\n\nhello %d\n.dot\n..\n", i, i, i)
}

func letters(n int) (out []string) {
	for i := range n {
		out = append(out, letter(i))
	}
	return out
}

func names(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("uid%d", i))
	}
	return out
}

func testStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// pull opens, pulls and closes.
func pull(t testing.TB, a *account.Account, st *store.Store, o Options) (Pulled, error) {
	t.Helper()
	if o.Pause == nil {
		o.Patience = -1
	}
	s, err := Open(t.Context(), a, st, o)
	if err != nil {
		return Pulled{}, err
	}
	defer s.Close()
	return s.Pull(t.Context())
}

// stored are the texts in the account's inbox by subject; nil where only the header is here.
func stored(t *testing.T, st *store.Store, name string) map[string][]byte {
	t.Helper()
	acct, err := st.EnsureAccount(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.List(t.Context(), store.ListQuery{Account: acct, Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, r := range rows {
		if _, twice := out[r.Subject]; twice {
			t.Errorf("%q is here twice", r.Subject)
		}
		out[r.Subject] = nil
		if r.HasBody {
			if out[r.Subject], err = st.Raw(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

func crlf(s string) []byte { return bytes.ReplaceAll([]byte(s), []byte("\n"), []byte("\r\n")) }
