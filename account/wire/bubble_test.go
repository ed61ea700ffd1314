package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"testing"
	"testing/synctest"

	"mua/account"
)

// inBubble dials a script at the other end of a pipe, where time is fake, so that what is measured is the
// time that is waited and never the machine's. f is given what comes after the greeting.
func inBubble(t *testing.T, proto account.Protocol, secure bool, o Options, script func(*peer), f func(*testing.T, *Conn, *bufio.Reader)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a, sec, cfg := &account.Account{Name: "work", AllowInsecure: true}, account.Plain, (*tls.Config)(nil)
		if secure {
			ca := newCA(t)
			sec, cfg, a.TLSCA = account.TLS, ca.server(t, nil), ca.file
		}
		near, far := net.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer far.Close()
			var c net.Conn = far
			if secure {
				c = tls.Server(far, cfg)
			}
			script(&peer{c, bufio.NewReader(c)})
		}()
		o.Dial = func(context.Context, string, string) (net.Conn, error) { return near, nil }
		c, err := Dial(t.Context(), a, &account.Endpoint{Protocol: proto, Security: sec, Host: "127.0.0.1", Port: 1, User: "ada"}, o)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		f(t, c, r)
		c.Close()
		<-ended
	})
}
