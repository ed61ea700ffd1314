package main

import (
	"io"
	"testing"

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
	importOne(t, s)
	other()
	finish()
	if st, err := s.IndexState(ctx); err != nil || st.Left != 0 || st.Why != "" {
		t.Errorf("%+v, %v", st, err)
	}
}
