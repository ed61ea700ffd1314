package wire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"mua/account"
)

// tlsConfig trusts the system's authorities and the account's own. The system's take tens of milliseconds to
// read: that is begun here, beside the connecting, and spared where the account's own vouches for the server.
func tlsConfig(a *account.Account, e *account.Endpoint) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: e.Host}
	if a.TLSCA == "" {
		go x509.SystemCertPool() // read once in a process, and kept
		return cfg, nil
	}
	pem, err := os.ReadFile(a.TLSCA)
	if err != nil {
		return nil, &account.Trouble{Kind: account.KindConfig, Account: a.Name, What: "tls_ca: " + err.Error(), Err: err}
	}
	own := x509.NewCertPool()
	if !own.AppendCertsFromPEM(pem) {
		return nil, &account.Trouble{Kind: account.KindConfig, Account: a.Name, What: fmt.Sprintf("tls_ca: %s holds no certificate", a.TLSCA), Hint: "it must be a PEM file"}
	}
	cfg.InsecureSkipVerify = true // crypto/tls knows one pool only; VerifyConnection does all it would do, twice if need be
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		err := verify(cs, own, e.Host)
		if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
			err = verify(cs, nil, e.Host)
		}
		if err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
		}
		return nil
	}
	return cfg, nil
}

// verify checks a server's certificate: its chain up to one of roots (nil: the system's), its name and its
// dates (RFC 5280 section 6, RFC 6125 section 6).
func verify(cs tls.ConnectionState, roots *x509.CertPool, host string) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("the server shows no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host})
	return err
}
