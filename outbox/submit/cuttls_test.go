package submit_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"mua/account"
	"mua/account/demo"
	"mua/account/realservers"
	"mua/store"
)

// behindTLS is the demo's SMTP server behind a proxy that cuts what TLS made of a session.
type behindTLS struct {
	*realservers.Cutter
	acct    *account.Account
	servers *demo.Servers

	mu        sync.Mutex
	forgotten int // messages accepted before
}

func cutTLS(t *testing.T, scheme string) *behindTLS {
	t.Helper()
	servers, err := demo.Start(t.Context(), demo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	direct := map[string]string{"smtps": servers.SMTPS, "smtp": servers.SMTP}[scheme]
	cutter := realservers.NewCutter(t, direct)
	config, err := account.Parse("config.toml", []byte(strings.Replace(servers.ConfigFor("work", "", scheme), direct, cutter.Addr, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return &behindTLS{Cutter: cutter, acct: config.Accounts[0], servers: servers}
}

func (b *behindTLS) account() *account.Account { return b.acct }
func (b *behindTLS) cuts(up, down int)         { b.Cut(up, down) }
func (b *behindTLS) idle()                     { b.Idle() }

func (b *behindTLS) length() [2]int {
	up, down := b.Passed()
	return [2]int{up, down}
}

// seen cannot know whether a body was asked for.
func (b *behindTLS) seen(to string) (begun int, bodies []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.servers.Accepted()[b.forgotten:] {
		if len(m.To) == 1 && m.To[0] == to {
			bodies = append(bodies, string(m.Data))
		}
	}
	return 1, bodies
}

func (b *behindTLS) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgotten = len(b.servers.Accepted())
}

// TestCutTLSInTheStore is TestCutEverywhereInTheStore for the octets that TLS makes of a
// session: TLS from the first one, and after STARTTLS.
func TestCutTLSInTheStore(t *testing.T) {
	step := 31
	if long() {
		step = 1
	}
	for _, scheme := range []string{"smtps", "smtp"} {
		for _, up := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/up=%t", scheme, up), func(t *testing.T) {
				t.Parallel()
				far := cutTLS(t, scheme)
				w := &sweep{post: openPost(t, nil), far: far, policy: store.PolicyAsk}
				w.sweep(up, step)
			})
		}
	}
}
