package main

import (
	"io"
	"testing"
	"time"

	"mua/store"
)

// TestIndexBesideAnother: what comes while another process is at the index is in it all the same, when that process is
// no longer at it once all has come.
func TestIndexBesideAnother(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	other, err := s.Lock(".index", "write")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{stdio: stdio{err: io.Discard}}
	finish := a.indexBeside(ctx, s)
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
	other()
	finish()
	if st, err := s.IndexState(ctx); err != nil || st.Left != 0 || st.Why != "" {
		t.Errorf("%+v, %v", st, err)
	}
}
