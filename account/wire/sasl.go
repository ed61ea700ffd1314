package wire

import (
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"

	"mua/account"
)

// XOAuth2 is the name of Google's and Microsoft's mechanism for OAuth2 access tokens.
const XOAuth2 = "XOAUTH2"

// SASL picks a mechanism for the credentials out of those the server offers (their bare names: PLAIN, not
// AUTH=PLAIN; empty: unknown, the best is taken) and returns its client; nil when no login
// is wanted. host and port are those of the server. User names and secrets with control
// characters are refused, as is a server that offers nothing fitting: *account.Trouble, KindLogin.
func SASL(c account.Credentials, host string, port int, mechs []string) (sasl.Client, error) {
	if c.None {
		return nil, nil
	}
	if err := CheckCredentials(c, host); err != nil {
		return nil, err
	}
	want := []string{sasl.Plain, sasl.Login}
	switch strings.ToLower(c.Mechanism) {
	case "xoauth2":
		want = []string{XOAuth2, sasl.OAuthBearer}
	case "oauthbearer":
		want = []string{sasl.OAuthBearer, XOAuth2}
	}
	switch pick(want, mechs) {
	case sasl.Plain:
		return sasl.NewPlainClient("", c.User, c.Password), nil
	case sasl.Login:
		return &login{answers: []string{c.User, c.Password}}, nil
	case XOAuth2:
		return &xoauth2{user: c.User, token: c.Password}, nil
	case sasl.OAuthBearer:
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: c.User, Token: c.Password, Host: host, Port: port}), nil
	}
	return nil, &account.Trouble{
		Kind: account.KindLogin, Host: host,
		What: fmt.Sprintf("%s does not offer %s (it offers %s)", host, strings.Join(want, " or "), account.CleanWords(strings.Join(mechs, " "))),
		Hint: "set mechanism in the account's password, or take another kind of secret",
	}
}

// CheckCredentials refuses what could smuggle commands or fields into a login: control
// characters in the user name or the secret. The Trouble is KindLogin.
func CheckCredentials(c account.Credentials, host string) error {
	for _, f := range []struct{ name, text string }{{"user name", c.User}, {"password", c.Password}} {
		if account.HasControl(f.text) {
			return &account.Trouble{Kind: account.KindLogin, Host: host, What: fmt.Sprintf("the %s for %s holds a control character", f.name, host), Kept: "It was not sent"}
		}
	}
	return nil
}

// pick returns the first of want that is offered.
func pick(want, offered []string) string {
	if len(offered) == 0 {
		return want[0]
	}
	for _, w := range want {
		for _, o := range offered {
			if strings.EqualFold(w, o) {
				return w
			}
		}
	}
	return ""
}

// login is the LOGIN mechanism: user name and password, each when asked. go-sasl's sends the first
// unasked and insists on the wording of the second question; servers that still need LOGIN are
// those that may not like that.
type login struct{ answers []string }

func (l *login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	a := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(a), nil
}

// xoauth2 is Google's XOAUTH2. A refusal comes as a challenge with JSON, which is answered with an
// empty response; the server then says no in its own protocol.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return XOAuth2, []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
