package account

import (
	"context"
	"errors"
	"net"
	"testing"
)

func TestOffered(t *testing.T) {
	records := map[string]*net.SRV{}
	lookup := func(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
		if proto != "tcp" || name != "example.org." {
			t.Errorf("asked for %s %s %s", service, proto, name)
		}
		if r := records[service]; r != nil {
			return "", []*net.SRV{r, {Target: "second.example.", Port: 1}}, nil
		}
		return "", nil, errors.New("no such host")
	}
	for _, c := range []struct {
		service string
		srv     *net.SRV
		in, out string
	}{
		{"pop3", &net.SRV{Target: "pop.example.org.", Port: 110}, "pop3://pop.example.org", ""},
		{"imaps", &net.SRV{Target: ".", Port: 0}, "pop3://pop.example.org", ""}, // it is not offered
		{"imap", &net.SRV{Target: "a b\x1b[2J.", Port: 143}, "pop3://pop.example.org", ""},
		{"imaps", &net.SRV{Target: "imap.example.org.", Port: 993}, "imaps://imap.example.org", ""},
		{"submission", &net.SRV{Target: "smtp.example.org.", Port: 2587}, "imaps://imap.example.org", "smtp://smtp.example.org:2587"},
		{"submissions", &net.SRV{Target: "smtp.example.org.", Port: 465}, "imaps://imap.example.org", "smtps://smtp.example.org"},
	} {
		records[c.service] = c.srv
		if in, out := Offered(t.Context(), lookup, "example.org"); in != c.in || out != c.out {
			t.Errorf("with %s at %v: %q and %q", c.service, *c.srv, in, out)
		}
	}
}
