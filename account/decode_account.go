package account

import (
	"strings"
)

// account reads [account.NAME].
func (r *reader) account(name string, e *entry) *Account {
	shown := " in [account." + tomlKey(name) + "]"
	if e.val.tbl == nil {
		r.fail(e.val.at, "write [account."+tomlKey(name)+"] above its keys", "account.%s must be a table, not %s", name, e.val.kindName())
		return nil
	}
	if why := badName(name); why != "" {
		r.fail(e.at, "", "the account's name %q %s", name, why)
	}
	s := &section{r, shown, e.val.tbl}
	s.known(keyNames(accountKeys)...)
	s.later()
	a := &Account{Name: name, From: s.address("from"), TLSCA: s.path("tls_ca"), Signature: s.text("signature")}
	if s.get("from") == nil {
		r.fail(e.at, `from = "you@example.org"`, "from is missing%s", shown)
	}
	for _, v := range s.strs("aliases") {
		a.Aliases = append(a.Aliases, s.parseAddress(v, "aliases", v.text))
	}
	a.AllowInsecure, _ = s.flag("allow_insecure")
	if b, ok := s.flag("save_sent"); ok {
		a.SaveSent = &b
	}
	a.Uncertain = s.oneOf("uncertain", "ask", "retry")
	s.submission(a)
	a.Password = s.secret("password")
	a.OutgoingPassword = s.secret("outgoing_password")
	s.auth(a)
	s.endpoints(a, e.at)
	s.pop3(a)
	s.keep(a)
	s.idle(a)
	return a
}

// badName says what is wrong with an account's name, "" when nothing is.
func badName(name string) string {
	switch {
	case strings.TrimSpace(name) == "" || HasControl(name):
		return "must be printable and not empty"
	case strings.EqualFold(name, "local"):
		return "is taken: the account local always exists"
	case strings.ContainsAny(name, "/\\") || name == "." || name == "..":
		return "must not have a slash in it"
	case len(name) > 100:
		return "is too long"
	}
	return ""
}

// submission reads dsn and sessions.
func (s *section) submission(a *Account) {
	a.Sessions = DefaultSessions
	if v := s.get("sessions"); v != nil {
		n, ok := v.integer()
		if !ok || n < 1 || n > maxSessions {
			s.fail(v.at, "sessions = 4", "sessions%s must be a number from 1 to %d", s.name, maxSessions)
		}
		a.Sessions = int(n)
	}
	v := s.get("dsn")
	text := s.str("dsn")
	if v == nil || !v.isString() || text == "none" {
		return
	}
	notify, ok := ParseNotify(text)
	if !ok {
		s.fail(v.at, `dsn = "failure,delay"`, "dsn%s must be none, never, or failure, delay and success with commas between", s.name)
	}
	a.DSN = notify
}

// later refuses what cli.md promises and this version does not do.
func (s *section) later() {
	s.planned("tls_pin", "take the line out; a private CA can be trusted with tls_ca", nil)
}

// auth reads auth = "none" | { oauth2 = … }.
func (s *section) auth(a *Account) {
	v := s.get("auth")
	switch {
	case v == nil:
	case v.isString() && v.text == "none":
		a.NoAuth = true
	case v.tbl != nil:
		(&section{s.reader, s.name, v.tbl}).known("oauth2")
		s.planned("auth", `give the access token by password = { command = "…", mechanism = "xoauth2" }`, nil)
	default:
		s.fail(v.at, "", `auth%s must be "none" or { oauth2 = … }`, s.name)
	}
}

// secret reads password = { … }: exactly one source.
func (s *section) secret(key string) (out Secret) {
	if v := s.get(key); v != nil && v.isString() {
		s.fail(v.at, `password = { command = "…" } or { keyring = true } { env = "…" } { file = "…" } { plain = "…" }`, "%s%s must be a table that says where the password is", key, s.name)
		return out
	}
	t := s.table(key)
	if t == nil {
		return out
	}
	p := &section{s.reader, " of " + key + s.name, t}
	ok := p.known("command", "env", "file", "keyring", "plain", "mechanism")
	out = Secret{Command: p.text("command"), Env: p.str("env"), File: p.path("file"), Plain: p.str("plain"), Mechanism: p.oneOf("mechanism", "xoauth2", "oauthbearer")}
	out.Keyring, _ = p.flag("keyring")
	n := 0
	for _, is := range []bool{out.Command != "", out.Env != "", out.File != "", out.Plain != "", out.Keyring} {
		if is {
			n++
		}
	}
	if ok && n != 1 {
		p.fail(s.t.vals[key].at, "", "%s%s needs exactly one of command, env, file, keyring, plain", key, s.name)
	}
	if strings.ContainsRune(out.Command, 0) {
		p.fail(p.get("command").at, "", "command%s holds a NUL", p.name)
	}
	return out
}

// endpoints reads incoming and outgoing and settles who logs in.
func (s *section) endpoints(a *Account, at pos) {
	a.Incoming, a.Outgoing = s.endpoint("incoming", a), s.endpoint("outgoing", a)
	if s.get("incoming") == nil && s.get("outgoing") == nil {
		s.fail(at, `incoming = "imaps://…", outgoing = "smtps://…"`, "neither incoming nor outgoing%s", s.name)
	}
	user, both := s.str("username"), a.Incoming != nil
	if both {
		s.user(a.Incoming, "username", user, a.From.Address)
	}
	if a.Outgoing == nil {
		return
	}
	if out := s.str("outgoing_username"); out != "" || !both {
		key := "outgoing_username"
		if out == "" {
			key, out = "username", user
		}
		s.user(a.Outgoing, key, out, a.From.Address)
		return
	}
	// username is the account's user; another one in the URL of outgoing is that side's own.
	if user == "" {
		user = a.From.Address
	}
	s.user(a.Outgoing, "", "", user)
}

// user settles the user of one side: the URL's, else the key's, else the fallback.
func (s *section) user(e *Endpoint, key, name, fallback string) {
	switch {
	case name != "" && e.User != "" && e.User != name:
		s.fail(s.get(key).at, "say it once", "%s%s is %q but the URL says %q", key, s.name, name, e.User)
	case e.User != "":
	case name != "":
		e.User = name
	default:
		e.User = fallback
	}
}

func (s *section) endpoint(key string, a *Account) *Endpoint {
	text := s.str(key)
	v := s.get(key)
	if v == nil || !v.isString() {
		return nil
	}
	e, err := parseEndpoint(text, key == "outgoing")
	if err != nil {
		s.fail(v.at, "", "%s%s %v", key, s.name, err)
		return nil
	}
	if e.Security == Plain && !a.AllowInsecure && !Loopback(e.Host) {
		s.fail(v.at, "use "+string(e.Protocol)+"s:// or "+string(e.Protocol)+"://, or say allow_insecure = true", "%s%s would send the password in plain text to %s", key, s.name, e.Host)
	}
	return e
}

// pop3 reads pop3 = { leave_on_server = … }.
func (s *section) pop3(a *Account) {
	a.POP3Leave = LeavePolicy{Forever: true}
	t := s.table("pop3")
	if t == nil {
		return
	}
	if a.Incoming != nil && a.Incoming.Protocol != POP3 {
		s.fail(s.t.vals["pop3"].at, "take it out", "pop3%s has no meaning: incoming is not POP3", s.name)
	}
	p := &section{s.reader, " of pop3" + s.name, t}
	p.known("leave_on_server")
	v := p.get("leave_on_server")
	if v == nil || v.isString() && v.text == "forever" {
		return
	}
	if !v.isString() {
		p.wrongType(v, "leave_on_server", `a string: "forever", "0" or a duration such as "14d"`)
		return
	}
	d, err := ParseDuration(v.text)
	if err != nil {
		p.fail(v.at, `"forever", "0" or a duration`, "leave_on_server%s: %q is %v", p.name, v.text, err)
	}
	a.POP3Leave = LeavePolicy{For: d}
}

// tomlKey writes a name as a key: bare when that is possible.
func tomlKey(name string) string {
	bare := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
	if bare {
		return name
	}
	return tomlString(name)
}

// tomlString writes a basic string.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			const hex = "0123456789ABCDEF"
			b.WriteString(`\u00`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
