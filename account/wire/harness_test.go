package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account"
)

// ca signs throwaway certificates.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newCA(t *testing.T) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c := &ca{key: key, file: filepath.Join(t.TempDir(), "ca.pem")}
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// server is a TLS configuration for a certificate that change may spoil.
func (c *ca) server(t *testing.T, change func(*x509.Certificate)) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, c.cert, &key.PublicKey, c.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// peer is the server's side of one connection.
type peer struct {
	net.Conn
	r *bufio.Reader
}

func (p *peer) say(s string) { _, _ = p.Write([]byte(s)) }

// hear reads a line; "" at the end of the connection.
func (p *peer) hear() string {
	l, _ := p.r.ReadString('\n')
	return strings.TrimRight(l, "\r\n")
}

// startTLS is the handshake in the middle of a script.
func (p *peer) startTLS(cfg *tls.Config) *peer {
	c := tls.Server(p.Conn, cfg)
	return &peer{c, bufio.NewReader(c)}
}

// wait reads until the client goes away.
func (p *peer) wait() {
	for {
		if _, err := p.r.ReadByte(); err != nil {
			return
		}
	}
}

// serve runs script for each connection to a loopback port and returns the endpoint for it.
func serve(t *testing.T, proto account.Protocol, sec account.Security, cfg *tls.Config, script func(*peer)) *account.Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if sec == account.TLS {
				c = tls.Server(c, cfg)
			}
			stop := context.AfterFunc(ctx, func() { c.Close() })
			wg.Go(func() {
				script(&peer{c, bufio.NewReader(c)})
				stop()
				c.Close()
			})
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); wg.Wait() })
	return &account.Endpoint{Protocol: proto, Security: sec, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "ada"}
}

// quick are options that make a test of patience short.
var quick = Options{Connect: 3 * time.Second, Progress: 150 * time.Millisecond}

// trouble asserts the kind and a part of the words.
func trouble(t *testing.T, err error, kind account.Kind, words string) *account.Trouble {
	t.Helper()
	tr, ok := errors.AsType[*account.Trouble](err)
	if !ok {
		t.Fatalf("not a Trouble: %v", err)
	}
	if tr.Kind != kind || !strings.Contains(tr.Error(), words) {
		t.Fatalf("kind %d, %q; want kind %d, %q", tr.Kind, tr.Error(), kind, words)
	}
	if tr.Account != "work" || tr.Host != "127.0.0.1" {
		t.Errorf("for account %q, host %q", tr.Account, tr.Host)
	}
	return tr
}

// safe is a buffer for traces.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
