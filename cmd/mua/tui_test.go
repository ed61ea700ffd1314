package main

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

// TestUIWithoutAccount: it opens where mail was imported, and else says what is missing, also beside a mail store that is empty.
func TestUIWithoutAccount(t *testing.T) {
	home, ctx := t.TempDir(), t.Context()
	t.Setenv("HOME", home)
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MUA_CONFIG", "MUA_DATA"} {
		t.Setenv(name, "")
	}
	isConfig := func(err error) bool {
		var t *account.Trouble
		return errors.As(err, &t) && t.Kind == account.KindConfig
	}
	refused := func(when string) {
		t.Helper()
		a := &app{}
		defer a.close()
		if _, err := a.confForUI(ctx); !isConfig(err) {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("without a mail store")
	s, err := store.Open(ctx, filepath.Join(home, ".local/share/mua"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the folder is thrown away
	refused("with an empty mail store")
	importOne(t, s)
	a := &app{}
	defer a.close()
	if c, err := a.confForUI(ctx); err != nil || len(c.Accounts) != 0 {
		t.Errorf("with mail: %+v, %v", c, err)
	}
	named := &app{configPath: filepath.Join(home, "absent.toml")}
	if _, err := named.confForUI(ctx); !isConfig(err) {
		t.Errorf("a configuration that was named and is not there: %v", err)
	}
}

// importOne stores one message in the local mailbox Old, as an import does.
func importOne(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	id, err := s.EnsureAccount(ctx, "local")
	if err != nil {
		t.Fatal(err)
	}
	box, err := s.ImportMailbox(ctx, id, []string{"Old"}, false)
	if err != nil {
		t.Fatal(err)
	}
	im, err := s.Importer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m := []store.Import{{Box: box, Incoming: store.Incoming{Received: time.Now(), Raw: []byte("Subject: s\n\nsome words\n")}}}
	if err := im.Prepare(ctx, &m[0]); err != nil {
		t.Fatal(err)
	}
	if err := im.Store(ctx, m); err != nil {
		t.Fatal(err)
	}
}
