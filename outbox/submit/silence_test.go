package submit_test

import (
	"context"
	"net"
	"sync"
	"time"

	"mua/account/wire"
	"mua/outbox/submit"
)

// submitter is one whose patience ends when the server stalls, and not before: a machine that is slow
// is not taken for a server that says nothing.
func (s *server) submitter() submit.Submitter {
	return submit.Submitter{Wire: wire.Options{Dial: s.dial}}
}

// patient is the client's side of a connection. It has all the time there is until it has none.
type patient struct {
	net.Conn
	mu   sync.Mutex
	over bool
}

func (s *server) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	p := &patient{Conn: c}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[string]*patient{}
	}
	s.waiting[c.LocalAddr().String()] = p
	if s.stalled[c.LocalAddr().String()] { // it stalled before this was known
		p.end()
	}
	return p, nil
}

// stall says nothing on a connection any more, and lets its client know that it has waited long enough.
func (s *server) stall(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stalled == nil {
		s.stalled = map[string]bool{}
	}
	s.stalled[c.RemoteAddr().String()] = true
	if p := s.waiting[c.RemoteAddr().String()]; p != nil {
		p.end()
	}
}

func (p *patient) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	_ = p.Conn.SetReadDeadline(time.Unix(1, 0))
}

func (p *patient) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil
	}
	return p.Conn.SetReadDeadline(t)
}
