package submit

import (
	"errors"
	"fmt"
	"strconv"

	"mua/outbox"
)

// maxGroup bounds how many commands are sent before their replies are read, so that
// neither side waits for the other to read.
const maxGroup = 100

// errAfterRefusal ends a session that is in DATA with nobody to send to.
var errAfterRefusal = errors.New("the server takes a message for nobody")

// verb is what a command of the envelope is for.
type verb int

const (
	rset verb = iota
	mail
	rcpt
	data
)

// command is one line of the envelope; to is the recipient's place in offer.
type command struct {
	verb verb
	to   int
	line string
}

// recipient is one address and what became of it.
type recipient struct {
	addr string
	path path
	out  outbox.Result // State "": nothing yet
}

// transaction is one mail transaction under way.
type transaction struct {
	env       outbox.Envelope
	all       []*recipient
	offer     []*recipient // those the server is asked about
	sender    path
	params    string // of MAIL
	mailSaid  bool   // MAIL was accepted
	refused   bool   // MAIL was not
	dataReply int    // DATA's code; 0: not asked
}

func newTransaction(e outbox.Envelope) *transaction {
	t := &transaction{env: e}
	for _, a := range e.Recipients {
		t.all = append(t.all, &recipient{addr: a})
	}
	return t
}

// results lists what is known, in the envelope's order.
func (t *transaction) results() []outbox.Result {
	var out []outbox.Result
	for _, r := range t.all {
		if r.out.State != "" {
			out = append(out, r.out)
		}
	}
	return out
}

// refuseHere settles a recipient without asking the server.
func (r *recipient) refuseHere(code int, enhanced, why string) {
	r.out = outbox.Result{Addr: r.addr, State: outbox.Refused, Code: code, Enhanced: enhanced, Text: outbox.NotOffered + why}
}

// plan checks everything that can be known before the server is asked, and
// fills offer with those it will be asked about.
func (t *transaction) plan(s *Session, body []byte) {
	m := measureBody(body)
	if code, enhanced, why := t.unfit(s, m); why != "" {
		for _, r := range t.all {
			r.refuseHere(code, enhanced, why)
		}
		return
	}
	needs := t.env.UTF8 || t.sender.utf8
	for _, r := range t.all {
		p, err := parsePath(r.addr)
		switch {
		case err != nil:
			r.refuseHere(553, "5.1.3", err.Error())
			continue
		case p.utf8 && !s.ext.has("SMTPUTF8"):
			r.refuseHere(553, "5.6.7", s.host+" does not take addresses like this one (SMTPUTF8)")
			continue
		}
		r.path = p
		needs = needs || p.utf8
		t.offer = append(t.offer, r)
	}
	t.params = mailParams(s, m, needs) + t.promise()
}

// unfit says why the server can take the message for nobody; why is "" when it can.
func (t *transaction) unfit(s *Session, m measure) (code int, enhanced, why string) {
	if t.env.Sender != "" {
		p, err := parsePath(t.env.Sender)
		if err != nil {
			return 553, "5.1.7", "the sender " + strconv.Quote(t.env.Sender) + ": " + err.Error()
		}
		t.sender = p
	}
	if why = t.noPromise(s); why != "" {
		return 550, "5.7.30", why
	}
	utf8 := t.env.UTF8 || t.sender.utf8
	limit := s.ext.size()
	switch {
	case limit > 0 && m.size > limit:
		return 552, "5.3.4", fmt.Sprintf("the message has %d octets, %s takes at most %d", m.size, s.host, limit)
	case utf8 && !s.ext.has("SMTPUTF8"):
		return 550, "5.6.7", s.host + " does not take messages with addresses or headers beyond ASCII (SMTPUTF8)"
	case m.eightBit && !s.ext.has("8BITMIME"):
		return 554, "5.6.3", s.host + " takes 7-bit messages only (no 8BITMIME), and this one is not"
	}
	return 0, "", ""
}

// mailParams are MAIL's parameters.
func mailParams(s *Session, m measure, utf8 bool) string {
	var p string
	if s.ext.has("SIZE") {
		p += " SIZE=" + strconv.FormatInt(m.size, 10)
	}
	if m.eightBit {
		p += " BODY=8BITMIME"
	}
	if utf8 {
		p += " SMTPUTF8"
	}
	return p
}

// commands lists the envelope's lines.
func (t *transaction) commands(s *Session) []command {
	var out []command
	if s.dirty {
		out = append(out, command{verb: rset, line: "RSET"})
	}
	out = append(out, command{verb: mail, line: "MAIL FROM:<" + t.sender.text + ">" + t.params + t.mailReports(s)})
	for i, r := range t.offer {
		out = append(out, command{verb: rcpt, to: i, line: "RCPT TO:<" + r.path.text + ">" + t.rcptReports(s, r)})
	}
	return append(out, command{verb: data, line: "DATA"})
}

// take notes the reply to a command. An error ends the session.
func (t *transaction) take(c command, r reply) error {
	switch {
	case r.code == 421:
		t.everybody(r)
		return nil
	case r.wantsLogin():
		return r.err()
	}
	switch c.verb {
	case rset:
		if r.class() != 2 {
			return r.err()
		}
	case mail:
		return t.takeMail(r)
	case rcpt:
		return t.takeRcpt(t.offer[c.to], r)
	case data:
		return t.takeData(r)
	}
	return nil
}

func (t *transaction) takeMail(r reply) error {
	switch r.class() {
	case 2:
		t.mailSaid = true
		return nil
	case 3:
		return errGarbage
	}
	t.refused = true
	t.everybody(r)
	return nil
}

// takeRcpt notes one recipient's reply. 452 and 552 after accepted recipients mean
// too many for one transaction (RFC 5321 4.5.3.1.10): those are to be offered again, unless
// the enhanced code speaks of their mailbox.
func (t *transaction) takeRcpt(to *recipient, r reply) error {
	if t.refused {
		return nil
	}
	out, ok := r.outcome(to.addr)
	if !ok {
		return errGarbage
	}
	tooMany := (r.code == 452 || r.code == 552) && !aboutMailbox(r.enhanced)
	if tooMany && t.anyAccepted() {
		out.State = outbox.Pending
	}
	to.out = out
	return nil
}

// aboutMailbox reports whether an enhanced code is of the class x.2.x (RFC 3463 3.3).
func aboutMailbox(enhanced string) bool { return len(enhanced) > 3 && enhanced[1:4] == ".2." }

func (t *transaction) takeData(r reply) error {
	t.dataReply = r.code
	switch {
	case r.code == 354:
		return nil
	case r.class() <= 3:
		return errGarbage
	case t.anyAccepted():
		t.answer(r)
	}
	return nil
}

// everybody gives one reply to all recipients that have no word of their own yet.
func (t *transaction) everybody(r reply) {
	for _, to := range t.offer {
		if to.out.State == "" || to.out.State == outbox.Accepted {
			to.out, _ = r.outcome(to.addr)
		}
	}
}

// answer gives the reply to DATA or to the dot to those whose RCPT was accepted.
func (t *transaction) answer(r reply) {
	for _, to := range t.offer {
		if to.out.State == outbox.Accepted || to.out.State == outbox.MaybeAccepted {
			to.out, _ = r.outcome(to.addr)
		}
	}
}

// lose makes those whose RCPT was accepted uncertain.
func (t *transaction) lose() {
	for _, to := range t.offer {
		if to.out.State == outbox.Accepted {
			to.out = outbox.Result{Addr: to.addr, State: outbox.MaybeAccepted, Text: "no answer to the final dot"}
		}
	}
}

// unaccept makes those whose RCPT was accepted untouched again: the message did not follow.
func (t *transaction) unaccept() {
	for _, to := range t.offer {
		if to.out.State == outbox.Accepted {
			to.out = outbox.Result{}
		}
	}
}

func (t *transaction) anyAccepted() bool {
	for _, to := range t.offer {
		if to.out.State == outbox.Accepted {
			return true
		}
	}
	return false
}

// stopped reports whether the rest of the envelope need not be sent.
func (t *transaction) stopped() bool { return t.refused }

// ready reports whether the server waits for the body.
func (t *transaction) ready() bool { return t.dataReply == 354 && t.anyAccepted() }

// sessionEnd ends a session whose server waits for a message that has no recipients: an empty
// one is not sent to find out what it would do with it.
func (t *transaction) sessionEnd(s *Session) error {
	if t.dataReply == 354 && !t.anyAccepted() {
		return s.fail(errAfterRefusal)
	}
	return nil
}
