package realservers

import (
	"net"
	"testing"
	"time"
)

// Delay listens on a loopback address and passes everything on to target and back, each octet half of rtt
// later: a server that is far away, with a wide line. It ends with the test.
func Delay(t testing.TB, target string, rtt time.Duration) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				continue
			}
			go late(far, near, rtt/2)
			go late(near, far, rtt/2)
		}
	}()
	return l.Addr().String()
}

// late copies from one connection to the other, each piece by later than it came.
func late(to, from net.Conn, by time.Duration) {
	type piece struct {
		due  time.Time
		data []byte
	}
	line := make(chan piece, 1024)
	go func() {
		defer close(line)
		for {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			if n > 0 {
				line <- piece{time.Now().Add(by), b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range line {
		<-time.After(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	to.Close()
	from.Close()
	for range line { // so that the reader ends
	}
}
