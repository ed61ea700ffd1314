package demo

import (
	"strings"
	"sync"
	"time"
)

// protocol indexes what is kept per protocol.
type protocol int

const (
	protoIMAP protocol = iota
	protoPOP3
	protoSMTP
	protocols
)

// chatter is a line that means nothing but is well formed.
func (p protocol) chatter() string {
	return [protocols]string{"* OK still thinking\r\n", "still thinking\r\n", "250-still thinking\r\n"}[p]
}

// How a connection goes wrong.
type How int

// The ways a connection can go wrong.
const (
	Close   How = iota // closed without a word
	Stall              // open, but silent for ever
	Babble             // an endless line
	Chatter            // endless well-formed lines
)

// Cut spoils connections: once After octets (in clear, TLS not counted) have been
// written to one, the rest is replaced by what How says.
type Cut struct {
	How   How
	After int64
	Times int // how many connections it strikes, beginning with the next; 0: all
}

// LineFaults are the faults of IMAP and POP3.
type LineFaults struct {
	// Login refuses every login with these words after NO or -ERR, such as
	// "[UNAVAILABLE] try later"; "" lets the password decide.
	Login string
	// Refuse maps a command's name in upper case ("APPEND", "STORE", "RETR"; IMAP's
	// without UID) to the words it is refused with. POP3 and, of IMAP, everything
	// that reaches a mailbox: SELECT CREATE DELETE RENAME LIST STATUS APPEND EXPUNGE
	// SEARCH FETCH STORE COPY MOVE. "SELECT Work" is SELECT, not EXAMINE, of Work.
	Refuse map[string]string
	Cut    *Cut
}

// When says what becomes of a connection around an Answer.
type When int

// What happens at an Answer.
const (
	Reply       When = iota // the Answer is given and all goes on
	CloseBefore             // closed instead of answering
	CloseAfter              // closed right behind the answer
	StallBefore             // silent for ever instead of answering
)

// Answer replaces an SMTP server's reply.
type Answer struct {
	Code int    // such as 450; 0 keeps the reply that would have come
	Text string // such as "4.2.1 mailbox busy"; line feeds make several lines
	When When
	// Recorded says, of an Answer to the final dot that closes or stalls before
	// replying, whether the server has taken the message all the same.
	Recorded bool
	Times    int // how often it strikes; 0: always
}

// SMTPFaults are the faults of SMTP, by the stage they strike.
type SMTPFaults struct {
	Greeting *Answer
	Hello    *Answer // EHLO and HELO
	Login    *Answer // AUTH, given at once
	Mail     *Answer
	Rcpt     map[string]*Answer // by address in lower case; "*" any other
	Data     *Answer            // to the DATA command
	Dot      *Answer            // to the final dot
	Reset    *Answer            // RSET
	Quit     *Answer
	Cut      *Cut
}

// Faults is everything that goes wrong from SetFaults on. The zero value is a
// healthy set of servers.
type Faults struct {
	Latency time.Duration // before each of a server's turns to speak: one round trip costs that much
	// Injected is sent in clear right behind the answer that allows TLS, in the
	// same write, as an attacker in the middle would (STARTTLS injection).
	Injected string
	IMAP     LineFaults
	POP3     LineFaults
	SMTP     SMTPFaults
}

// faults is the set in force and how often each has struck.
type faults struct {
	mu      sync.Mutex
	set     Faults
	struck  map[*Answer]int
	strikes map[*Cut]int
}

// SetFaults replaces all faults. Open connections keep the Cut they began with;
// everything else is looked up when it happens. Counting of Times starts anew.
func (s *Servers) SetFaults(f Faults) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set = f
	s.faults.struck = map[*Answer]int{}
	s.faults.strikes = map[*Cut]int{}
}

func (f *faults) latency() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set.Latency
}

func (f *faults) injected() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set.Injected
}

// strike is the cut for a new connection, nil when it is spared.
func (f *faults) strike(p protocol) *Cut {
	f.mu.Lock()
	defer f.mu.Unlock()
	cut := [protocols]*Cut{f.set.IMAP.Cut, f.set.POP3.Cut, f.set.SMTP.Cut}[p]
	if cut == nil || cut.Times > 0 && f.strikes[cut] >= cut.Times {
		return nil
	}
	f.strikes[cut]++
	return cut
}

// line returns the words for a login ("LOGIN") or command that is refused.
func (f *faults) line(p protocol, command string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lf := f.set.IMAP
	if p == protoPOP3 {
		lf = f.set.POP3
	}
	if command == loginFault {
		return lf.Login, lf.Login != ""
	}
	words, ok := lf.Refuse[command]
	return words, ok
}

// loginFault asks faults.line about logins, whatever command carries them.
const loginFault = " login"

// stage names a place in an SMTP session where an Answer may strike.
type stage int

const (
	atGreeting stage = iota
	atHello
	atLogin
	atMail
	atRcpt
	atData
	atDot
	atReset
	atQuit
)

// answer is the Answer to give now, nil for the usual reply. addr is for atRcpt.
func (f *faults) answer(at stage, addr string) *Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &f.set.SMTP
	a := [...]*Answer{m.Greeting, m.Hello, m.Login, m.Mail, nil, m.Data, m.Dot, m.Reset, m.Quit}[at]
	if at == atRcpt {
		a = m.Rcpt[strings.ToLower(addr)]
		if a == nil {
			a = m.Rcpt["*"]
		}
	}
	if a == nil || a.Times > 0 && f.struck[a] >= a.Times {
		return nil
	}
	f.struck[a]++
	return a
}
