package realservers

import (
	"sync"
	"testing"
)

// Shared starts one Dovecot and one Postfix at first use for all tests of a
// package; each test takes a user of its own by AddUser. The zero value is ready:
//
//	var shared realservers.Shared
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		shared.Close()
//		os.Exit(code)
//	}
type Shared struct {
	mu      sync.Mutex
	dovecot *DovecotServer
	postfix *PostfixServer
}

// Dovecot returns the server, started when it is not there yet.
func (s *Shared) Dovecot(t testing.TB) *DovecotServer {
	t.Helper()
	need(t, "dovecot")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.startDovecot(t).logAfter(t)
	return s.dovecot
}

func (s *Shared) startDovecot(t testing.TB) *DovecotServer {
	t.Helper()
	if s.dovecot == nil {
		d, err := newDovecot(nil)
		if err != nil {
			t.Fatal(err)
		}
		s.dovecot = d
	}
	return s.dovecot
}

// Postfix returns the server beside Dovecot, started when it is not there yet.
func (s *Shared) Postfix(t testing.TB) *PostfixServer {
	t.Helper()
	need(t, "dovecot", "postfix")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.postfix == nil {
		p, err := newPostfix(s.startDovecot(t))
		if err != nil {
			t.Fatal(err)
		}
		s.postfix = p
	}
	s.postfix.logAfter(t)
	return s.postfix
}

// Close stops what was started and removes its files.
func (s *Shared) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.postfix != nil {
		s.postfix.remove()
		s.postfix = nil
	}
	if s.dovecot != nil {
		s.dovecot.remove()
		s.dovecot = nil
	}
}
