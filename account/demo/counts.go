package demo

import (
	"maps"
	"sync"
)

// Count is what one protocol's servers have seen since Start or ResetCounts.
type Count struct {
	Sessions int            // connections accepted
	Logins   int            // that succeeded
	Refused  int            // logins that did not
	Commands map[string]int // by name in upper case; IMAP's with UID ("UID FETCH")
	In, Out  int64          // octets read and written, in clear
}

// Counts is a snapshot of all three.
type Counts struct{ IMAP, POP3, SMTP Count }

type counters struct {
	mu sync.Mutex
	by [protocols]Count
}

func (c *counters) init() {
	for p := range c.by {
		c.by[p] = Count{Commands: map[string]int{}}
	}
}

// Counts returns how often clients came and what they asked.
func (s *Servers) Counts() Counts {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	l := s.counts.by
	for p := range l {
		l[p].Commands = maps.Clone(l[p].Commands)
	}
	return Counts{IMAP: l[protoIMAP], POP3: l[protoPOP3], SMTP: l[protoSMTP]}
}

// ResetCounts starts counting anew.
func (s *Servers) ResetCounts() {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	s.counts.init()
}

func (c *counters) session(p protocol) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[p].Sessions++
}

func (c *counters) login(p protocol, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok {
		c.by[p].Logins++
	} else {
		c.by[p].Refused++
	}
}

func (c *counters) command(p protocol, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[p].Commands[name]++
}

func (c *counters) bytes(p protocol, in, out int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[p].In += int64(in)
	c.by[p].Out += int64(out)
}
