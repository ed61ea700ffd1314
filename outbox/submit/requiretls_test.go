package submit_test

import (
	"net"
	"net/mail"
	"strconv"
	"strings"
	"testing"

	"mua/account"
	"mua/account/demo"
	"mua/outbox"
	"mua/outbox/submit"
)

// demoAccount sends through the demo's server.
func demoAccount(t *testing.T, srv *demo.Servers, addr string, s account.Security) *account.Account {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return &account.Account{Name: "demo", From: mail.Address{Address: srv.Addr}, TLSCA: srv.CAFile,
		Outgoing: &account.Endpoint{Protocol: account.SMTP, Security: s, Host: host, Port: n, User: srv.User},
		Password: account.Secret{Plain: srv.Password}}
}

// requireTLS sends one message that asks for TLS all the way and gives its outcome.
func requireTLS(t *testing.T, a *account.Account) outbox.Result {
	t.Helper()
	s, err := submit.Submitter{}.Connect(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := outbox.Envelope{Sender: "ada@mua.example", Recipients: []string{"bob@mua.example"}, RequireTLS: true}
	results, err := s.Send(t.Context(), e, []byte(text("secret")), func([]outbox.Result) error { return nil })
	if err != nil || len(results) != 1 {
		t.Fatalf("%+v, %v", results, err)
	}
	return results[0]
}

func TestRequireTLS(t *testing.T) {
	for name, c := range map[string]struct {
		security account.Security
		without  []string
		words    string // "": accepted
	}{
		"TLS":         {account.TLS, nil, ""},
		"STARTTLS":    {account.StartTLS, nil, ""},
		"not offered": {account.TLS, []string{"REQUIRETLS"}, "does not offer REQUIRETLS"},
		"no TLS":      {account.Plain, []string{"STARTTLS"}, "the connection to 127.0.0.1 has none"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := demo.Start(t.Context(), demo.Options{Dir: t.TempDir(), Without: c.without})
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			addr := srv.SMTP
			if c.security == account.TLS {
				addr = srv.SMTPS
			}
			got := requireTLS(t, demoAccount(t, srv, addr, c.security))
			if c.words == "" {
				if all := srv.Accepted(); got.State != outbox.Accepted || len(all) != 1 || !all[0].RequireTLS {
					t.Errorf("%+v, the server has %+v", got, all)
				}
				return
			}
			if got.State != outbox.Refused || got.Enhanced != "5.7.30" || !strings.HasPrefix(got.Text, outbox.NotOffered) || !strings.Contains(got.Text, c.words) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestRequireTLSTellsNothing: an offer in clear text may be an attacker's (RFC 8689 2);
// not even the envelope is told.
func TestRequireTLSTellsNothing(t *testing.T) {
	srv := serve(t, func(int, string) string { return "" })
	srv.offers(append([]string{"REQUIRETLS"}, offered...)...)
	got := requireTLS(t, srv.account())
	if got.State != outbox.Refused || len(srv.said("MAIL")) != 0 || len(srv.taken()) != 0 {
		t.Errorf("%+v, the server heard %v", got, srv.said("MAIL"))
	}
}
