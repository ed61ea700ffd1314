package demo

import (
	"bytes"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
)

// errLogin is the answer to a wrong name, password or token.
var errLogin = errors.New("authentication failed")

// login compares and counts. mech is "" for a password.
func (s *Servers) login(p protocol, user, secret string, token bool) error {
	want := s.Password
	if token {
		want = s.Token
	}
	ok := secret == want && (strings.EqualFold(user, s.User) || strings.EqualFold(user, s.Addr))
	s.counts.login(p, ok)
	if !ok {
		return errLogin
	}
	return nil
}

func (s *Servers) mechanisms(p protocol) []string {
	l := []string{sasl.Plain}
	if p != protoIMAP {
		l = append(l, sasl.Login)
	}
	if s.oauth2 {
		l = append(l, "XOAUTH2", sasl.OAuthBearer)
	}
	var offered []string
	for _, m := range l {
		if !s.without[m] && !s.without["AUTH="+m] {
			offered = append(offered, m)
		}
	}
	return offered
}

// saslServer is the server's half of a mechanism; nil for one that is not offered.
func (s *Servers) saslServer(p protocol, mech string, login func(user, secret string, token bool) error) sasl.Server {
	offered := false
	for _, m := range s.mechanisms(p) {
		offered = offered || m == mech
	}
	switch {
	case !offered:
		return nil
	case mech == sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return login(user, password, false) })
	case mech == sasl.Login:
		return &loginServer{login: login}
	case mech == sasl.OAuthBearer:
		return sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
			if login(o.Username, o.Token, true) != nil {
				return &sasl.OAuthBearerError{Status: "invalid_token", Schemes: "bearer"}
			}
			return nil
		})
	default:
		return &xoauth2Server{login: login}
	}
}

// loginServer is LOGIN as mail programs speak it: user name, then password.
type loginServer struct {
	login func(user, secret string, token bool) error
	asked int // questions put so far
	user  string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if l.asked == 0 && response == nil {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked < 2 {
		l.asked, l.user = 2, string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.login(l.user, string(response), false)
}

// xoauth2Server is Google's and Microsoft's XOAUTH2.
type xoauth2Server struct {
	login  func(user, secret string, token bool) error
	failed error
}

// Next implements sasl.Server.
func (x *xoauth2Server) Next(response []byte) ([]byte, bool, error) {
	if x.failed != nil {
		return nil, true, x.failed
	}
	if response == nil {
		return []byte{}, false, nil
	}
	var user, token string
	for part := range bytes.SplitSeq(response, []byte{1}) {
		if v, ok := strings.CutPrefix(string(part), "user="); ok {
			user = v
		}
		if v, ok := strings.CutPrefix(string(part), "auth=Bearer "); ok {
			token = v
		}
	}
	if err := x.login(user, token, true); err != nil {
		x.failed = err
		return []byte(`{"status":"401","schemes":"bearer","scope":"mail"}`), false, nil
	}
	return nil, true, nil
}
