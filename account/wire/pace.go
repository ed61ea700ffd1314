package wire

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// errStall says that the peer made no progress for the whole span; errDrip that what it did in
// dripSpans spans is less than dripMin octets.
var (
	errStall = errors.New("no progress")
	errDrip  = errors.New("too slow to be alive")
)

const (
	dripSpans = 10
	dripMin   = 1 << 10
)

// pace is a network connection whose deadlines move on with every octet that moves. It sits
// under TLS, where progress is real. Deadlines set by users still hold.
type pace struct {
	net.Conn
	mu      sync.Mutex
	span    time.Duration // <= 0: silence is borne for ever
	armed   time.Time     // when the deadlines were last set
	userR   time.Time
	userW   time.Time
	closing bool

	window time.Time // start of the drip window
	moved  int       // octets in it
	turned bool      // the last octets moved were read
}

func newPace(c net.Conn, span time.Duration) *pace {
	return &pace{Conn: c, span: span, window: time.Now()}
}

// Read reads, failing with errStall or errDrip when the peer is not worth waiting for.
func (p *pace) Read(b []byte) (int, error) {
	p.arm()
	n, err := p.Conn.Read(b)
	if n > 0 {
		if e := p.progress(n, true); e != nil && err == nil {
			err = e
		}
	}
	return n, p.stalled(err, false)
}

// Write writes all of b; a part that gets through renews the deadline for the rest.
func (p *pace) Write(b []byte) (int, error) {
	p.turn()
	done := 0
	for {
		p.arm()
		n, err := p.Conn.Write(b[done:])
		done += n
		var drip error
		if n > 0 {
			drip = p.progress(n, false)
		}
		switch {
		case err == nil:
			return done, drip
		case n > 0 && drip == nil && errors.Is(p.stalled(err, true), errStall):
			continue
		case drip != nil:
			return done, drip
		}
		return done, p.stalled(err, true)
	}
}

// SetDeadline sets both deadlines of the user.
func (p *pace) SetDeadline(t time.Time) error { return p.setUser(&t, &t) }

// SetReadDeadline sets the user's read deadline.
func (p *pace) SetReadDeadline(t time.Time) error { return p.setUser(&t, nil) }

// SetWriteDeadline sets the user's write deadline.
func (p *pace) SetWriteDeadline(t time.Time) error { return p.setUser(nil, &t) }

func (p *pace) setUser(r, w *time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r != nil {
		p.userR = *r
	}
	if w != nil {
		p.userW = *w
	}
	return p.set(time.Now())
}

// setSpan changes how long silence is borne, from now on and for what is under way.
func (p *pace) setSpan(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.span = d
	p.window, p.moved = time.Now(), 0
	_ = p.set(p.window) // a closed connection: the next Read says so
}

// lastCall gives what is under way a moment to end and then closes.
func (p *pace) lastCall(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closing = true
	_ = p.Conn.SetDeadline(time.Now().Add(d))
}

// arm renews the deadlines, unless that was done a moment ago.
func (p *pace) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if since := now.Sub(p.armed); since < p.span/64 {
		return
	}
	_ = p.set(now)
}

// set puts the nearer of the user's deadline and the end of the span on the connection.
func (p *pace) set(now time.Time) error {
	if p.closing {
		return nil
	}
	p.armed = now
	err := p.Conn.SetReadDeadline(p.nearer(p.userR, now))
	if e := p.Conn.SetWriteDeadline(p.nearer(p.userW, now)); err == nil {
		err = e
	}
	return err
}

func (p *pace) nearer(user, now time.Time) time.Time {
	if p.span <= 0 {
		return user
	}
	if end := now.Add(p.span); user.IsZero() || end.Before(user) {
		return end
	}
	return user
}

// progress notes n octets moved and renews the deadlines, also for what waits in the other
// direction.
func (p *pace) progress(n int, read bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.moved += n
	p.turned = read
	if p.span > 0 && now.Sub(p.window) > dripSpans*p.span {
		if p.moved < dripMin {
			return errDrip
		}
		p.window, p.moved = now, 0
	}
	if now.Sub(p.armed) >= p.span/64 {
		_ = p.set(now)
	}
	return nil
}

// turn starts a new drip window when the peer spoke last.
func (p *pace) turn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turned {
		p.window, p.moved, p.turned = time.Now(), 0, false
	}
}

// stalled tells our own deadline from the user's.
func (p *pace) stalled(err error, write bool) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	user := p.userR
	if write {
		user = p.userW
	}
	if p.closing || !user.IsZero() && !time.Now().Before(user) {
		return err
	}
	return errStall
}
