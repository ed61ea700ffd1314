package submit_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver's name for damage from outside

	"mua/outbox"
	"mua/store"
)

// TestDamagedItemStopsNobody: one whose bytes are broken in the database fails with words, the others go.
func TestDamagedItemStopsNobody(t *testing.T) {
	p := openPost(t, serve(t, nil))
	bad, good := p.spool("bad", store.PolicyAsk, bob), p.spool("good", store.PolicyAsk, bob)
	db, err := sql.Open("sqlite3", filepath.Join(p.dir, "mail.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`UPDATE content SET data = x'28b52ffd00' WHERE id = (SELECT content FROM outbox WHERE id = ?)`, bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s := p.flush(); s.Sent != 1 || s.Failed != 1 {
		t.Errorf("%+v", s)
	}
	p.is(good, "sent: bob accepted 250")
	p.is(bad, "failed: bob pending 0")
	if words := outbox.Describe(p.item(bad), p.now); !strings.Contains(words, "damaged in the mail store") {
		t.Error(words)
	}
}
