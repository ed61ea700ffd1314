package demo

import (
	"bytes"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
)

// delimiter of the mailbox hierarchy.
const delimiter = '/'

// serveIMAP serves a listener with a server of its own. To the library every
// connection looks plain, with logins allowed: conn carries TLS, and imapWatcher
// answers STARTTLS and says LOGINDISABLED before it.
func (s *Servers) serveIMAP(ln *listener) {
	sessions := &sync.WaitGroup{}
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			nc := c.NetConn().(*conn)
			return &imapSession{owner: s, mail: s.mail, conn: nc, over: sessions.Done}, nil, nil
		},
		Caps:         s.imapCaps(),
		Logger:       quiet(),
		InsecureAuth: true,
	})
	s.servers = append(s.servers, srv)
	s.running.Go(func() {
		srv.Serve(imapListener{ln, sessions})
		sessions.Wait()
	})
}

func (s *Servers) imapCaps() imap.CapSet {
	caps := imap.CapSet{}
	for _, c := range []imap.Cap{
		imap.CapIMAP4rev1, imap.CapNamespace, imap.CapUIDPlus, imap.CapESearch, imap.CapListExtended,
		imap.CapListStatus, imap.CapMove, imap.CapStatusSize, imap.CapChildren, imap.CapSpecialUse,
		imap.CapCreateSpecialUse,
	} {
		if !s.without[string(c)] {
			caps[c] = struct{}{}
		}
	}
	return caps
}

// imapListener gives its connections a watcher and counts the sessions that begin;
// each is over when its imapSession is closed.
type imapListener struct {
	*listener
	sessions *sync.WaitGroup
}

// Accept implements net.Listener.
func (l imapListener) Accept() (net.Conn, error) {
	nc, err := l.listener.Accept()
	if err != nil {
		return nil, err
	}
	c := nc.(*conn)
	c.watcher = &imapWatcher{conn: c}
	l.sessions.Add(1)
	return c, nil
}

// imapWatcher follows a client's commands: it counts them, does STARTTLS and
// keeps what is offered true.
type imapWatcher struct {
	conn    *conn
	literal int64 // octets of a literal still to come
	middle  bool  // within a command, behind a literal
	idling  bool
}

var literalEnd = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{(\d+)[+-]?\}\r?\n$`) })

func (w *imapWatcher) line(b []byte) []byte {
	if w.literal >= int64(len(b)) {
		w.literal -= int64(len(b))
		return b
	}
	rest := b[w.literal:]
	w.literal = 0
	if !w.middle && w.command(rest) {
		return nil
	}
	m := literalEnd().FindSubmatch(rest)
	w.middle = m != nil
	if m != nil {
		w.literal, _ = strconv.ParseInt(string(m[1]), 10, 64)
	}
	return b
}

// command reports whether it has answered the command itself.
func (w *imapWatcher) command(line []byte) bool {
	if w.idling {
		w.idling = false
		return false
	}
	words := strings.Fields(string(line[:min(len(line), 200)]))
	if len(words) < 2 {
		return false
	}
	name := strings.ToUpper(words[1])
	if name == "UID" && len(words) > 2 {
		name += " " + strings.ToUpper(words[2])
	}
	s := w.conn.owner
	s.counts.command(protoIMAP, name)
	w.idling = name == "IDLE"
	if name != "STARTTLS" || w.conn.secure.Load() || s.without["STARTTLS"] {
		return false
	}
	if w.conn.say(words[0]+" OK begin TLS now\r\n"+s.faults.injected()) == nil {
		w.conn.startTLS()
	}
	return true
}

var (
	capabilities = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\S+ (OK \[)?CAPABILITY [^\]\r\n]*`) })
	authCaps     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`( AUTH=[^ ]+)+`) })
)

func (w *imapWatcher) answer(b []byte) []byte {
	s := w.conn.owner
	secure := w.conn.secure.Load()
	if secure && len(s.without) == 0 {
		return b
	}
	at := capabilities().FindIndex(b)
	if at == nil {
		return b
	}
	said := string(b[:at[1]])
	if !secure && !s.without["STARTTLS"] {
		said = authCaps().ReplaceAllString(said, " STARTTLS LOGINDISABLED")
	}
	words := strings.Split(said, " ")
	kept := words[:0]
	for _, word := range words {
		if !s.without[strings.ToUpper(word)] {
			kept = append(kept, word)
		}
	}
	return append([]byte(strings.Join(kept, " ")), bytes.Clone(b[at[1]:])...)
}

// imapSession implements imapserver.Session, SessionMove, SessionNamespace and SessionSASL.
type imapSession struct {
	owner *Servers
	mail  *mailstore
	conn  *conn
	over  func()

	mu   sync.Mutex // of view: IDLE runs beside Close
	view *view
}

// view is a selected mailbox as this session has been told of it.
type view struct {
	*mailbox
	tracker *imapserver.SessionTracker
}

func no(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

// words makes the error of a fault; a leading [CODE] becomes the response code.
func words(text string) error {
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if code, text, ok := strings.Cut(rest, "]"); ok {
			return no(imap.ResponseCode(code), strings.TrimSpace(text))
		}
	}
	return no("", text)
}

// refused is the error of a fault for this command, nil when there is none.
func (s *imapSession) refused(command string) error {
	if text, ok := s.owner.faults.line(protoIMAP, command); ok {
		return words(text)
	}
	return nil
}

// Close implements imapserver.Session.
func (s *imapSession) Close() error {
	s.drop()
	s.over()
	return nil
}

func (s *imapSession) drop() {
	s.mu.Lock()
	v := s.view
	s.view = nil
	s.mu.Unlock()
	if v != nil {
		s.mail.mu.Lock()
		v.tracker.Close()
		s.mail.mu.Unlock()
	}
}

func (s *imapSession) selected() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// Login implements imapserver.Session.
func (s *imapSession) Login(user, password string) error {
	return s.authenticate(user, password, false)
}

func (s *imapSession) authenticate(user, secret string, token bool) error {
	if !s.conn.secure.Load() && !s.owner.without["STARTTLS"] {
		return no(imap.ResponseCodePrivacyRequired, "TLS first")
	}
	if text, ok := s.owner.faults.line(protoIMAP, loginFault); ok {
		s.owner.counts.login(protoIMAP, false)
		return words(text)
	}
	if err := s.owner.login(protoIMAP, user, secret, token); err != nil {
		return imapserver.ErrAuthFailed
	}
	return nil
}

// AuthenticateMechanisms implements imapserver.SessionSASL.
func (s *imapSession) AuthenticateMechanisms() []string { return s.owner.mechanisms(protoIMAP) }

// Authenticate implements imapserver.SessionSASL.
func (s *imapSession) Authenticate(mech string) (sasl.Server, error) {
	srv := s.owner.saslServer(protoIMAP, mech, s.authenticate)
	if srv == nil {
		return nil, no("", "no such mechanism here")
	}
	return imapSASL{srv}, nil
}

// imapSASL turns every refusal into a NO.
type imapSASL struct{ sasl.Server }

// Next implements sasl.Server.
func (a imapSASL) Next(response []byte) ([]byte, bool, error) {
	challenge, done, err := a.Server.Next(response)
	if _, ok := err.(*imap.Error); err != nil && !ok {
		err = imapserver.ErrAuthFailed
	}
	return challenge, done, err
}
