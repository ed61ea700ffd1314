package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestNewerSchemaIsRefused(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s := open(t, dir, newClock())
	_, err := s.writer.Exec(`PRAGMA user_version = 99`)
	ok(t, err)
	ok(t, s.Close())
	_, err = Open(ctx, dir, Options{})
	if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "schema 99") || !strings.Contains(err.Error(), "update mua") {
		t.Errorf("got %v", err)
	}
}

func TestForeignFileIsRefused(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := openPool(filepath.Join(dir, "mail.db"), true)
	_, err := db.Exec(`CREATE TABLE recipes (x)`)
	ok(t, err)
	ok(t, db.Close())
	if _, err := Open(ctx, dir, Options{}); err == nil || !strings.Contains(err.Error(), "not a database of mua") {
		t.Errorf("got %v", err)
	}
	ok(t, os.WriteFile(filepath.Join(dir, "mail.db"), []byte(strings.Repeat("not a database at all ", 100)), 0o600))
	if _, err := Open(ctx, dir, Options{}); err == nil {
		t.Error("garbage was opened")
	}
}

// TestMigrationsStepByStep: a file of every older version upgrades to the schema of a fresh
// one. Old versions are what the scripts up to them make, which never change once released.
func TestMigrationsStepByStep(t *testing.T) {
	ctx := context.Background()
	all := must(migrations(migrationFiles))(t)
	fresh := schemaOf(t, open(t, t.TempDir(), newClock()).pool)
	for v := range all {
		path := filepath.Join(t.TempDir(), "mail.db")
		db := openPool(path, true)
		older := fstest.MapFS{}
		for _, m := range all[:v+1] {
			older["migrations/"+m.name] = &fstest.MapFile{Data: []byte(must(m.script(migrationFiles))(t))}
		}
		ok(t, migrate(ctx, db, db, path, older))
		ok(t, migrate(ctx, db, db, path, migrationFiles))
		if got := schemaOf(t, db); got != fresh {
			t.Errorf("from version %d:\n%s\nfresh:\n%s", v+1, got, fresh)
		}
		ok(t, db.Close())
	}
}

func TestMigrationIsOneTransaction(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "mail.db")
	db := openPool(path, true)
	defer db.Close()
	broken := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte(`CREATE TABLE a (x);`)},
		"migrations/0002_b.sql": {Data: []byte(`CREATE TABLE b (x); CREATE TABLE a (x);`)},
	}
	for _, want := range []string{"", "CREATE TABLE a (x)"} { // of a new file, and of one with the first step
		if err := migrate(ctx, db, db, path, broken); err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
			t.Errorf("got %v", err)
		}
		if got := schemaOf(t, db); got != want {
			t.Errorf("a failed step left %q, not %q", got, want)
		}
		ok(t, migrate(ctx, db, db, path, fstest.MapFS{"migrations/0001_a.sql": broken["migrations/0001_a.sql"]}))
	}
	if err := migrate(ctx, db, db, path, fstest.MapFS{"migrations/0002_b.sql": {}}); err == nil {
		t.Error("a gap in the numbers was not noticed")
	}
}

func schemaOf(t *testing.T, db *sql.DB) string {
	t.Helper()
	return strings.Join(must(collectRows(db.Query(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name`)))(t), "\n")
}
