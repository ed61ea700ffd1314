package imap_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mua/account"
	"mua/account/imap"
	"mua/account/realservers"
	"mua/account/wire"
	"mua/store"
)

// far is an account on a Dovecot whose INBOX holds n messages, 20 ms away.
func far(t testing.TB, n int) *env {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	list := make([]realservers.Mail, n)
	for i := range list {
		list[i] = realservers.Mail{Raw: mail(i), Received: time.Unix(1_700_000_000+int64(i)*60, 0)}
	}
	d.AddMaildir(t, user, "INBOX", list...)
	d.Client(t, user).Exec("SELECT INBOX") // so that the server's index is there
	addr := realservers.Delay(t, d.IMAPS, 20*time.Millisecond)
	return newEnv(t, fmt.Sprintf("[account.work]\nfrom = \"%s@example.org\"\nincoming = \"imaps://%s@%s\"\npassword = { plain = %q }\ntls_ca = %q\n",
		user, user, addr, realservers.Password, d.CAFile))
}

// firstScreen pulls into an empty store and says when, and after how many round trips, the newest 50
// were listed, and when they could be read as well.
func firstScreen(e *env) (listed, readable time.Duration, listedTurns, readableTurns int64) {
	e.t.Helper()
	e.fresh()
	counters := new(wire.Counters)
	e.o.Wire.Counters = counters
	changed, done := e.st.Watch()
	defer done()
	ended := make(chan error, 1)
	// Whoever looks beside the pull looks late and counts too many: the store is looked at before anything is sent.
	var listing, reading atomic.Int64 // round trips when what was sent last, before all 50 were listed and readable, was sent
	e.o.Wire.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return watched{c, func() {
			rows, bodies, _ := e.newest(50)
			if rows < 50 {
				listing.Store(counters.RoundTrips())
			}
			if bodies < 50 {
				reading.Store(counters.RoundTrips())
			}
		}}, err
	}
	began := time.Now()
	go func() {
		s, err := imap.Open(e.t.Context(), e.acct, e.st, e.o)
		if err == nil {
			_, err = s.Pull(e.t.Context(), nil)
			s.Close()
		}
		ended <- err
	}()
	for readable == 0 {
		rows, bodies, err := e.newest(50)
		if err != nil {
			e.t.Fatal(err)
		}
		if listed == 0 && rows == 50 {
			listed = time.Since(began)
		}
		if bodies == 50 {
			readable = time.Since(began)
			break
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			e.t.Fatal("the newest 50 do not come")
		}
	}
	if err := <-ended; err != nil {
		e.t.Fatal(err)
	}
	return listed, readable, listing.Load(), reading.Load()
}

// watched is a connection that does something before each piece that is sent.
type watched struct {
	net.Conn
	before func()
}

func (w watched) Write(b []byte) (int, error) {
	w.before()
	return w.Conn.Write(b)
}

// newest tells how many of the newest messages, at most limit, are listed, and how many of these can be read.
func (e *env) newest(limit int) (rows, bodies int, err error) {
	list, err := e.st.List(e.t.Context(), store.ListQuery{Account: e.id, Limit: limit})
	for _, r := range list {
		if r.HasBody {
			bodies++
		}
	}
	return len(list), bodies, err
}

// TestFirstScreen: the newest 50 are listed and readable within 12 round trips, whatever the mailbox's size.
func TestFirstScreen(t *testing.T) {
	listed, readable, listedTurns, turns := firstScreen(far(t, 3000))
	t.Logf("listed after %v and %d round trips, readable after %v and %d", listed, listedTurns, readable, turns)
	if turns > 12 {
		t.Errorf("readable after %d round trips", turns)
	}
}

// BenchmarkFirstScreen is how long a person waits for the newest 50 of a first pull, 20 ms away.
func BenchmarkFirstScreen(b *testing.B) {
	e := far(b, 10_000)
	var listed, readable time.Duration
	var turns int64
	for b.Loop() {
		e.t = b
		l, r, _, n := firstScreen(e)
		listed, readable, turns = listed+l, readable+r, max(turns, n)
	}
	b.ReportMetric(float64(listed.Milliseconds())/float64(b.N), "ms-listed")
	b.ReportMetric(float64(readable.Milliseconds())/float64(b.N), "ms-readable")
	b.ReportMetric(float64(turns), "turns")
}

// TestNothingNewInFiftyMailboxes: no mailbox is selected; 6 round trips and 20 KiB with the login.
func TestNothingNewInFiftyMailboxes(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	for i := range 49 {
		d.AddMaildir(t, user, fmt.Sprintf("Lists.Number %d", i), realservers.Mail{Raw: mail(i)}, realservers.Mail{Raw: mail(i + 100)})
	}
	d.AddMaildir(t, user, "INBOX", realservers.Mail{Raw: mail(1000)})
	e := dovecotEnv(t, d, user, "imaps")
	if p := e.sync(); p.New != 99 {
		t.Fatalf("first pull: %+v", p)
	}
	count := e.far()
	if p := e.sync(); p.New+p.Changed+p.Removed != 0 {
		t.Fatalf("second pull: %+v", p)
	}
	in, out, turns := count.BytesIn(), count.BytesOut(), count.RoundTrips()
	t.Logf("%d octets in, %d out, %d round trips", in, out, turns)
	if in+out > 20<<10 || turns > 6 {
		t.Errorf("nothing new in 50 mailboxes cost %d octets and %d round trips", in+out, turns)
	}
}

// TestProgressIsExact: what is told as done only rises, never passes the total, which stays, and ends as it.
func TestProgressIsExact(t *testing.T) {
	_, e := newFake(t, &fake{messages: corpus(700)})
	var mu sync.Mutex
	var last account.Status
	e.o.Progress = func(s account.Status) {
		mu.Lock()
		defer mu.Unlock()
		if s.Mailbox == "" {
			return
		}
		if last.Total != 0 && (s.Total != last.Total || s.Done < last.Done) || s.Done > s.Total {
			t.Errorf("%d of %d after %d of %d", s.Done, s.Total, last.Done, last.Total)
		}
		last = s
	}
	e.sync()
	if last.Done != 700 || last.Total != 700 {
		t.Errorf("it ended with %d of %d", last.Done, last.Total)
	}
}
