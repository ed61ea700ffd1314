package submit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/account/wire"
	"mua/outbox"
)

// Session is one logged-in connection. It is used by one goroutine at a time.
type Session struct {
	conn     *wire.Conn
	r        *bufio.Reader
	account  *account.Account
	host     string
	hostname string
	progress time.Duration
	afterDot time.Duration

	turn   time.Duration // shortest command and answer so far; 0: none yet
	ext    extensions
	login  string
	dirty  bool // a transaction may be open: RSET before the next
	broken bool // nothing more may be said
}

var _ outbox.Session = (*Session)(nil)

// Send runs one transaction, as outbox.Session demands.
func (s *Session) Send(ctx context.Context, e outbox.Envelope, body []byte, dotPending func([]outbox.Result) error) ([]outbox.Result, error) {
	if s.broken {
		return nil, s.fail(errors.New("the session is over"))
	}
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	t := newTransaction(e)
	t.plan(s, body)
	if len(t.offer) == 0 {
		return t.results(), nil
	}
	err := s.run(ctx, t, body, dotPending)
	if _, lost := errors.AsType[*outbox.LostAfterDot](err); err != nil && !lost {
		t.unaccept()
	}
	return t.results(), err
}

// run has the transaction's envelope judged, then its body sent and answered.
func (s *Session) run(ctx context.Context, t *transaction, body []byte, dotPending func([]outbox.Result) error) error {
	if err := s.envelope(t); err != nil || !t.ready() {
		return err
	}
	if err := s.body(t, body); err != nil {
		return err
	}
	if err := dotPending(t.results()); err != nil {
		return s.abort(fmt.Errorf("not handed over: %w", err))
	}
	return s.dot(ctx, t)
}

// body sends all but the final dot. A server that has seen enough may say so and close: its
// words then count for the recipients.
func (s *Session) body(t *transaction, body []byte) error {
	w := bufio.NewWriterSize(s.conn, 32<<10)
	err := writeBody(w, body)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		return nil
	}
	trouble := s.explain(err)
	if s.conn.Err() == nil {
		s.conn.SetProgress(quitWait)
		if r, rerr := s.read(); rerr == nil && r.class() >= 4 {
			t.answer(r)
		}
	}
	return s.abort(trouble)
}

// dot writes the final dot and takes its answer.
func (s *Session) dot(ctx context.Context, t *transaction) error {
	s.conn.SetProgress(s.afterDot)
	defer s.conn.SetProgress(s.progress)
	r, err := s.ask(".")
	if err == nil && (r.class() == 3 || r.class() == 2 && r.code >= 260) {
		err = errGarbage
	}
	if err != nil {
		t.lose()
		if ctx.Err() != nil {
			return s.abort(&outbox.LostAfterDot{Err: outbox.ErrStopped})
		}
		return s.abort(&outbox.LostAfterDot{Err: s.explain(err)})
	}
	t.answer(r)
	s.dirty = r.class() != 2
	if r.code == 421 {
		return s.abort(s.explain(r.err()))
	}
	return nil
}

// ask sends one command and reads its reply.
func (s *Session) ask(line string) (reply, error) {
	asked := time.Now()
	if _, err := s.conn.Write([]byte(line + "\r\n")); err != nil {
		return reply{}, err
	}
	r, err := s.read()
	if took := time.Since(asked); err == nil && (s.turn == 0 || took < s.turn) {
		s.turn = took
	}
	return r, err
}

// RoundTrip is the shortest time a command's answer has taken.
func (s *Session) RoundTrip() time.Duration { return s.turn }

// explain makes the reader's trouble of an error.
func (s *Session) explain(err error) *account.Trouble {
	if errors.Is(err, errGarbage) || errors.Is(err, errReplyLong) {
		return &account.Trouble{Kind: account.KindTemporary, Account: s.account.Name, Host: s.host,
			What: s.host + ": " + err.Error(), Err: err}
	}
	return s.conn.Explain(err)
}

// fail closes the connection over err and explains it.
func (s *Session) fail(err error) error { return s.abort(s.explain(err)) }

// abort closes the connection at once and returns err.
func (s *Session) abort(err error) error {
	s.broken = true
	s.conn.Close()
	return err
}

// Close says QUIT, if nothing is under way, and closes the connection.
func (s *Session) Close() error {
	if s.broken {
		return nil
	}
	s.broken = true
	s.conn.SetProgress(quitWait)
	_, _ = s.ask("QUIT") // a goodbye that is not heard harms no one
	return s.conn.Close()
}

// envelope sends RSET where needed, MAIL, each RCPT and DATA, together where the
// server takes PIPELINING (RFC 2920), else one by one.
func (s *Session) envelope(t *transaction) error {
	commands := t.commands(s)
	group := 1
	if s.ext.has("PIPELINING") {
		group = maxGroup
	}
	for chunk := range slices.Chunk(commands, group) {
		if t.stopped() || chunk[0].verb == data && !t.anyAccepted() {
			break
		}
		if err := s.exchangeGroup(t, chunk); err != nil {
			return err
		}
	}
	return t.sessionEnd(s)
}

// exchangeGroup writes commands in one go and reads their replies.
func (s *Session) exchangeGroup(t *transaction, chunk []command) error {
	var b strings.Builder
	for _, c := range chunk {
		b.WriteString(c.line)
		b.WriteString("\r\n")
	}
	s.dirty = true
	if _, err := s.conn.Write([]byte(b.String())); err != nil {
		return s.late(t, err)
	}
	for _, c := range chunk {
		r, err := s.read()
		if err != nil {
			return s.fail(err)
		}
		if err := t.take(c, r); err != nil {
			return s.fail(err)
		}
		if r.code == 421 {
			return s.fail(r.err())
		}
	}
	return nil
}

// late is for a write that failed: the server may have said why before it closed.
func (s *Session) late(t *transaction, err error) error {
	trouble := s.explain(err)
	if s.conn.Err() == nil {
		s.conn.SetProgress(quitWait)
		if r, rerr := s.read(); rerr == nil && r.code == 421 {
			t.everybody(r)
			trouble = s.explain(r.err())
		}
	}
	return s.abort(trouble)
}
