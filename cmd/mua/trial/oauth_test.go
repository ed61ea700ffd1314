package trial

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"mua/account/demo"
)

// TestOAuth2: an access token from a command logs in with both mechanisms on
// all three protocols; a wrong one is exit 77 and is tried once.
func TestOAuth2(t *testing.T) {
	servers, err := demo.Start(context.Background(), demo.Options{Dir: t.TempDir(), OAuth2: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.Deliver("INBOX", generate(0, 1)[0])
	secret := fmt.Sprintf("password = { plain = %q }", servers.Password)
	for _, mechanism := range []string{"xoauth2", "oauthbearer"} {
		for _, incoming := range []string{"imaps", "pop3s"} {
			config := servers.ConfigFor("demo", incoming, "smtps")
			if !strings.Contains(config, secret) {
				t.Fatalf("no %s in %s", secret, config)
			}
			token := func(tok string) string {
				return strings.ReplaceAll(config, secret, fmt.Sprintf("password = { command = \"echo %s\", mechanism = %q }", tok, mechanism))
			}
			b := newBox(t, token(servers.Token))
			for _, r := range objects(t, b.mua(0, "account", "check", "--json")) {
				if login, _ := r["login"].(string); !strings.Contains(strings.ToLower(login), mechanism) {
					t.Errorf("%s %s: %v", incoming, mechanism, r)
				}
			}
			if row := b.syncRow(); row["new"].(float64) != 1 {
				t.Errorf("%s %s: %v", incoming, mechanism, row)
			}
			b.mua(0, "send", "--wait", "10s", "-t", "bob@mua.example", "--body", "x")

			servers.ResetCounts()
			newBox(t, token("stale")).mua(77, "sync")
			if c := servers.Counts(); c.IMAP.Refused+c.POP3.Refused != 1 {
				t.Errorf("%s %s: a stale token was tried %d times", incoming, mechanism, c.IMAP.Refused+c.POP3.Refused)
			}
		}
	}
}
