package pop3

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"mua/account/wire"
)

// defaultPatience is how long a session waits, in all, for a mailbox that is in use or a server that wants
// time between logins.
const defaultPatience = time.Minute

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connectWaiting is connect that waits for [IN-USE], when another session has the mailbox (RFC 2449
// 8.1.1), and [LOGIN-DELAY] (8.1.2): a second, two, four, … Neither says anything about the password. A delay
// that was announced and is longer than we wait is for the next pull.
func (s *Session) connectWaiting(ctx context.Context) error {
	for d := time.Second; ; d *= 2 {
		err := s.connect(ctx)
		code := waitCode(err)
		if code == "" || code == "LOGIN-DELAY" && s.caps.loginDelay() > s.o.Patience-s.waited || !s.wait(ctx, d) {
			return err
		}
	}
}

// wait waits as long as there is patience for it.
func (s *Session) wait(ctx context.Context, d time.Duration) bool {
	d = max(d, 0)
	if d > s.o.Patience-s.waited {
		return false
	}
	s.waited += d
	return s.o.Pause(ctx, d) == nil
}

// waitCode is the response code of a server that will let us in a little later; "" for any other answer.
func waitCode(err error) string {
	e, ok := errors.AsType[*wire.POP3Error](err)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(strings.ToUpper(e.Text), "["), "]")
	if code == "IN-USE" || code == "LOGIN-DELAY" {
		return code
	}
	return ""
}

// loginDelay is what the server wants between two logins (RFC 2449 6.5).
func (c caps) loginDelay() time.Duration {
	n, _ := c.number("LOGIN-DELAY")
	return time.Duration(n) * time.Second
}

// expires is after how many days the server may delete what is left on it (RFC 2449 6.7); 0: what was
// fetched is deleted when the session ends.
func (c caps) expires() (days int, ever bool) { return c.number("EXPIRE") }

// number is the first argument of a capability; ok is false when it is not offered or no number.
func (c caps) number(keyword string) (n int, ok bool) {
	f := strings.Fields(c[keyword])
	if len(f) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(f[0])
	return n, err == nil && n >= 0 && n <= math.MaxInt32
}

// mayDiffer: what was said before the login may be something else for this user.
func (c caps) mayDiffer() bool {
	for _, k := range []string{"EXPIRE", "LOGIN-DELAY"} {
		if f := strings.Fields(strings.ToUpper(c[k])); len(f) > 1 && f[1] == "USER" {
			return true
		}
	}
	return false
}

// heed warns, at the first pull, when the server need not keep what the account's policy leaves on it.
func (s *Session) heed(p *Pulled) {
	days, ever := s.caps.expires()
	leave := s.a.POP3Leave
	if !ever || !leave.Forever && leave.For <= time.Duration(days)*24*time.Hour {
		return
	}
	words := fmt.Sprintf("the server may delete mail after %d days (EXPIRE %d), whatever leave_on_server says", days, days)
	if days == 0 {
		words = "the server need not keep mail that was fetched (EXPIRE 0), whatever leave_on_server says"
	}
	p.Warnings = append(p.Warnings, words)
}
