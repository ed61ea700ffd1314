package wire

import (
	"encoding/base64"
	"strings"
	"testing"

	"mua/account"
)

// TestHideFromEchoes: a server that repeats a login must not bring the password into errors or traces.
func TestHideFromEchoes(t *testing.T) {
	const password = `s3cr"et\pw`
	plainLogin := base64.StdEncoding.EncodeToString([]byte("\x00ada\x00" + password))
	var out safe
	c, _ := plain(t, account.POP3, Options{Trace: &out}, func(p *peer) {
		p.say("+OK hi\r\n")
		p.hear()
		p.say("-ERR bad command: PASS " + password + " " + plainLogin + "\r\n")
		p.wait()
	})
	c.Hide(account.Credentials{User: "ada", Password: password})
	if _, err := c.Write([]byte("PASS " + password + "\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1000)
	for !strings.Contains(out.String(), "bad command") {
		if _, err := c.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	words := &POP3Error{Text: `bad "s3cr\"et\\pw" ` + password + " " + plainLogin + " " + base64.StdEncoding.EncodeToString([]byte(password))}
	for name, s := range map[string]string{"trace": out.String(), "Explain": c.Explain(words).Error(), "ExplainLogin": c.ExplainLogin(words).Error(), "Clean": c.Clean(words.Text)} {
		if strings.Contains(s, "s3cr") || strings.Contains(s, plainLogin[:12]) || strings.Contains(s, base64.StdEncoding.EncodeToString([]byte(password))) {
			t.Errorf("%s tells the password: %q", name, s)
		}
		if !strings.Contains(s, "bad") {
			t.Errorf("%s lost the server's words: %q", name, s)
		}
	}
}
