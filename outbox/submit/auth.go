package submit

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"

	"mua/account"
	"mua/account/wire"
)

// maxRounds bounds a SASL exchange.
const maxRounds = 10

// auth logs in (RFC 4954), unless the account has no login.
func (s *Session) auth(c account.Credentials) error {
	if c.None {
		s.login = "none"
		return nil
	}
	if s.conn.TLS() == nil && !s.account.AllowInsecure && !account.Loopback(s.host) {
		return &account.Trouble{Kind: account.KindConfig, Account: s.account.Name, Host: s.host,
			What: "no login without TLS: " + s.host + " would see the password in the clear", Kept: "It was not sent"}
	}
	mechs := s.ext.mechs()
	if len(mechs) == 0 {
		return &account.Trouble{Kind: account.KindConfig, Account: s.account.Name, Host: s.host,
			What: s.host + " offers no login on this port",
			Hint: fmt.Sprintf("if it needs none, say auth = \"none\" in [account.%s]; else try its submission port", s.account.Name)}
	}
	client, err := wire.SASL(c, s.host, s.account.Outgoing.Port, mechs)
	if err != nil {
		return s.explain(err)
	}
	mech, r, err := s.exchange(client)
	if err != nil {
		return s.fail(err)
	}
	if r.code != 235 {
		t := s.conn.ExplainLogin(r.err())
		if s.account.OutgoingPassword.Keyring && t.Kind == account.KindLogin {
			t.Hint += " --outgoing"
		}
		return t
	}
	s.login = account.CleanWords(c.User + " (" + mech + ")")
	return nil
}

// exchange runs the mechanism until the server's last word.
func (s *Session) exchange(client sasl.Client) (mech string, r reply, err error) {
	mech, first, err := client.Start()
	if err != nil {
		return mech, r, err
	}
	line := "AUTH " + mech
	if first != nil {
		line += " " + encode(first)
	}
	r, err = s.ask(line)
	for range maxRounds {
		if err != nil || r.code != 334 {
			return mech, r, err
		}
		r, err = s.respond(client, r)
	}
	return mech, r, errGarbage
}

// respond answers a challenge, or gives up with "*" and takes the server's answer to that.
func (s *Session) respond(client sasl.Client, challenge reply) (reply, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(challenge.lines[0]))
	if err == nil {
		var next []byte
		if next, err = client.Next(data); err == nil {
			return s.ask(base64.StdEncoding.EncodeToString(next))
		}
	}
	r, aerr := s.ask("*")
	if aerr != nil {
		return r, aerr
	}
	if r.class() == 2 || r.class() == 3 {
		return r, err // it did not give up: the mechanism's own complaint counts
	}
	return r, nil
}

// encode is an initial response; an empty one is "=".
func encode(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}
