package wire

import (
	"encoding/base64"
	"strings"

	"mua/account"
)

// hideLeast is how long a password must be to be hidden from a server's words: a shorter one would
// take letters out of every sentence.
const hideLeast = 4

// Hide makes what this connection has to tell — its Troubles and its trace — leave these credentials
// out, also when the server repeats them: some answer a login they cannot read with the whole command.
func (c *Conn) Hide(creds account.Credentials) {
	if len(creds.Password) < hideLeast {
		return
	}
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(creds.Password)
	var pairs []string
	for _, s := range []string{"\x00" + creds.User + "\x00" + creds.Password, creds.User + "\x00" + creds.User + "\x00" + creds.Password, creds.Password} {
		pairs = append(pairs, base64.StdEncoding.EncodeToString([]byte(s)), hidden)
	}
	r := strings.NewReplacer(append(pairs, escaped, hidden, creds.Password, hidden)...)
	c.secrets.Store(r)
	c.trace.hide(r)
}

// Clean is account.CleanWords without the credentials given to Hide.
func (c *Conn) Clean(words string) string {
	if r := c.secrets.Load(); r != nil {
		words = r.Replace(words)
	}
	return account.CleanWords(words)
}

// hush takes the credentials out of what a reader sees of t.
func (c *Conn) hush(t *account.Trouble) *account.Trouble {
	r := c.secrets.Load()
	if t == nil || r == nil || r.Replace(t.What) == t.What {
		return t
	}
	q := *t
	q.What = r.Replace(t.What)
	return &q
}
