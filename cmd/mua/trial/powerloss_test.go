package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/outbox"
	"mua/store"
	"mua/store/powerloss"
)

// askConfig is an account that reaches the servers' SMTP in clear, so that a record of system calls
// shows when a final dot is written, and that asks what to do with uncertain messages.
func askConfig(servers *demo.Servers) string {
	return strings.Replace(servers.ConfigFor("demo", "", "smtp+insecure"), "from =", "uncertain = \"ask\"\nfrom =", 1)
}

// clearSMTP is a server that takes logins without TLS.
func clearSMTP(t *testing.T) *demo.Servers {
	t.Helper()
	servers, err := demo.Start(context.Background(), demo.Options{Dir: t.TempDir(), Without: []string{"STARTTLS"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	return servers
}

// recordedRun is the life that loses its power: spooling, flushing, and both at once, in processes of
// their own. $1 is mua, $2 the folder for what they print, $3 the data folder.
const recordedRun = `set -e
mua="$1 --config $2/config.toml --data $3 -q"
send() { $mua send --queue -t bob@mua.example -b eve@mua.example -s "letter-$1." --body-file "$2/text" >> "$2/spooled"; }
flush() { $mua outbox flush >> "$1/flushed"; }
for i in 0 1 2; do send $i "$2"; done
flush "$2"
for i in 3 4 5 6; do send $i "$2"; done
flush "$2" & send 7 "$2"; send 8 "$2"; wait
$mua send -t bob@mua.example -s "letter-9." --body-file "$2/text" >> "$2/spooled"
send 10 "$2" & send 11 "$2" & wait
flush "$2"
send 12 "$2"
`

// evidence is what a recorded run had promised, and when: the line of the record.
type evidence struct {
	tape    *powerloss.Tape
	spooled map[store.OutboxID]int    // its id was printed
	sent    map[store.OutboxID]int    // that it was sent was printed
	dotted  map[string]int            // by subject: its final dot was being written
	wire    map[store.OutboxID]string // the bytes, as read at the end
	subject map[store.OutboxID]string
	last    int
	memory  string // where images are made
}

// record runs recordedRun under strace.
func record(t *testing.T) *evidence {
	t.Helper()
	strace, bin, servers := powerloss.Strace(t), buildMua(t), clearSMTP(t)
	dir := t.TempDir()
	data, trace := filepath.Join(dir, "home", "data"), filepath.Join(dir, "trace")
	for name, text := range map[string]string{"config.toml": askConfig(servers), "text": letter(1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Dir(data), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, append(powerloss.Options(trace), "sh", "-c", recordedRun, "sh", bin, dir, data)...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calls, err := powerloss.ReadCalls(f)
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence{memory: memoryDir(t), spooled: map[store.OutboxID]int{}, sent: map[store.OutboxID]int{}, dotted: map[string]int{},
		wire: map[store.OutboxID]string{}, subject: map[store.OutboxID]string{}, last: calls[len(calls)-1].End}
	if e.tape, err = powerloss.Read(calls, data); err != nil {
		t.Fatal(err)
	}
	e.readPromises(calls, dir)
	e.readEnd(t, data)
	if n := len(servers.Accepted()); len(e.spooled) != 13 || len(e.dotted) != n || n < 10 || len(e.sent) < 9 {
		t.Fatalf("the record shows %d spooled, %d dots, %d told as sent; the server accepted %d", len(e.spooled), len(e.dotted), len(e.sent), n)
	}
	return e
}

// readPromises finds what was printed and what was said to the server.
func (e *evidence) readPromises(calls []powerloss.Call, dir string) {
	talk := map[string][]byte{} // by socket
	for i := range calls {
		c := &calls[i]
		if c.Name != "write" {
			continue
		}
		var id store.OutboxID
		text := c.Bytes(1)
		switch path := c.Path(0); {
		case path == filepath.Join(dir, "spooled"):
			fmt.Sscan(string(text), &id) //nolint:errcheck // 0 is counted as missing
			e.spooled[id] = c.Begin
		case path == filepath.Join(dir, "flushed"):
			if n, _ := fmt.Sscanf(string(text), "%d\tsent\t", &id); n == 1 {
				e.sent[id] = c.Begin
			}
		case strings.HasPrefix(path, "socket:"):
			all := append(talk[path], text...)
			if head, rest, dot := bytes.Cut(all, []byte("\r\n.\r\n")); dot {
				for subject := range subjects([][]byte{head}) {
					e.dotted[subject] = c.Begin
				}
				all = rest
			}
			talk[path] = all
		}
	}
}

// readEnd reads what the run has left.
func (e *evidence) readEnd(t *testing.T, data string) {
	t.Helper()
	s, err := store.Open(t.Context(), data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for id := range e.spooled {
		it, err := s.Item(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := s.ItemRaw(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		e.subject[id], e.wire[id] = it.Subject, string(raw)
	}
}

// found counts what is wrong with images.
type found struct{ images, corrupt, lost, false, again int }

// TestPowerLoss: whenever the power is lost, the database is sound, what was acknowledged is there,
// and what the server may have is not sent again.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	e := record(t)
	images := 320
	if os.Getenv("MUA_LONG") != "" {
		images = 5000
	}
	got := e.replay(t, e.tape, images, t.Errorf)
	for _, at := range e.promised() {
		e.judgeCut(t, e.tape, at, powerloss.DropAll, nil, &got, t.Errorf)
	}
	t.Logf("%d images of a record of %d operations: %d corrupt databases, %d acknowledged lost, %d told falsely, %d sent again",
		got.images, len(e.tape.Ops), got.corrupt, got.lost, got.false, got.again)

	// The proof that the proof can fail: as SQLite's NORMAL would have it, when the power goes right after
	// something was promised, and again after the final dot of a message was written.
	weak := found{}
	for _, at := range e.promised() {
		e.judgeCut(t, e.tape.Relaxed(), at, powerloss.DropAll, nil, &weak, func(string, ...any) {})
	}
	t.Logf("with synchronous=NORMAL, %d images: %d corrupt databases, %d acknowledged lost, %d told falsely, %d sent again",
		weak.images, weak.corrupt, weak.lost, weak.false, weak.again)
	if weak.again == 0 {
		t.Error("without the fsyncs of the write-ahead log nothing was sent again: this test proves nothing")
	}
}

// promised are the moments right after something was promised or the server may have a message.
func (e *evidence) promised() []int {
	var at []int
	at = slices.AppendSeq(at, maps.Values(e.spooled))
	at = slices.AppendSeq(at, maps.Values(e.sent))
	at = slices.AppendSeq(at, maps.Values(e.dotted))
	slices.Sort(at)
	return slices.Compact(at)
}

// replay builds and judges images: at moments spread over the record, and in all modes.
func (e *evidence) replay(t *testing.T, tape *powerloss.Tape, images int, complain func(string, ...any)) (all found) {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	for n := range images {
		op := tape.Ops[n*len(tape.Ops)/images]
		at := op.End + r.IntN(2) - r.IntN(2)
		if n%3 == 0 {
			at = r.IntN(e.last + 1)
		}
		e.judgeCut(t, tape, at, powerloss.Mode(n%int(powerloss.Modes)), r, &all, complain)
	}
	return all
}

// judgeCut builds one image and judges it.
func (e *evidence) judgeCut(t *testing.T, tape *powerloss.Tape, at int, mode powerloss.Mode, r *rand.Rand, all *found, complain func(string, ...any)) {
	t.Helper()
	dir := filepath.Join(e.memory, "image")
	if err := tape.Cut(at, mode, r).Write(dir); err != nil {
		t.Fatal(err)
	}
	all.images++
	e.judge(t.Context(), dir, at, all, func(format string, args ...any) {
		complain("power lost at line %d, mode %d: %s", at, mode, fmt.Sprintf(format, args...))
	})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}

// before lists what was promised by line at.
func before[K comparable](promises map[K]int, at int) map[K]bool {
	out := map[K]bool{}
	for k, when := range promises {
		if when <= at {
			out[k] = true
		}
	}
	return out
}

// judge opens an image as mua would, and flushes it.
func (e *evidence) judge(ctx context.Context, dir string, at int, all *found, complain func(string, ...any)) {
	s, err := store.Open(ctx, dir, store.Options{})
	if err != nil {
		all.corrupt++
		all.lost += len(before(e.spooled, at))
		complain("cannot be opened: %v", err)
		return
	}
	e.items(ctx, s, at, all, complain)
	e.flush(ctx, s, at, all, complain)
	if err := s.Close(); err != nil {
		complain("%v", err)
	}
	h, err := store.Examine(ctx, dir, "")
	if err != nil || len(h.Problems) > 0 {
		if !errors.Is(err, fs.ErrNotExist) {
			all.corrupt++
		}
		complain("not sound: %v %q", err, h.Problems)
	}
}

// items compares what is there with what was promised.
func (e *evidence) items(ctx context.Context, s *store.Store, at int, all *found, complain func(string, ...any)) {
	sent := before(e.sent, at)
	for id := range before(e.spooled, at) {
		it, err := s.Item(ctx, id)
		raw, rerr := s.ItemRaw(ctx, id)
		if err != nil || rerr != nil || string(raw) != e.wire[id] {
			all.lost++
			complain("item %d was acknowledged and is lost: %v %v", id, err, rerr)
			continue
		}
		if sent[id] && it.State != store.Sent {
			all.false++
			complain("item %d was told as sent and is %s", id, it.State)
		}
	}
	items, err := s.Items(ctx, true)
	if err != nil {
		complain("%v", err)
	}
	dotted := before(e.dotted, at)
	for _, it := range items {
		if it.State == store.Sent && !dotted[it.Subject] {
			all.false++
			complain("item %d is sent, and the server has not got it", it.ID)
		}
	}
}

// flush lets the queue go to a server that takes all, and looks what arrives a second time or never.
func (e *evidence) flush(ctx context.Context, s *store.Store, at int, all *found, complain func(string, ...any)) {
	acct, err := s.EnsureAccount(ctx, "demo")
	if err == nil {
		err = s.Confirm(ctx) // an image is another file
	}
	if err != nil {
		complain("%v", err)
		return
	}
	taker := &taker{}
	f := &outbox.Flusher{Store: s, Account: &account.Account{Name: "demo"}, AccountID: acct, Submitter: taker, Force: true}
	if _, err := f.Flush(ctx); err != nil {
		complain("flush: %v", err)
	}
	dotted := before(e.dotted, at)
	items, err := s.Items(ctx, true)
	if err != nil {
		complain("%v", err)
	}
	for _, it := range items {
		n := 0
		for _, taken := range taker.took {
			if taken == it.ID {
				n++
			}
		}
		switch {
		case dotted[it.Subject] && n > 0:
			all.again++
			complain("item %d was sent again", it.ID)
		case dotted[it.Subject] && (it.State == store.Sent || it.State == store.Uncertain):
		case !dotted[it.Subject] && n == 1 && it.State == store.Sent:
		case !dotted[it.Subject] && n == 0 && it.State == store.Uncertain: // the dot was to be written next
		default:
			all.false++
			complain("item %d is %s, was sent %d times, its dot had been written: %v", it.ID, it.State, n, dotted[it.Subject])
		}
	}
}

// taker is a submission server that accepts everything.
type taker struct{ took []store.OutboxID }

func (k *taker) Connect(context.Context, *account.Account) (outbox.Session, error) { return k, nil }
func (k *taker) RoundTrip() time.Duration                                          { return 0 }
func (k *taker) Close() error                                                      { return nil }

func (k *taker) Send(_ context.Context, e outbox.Envelope, _ []byte, dot func([]outbox.Result) error) ([]outbox.Result, error) {
	if err := dot(nil); err != nil {
		return nil, err
	}
	k.took = append(k.took, e.ID)
	var out []outbox.Result
	for _, to := range slices.Clone(e.Recipients) {
		out = append(out, outbox.Result{Addr: to, State: outbox.Accepted, Code: 250})
	}
	return out, nil
}
