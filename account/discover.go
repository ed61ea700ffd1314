package account

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
)

// Offered asks DNS which servers the owner of a mail domain offers (RFC 6186, 3.1 to 3.3; RFC 8314, 5.1), and gives
// the URL of the best of each side: IMAP rather than POP3, TLS from the start rather than STARTTLS. "": none is named,
// or DNS cannot be asked before ctx ends. Whoever answers for DNS can name any host: a person is to look at it.
// lookup is net.Resolver's LookupSRV.
func Offered(ctx context.Context, lookup func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error), domain string) (incoming, outgoing string) {
	sides := [2][]struct{ service, scheme string }{
		{{"imaps", "imaps"}, {"imap", "imap"}, {"pop3s", "pop3s"}, {"pop3", "pop3"}},
		{{"submissions", "smtps"}, {"submission", "smtp"}},
	}
	var found [2][4]string
	var all sync.WaitGroup
	for side, list := range sides {
		for i, s := range list {
			all.Go(func() {
				if _, srv, err := lookup(ctx, s.service, "tcp", strings.TrimSuffix(domain, ".")+"."); err == nil && len(srv) > 0 {
					found[side][i] = offeredURL(s.scheme, srv[0])
				}
			})
		}
	}
	all.Wait()
	var best [2]string
	for side, urls := range found {
		for _, u := range urls {
			if best[side] == "" {
				best[side] = u
			}
		}
	}
	return best[0], best[1]
}

// offeredURL is the URL of a target, "" where it says that there is none, or is no host.
func offeredURL(scheme string, srv *net.SRV) string {
	host := strings.TrimSuffix(srv.Target, ".")
	if host == "" {
		return ""
	}
	raw := scheme + "://" + host
	if s, _ := schemeOf(scheme); int(srv.Port) != s.port {
		raw = scheme + "://" + net.JoinHostPort(host, strconv.Itoa(int(srv.Port)))
	}
	if _, err := parseEndpoint(raw, strings.HasPrefix(scheme, "smtp")); err != nil {
		return ""
	}
	return raw
}
