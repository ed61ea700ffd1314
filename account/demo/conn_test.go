package demo

import (
	"net"
	"syscall"
	"testing"
)

// shortOfRoom is a listener for which the system has no room at first.
type shortOfRoom struct {
	net.Listener
	fail int
}

// Accept implements net.Listener.
func (l *shortOfRoom) Accept() (net.Conn, error) {
	if l.fail--; l.fail >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.ENOBUFS}
	}
	return l.Listener.Accept()
}

// TestAcceptGoesOn: a server does not end because the system had no room for a connection; it ends when it is closed.
func TestAcceptGoesOn(t *testing.T) {
	s, err := Start(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l := &listener{Listener: &shortOfRoom{ln, 3}, owner: s, proto: protoSMTP}
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted.Close()
	ln.Close()
	if _, err := l.Accept(); err == nil {
		t.Error("it goes on after Close")
	}
}
