package realservers

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"
)

// Cutter is a TCP proxy on the loopback interface that ends connections where a test says so.
// The client's side is closed at once; the server gets what had passed and then the end of the
// stream, and the connection is done when the server has closed as well.
type Cutter struct {
	Addr string // host:port to connect to

	target string
	done   sync.WaitGroup

	mu       sync.Mutex
	up, down int    // octets let through on each connection; negative: all
	mark     []byte // octets count from here on, as the client writes it; nil: from the first
	passed   [2]int // counted on one connection, at the most
	heard    [2][]byte
	linger   time.Duration
	open     map[*cutConn]bool
	closed   *sync.Cond // a connection is done
}

// drainTime bounds how long a server may take to close what was cut.
const drainTime = 20 * time.Second

// NewCutter starts a proxy to host:port that cuts nothing yet, and stops it when the test ends.
func NewCutter(t testing.TB, target string) *Cutter {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cutter{Addr: ln.Addr().String(), target: target, up: -1, down: -1, open: map[*cutConn]bool{}}
	c.closed = sync.NewCond(&c.mu)
	c.done.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			c.join(client.(*net.TCPConn))
		}
	})
	t.Cleanup(func() {
		ln.Close()
		c.mu.Lock()
		for conn := range c.open {
			conn.client.Close()
			conn.server.Close()
		}
		c.mu.Unlock()
		c.done.Wait()
	})
	return c
}

// Cut lets so many octets of each later connection through in the two directions; negative: all.
func (c *Cutter) Cut(up, down int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up, c.down = up, down
}

// From has octets counted, in both directions, only from where the client writes mark.
func (c *Cutter) From(mark string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mark = []byte(mark)
}

// Linger has the last octets before a cut on the way to the server arrive so much later, as a
// network does that comes back when the client has given up.
func (c *Cutter) Linger(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = d
}

// Passed tells how many octets were counted on one connection, at the most.
func (c *Cutter) Passed() (up, down int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed[0], c.passed[1]
}

// heardMax bounds what Heard gives.
const heardMax = 16 << 10

// Heard is what passed in the two directions on the connection that was done last, from where
// octets are counted; not all of a long one.
func (c *Cutter) Heard() (up, down []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[0], c.heard[1]
}

// Idle waits until every connection is done.
func (c *Cutter) Idle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.open) > 0 {
		c.closed.Wait()
	}
}

// cutConn is one connection through the proxy.
type cutConn struct {
	owner          *Cutter
	client, server *net.TCPConn
	limit          [2]int
	linger         time.Duration

	mu       sync.Mutex
	counting bool
	passed   [2]int
	heard    [2][]byte
	tail     []byte // the last of what the client wrote, for a mark in two pieces
}

func (c *Cutter) join(client *net.TCPConn) {
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		client.Close()
		return
	}
	c.mu.Lock()
	conn := &cutConn{owner: c, client: client, server: server.(*net.TCPConn), limit: [2]int{c.up, c.down}, linger: c.linger, counting: c.mark == nil}
	c.open[conn] = true
	c.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { conn.carry(0, conn.client, conn.server) })
	both.Go(func() { conn.carry(1, conn.server, conn.client) })
	c.done.Go(func() {
		both.Wait()
		client.Close()
		server.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.passed = [2]int{max(c.passed[0], conn.passed[0]), max(c.passed[1], conn.passed[1])}
		c.heard = conn.heard
		delete(c.open, conn)
		c.closed.Broadcast()
	})
}

// carry copies one direction (0: to the server) until its end or the cut.
func (c *cutConn) carry(dir int, from, to *net.TCPConn) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		pass, cut := c.count(dir, b[:n])
		if cut && dir == 0 {
			c.client.Close()
			<-time.After(c.linger)
		}
		if _, werr := to.Write(b[:pass]); werr != nil && err == nil {
			err = werr
		}
		if cut {
			c.client.Close()
		}
		if err != nil || cut {
			break
		}
	}
	if dir == 0 {
		_ = c.server.CloseWrite() // the server may be gone already
		return
	}
	c.client.Close()
	_ = c.server.SetReadDeadline(time.Now().Add(drainTime))
	for {
		if _, err := from.Read(b); err != nil {
			return
		}
	}
}

// count notes what comes in one direction and says how much of it passes.
func (c *cutConn) count(dir int, b []byte) (pass int, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := 0 // before the mark
	if !c.counting {
		free = len(b)
		if dir == 0 {
			free = c.look(b)
		}
	}
	if !c.counting {
		return len(b), false
	}
	counted := len(b) - free
	if limit := c.limit[dir]; limit >= 0 && c.passed[dir]+counted >= limit {
		counted, cut = limit-c.passed[dir], true
	}
	c.passed[dir] += counted
	if part := b[free : free+counted]; len(c.heard[dir]) < heardMax {
		c.heard[dir] = append(c.heard[dir], part...)
	}
	return free + counted, cut
}

// look searches the client's octets for the mark and returns how many come before it.
func (c *cutConn) look(b []byte) (before int) {
	c.owner.mu.Lock()
	mark := c.owner.mark
	c.owner.mu.Unlock()
	seen := append(c.tail, b...)
	i := bytes.Index(seen, mark)
	if i < 0 {
		c.tail = bytes.Clone(seen[max(0, len(seen)-len(mark)+1):])
		return len(b)
	}
	c.counting = true
	return max(0, i-len(c.tail))
}
