package store

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"testing"
)

// TestOpenWritesNothing: opening a database that is there, and closing it, changes not a byte of it and costs no sync; one of a
// newer schema is left as it is to the byte. One that is made gives room back.
func TestOpenWritesNothing(t *testing.T) {
	k := newWreck(t, 2)
	k.dir = filepath.Join(t.TempDir(), "data")
	s := must(Open(t.Context(), k.dir, Options{}))(t)
	must(s.EnsureAccount(t.Context(), "work"))(t)
	var mode int
	ok(t, s.pool.QueryRowContext(t.Context(), `PRAGMA auto_vacuum`).Scan(&mode))
	if mode != 2 {
		t.Errorf("auto_vacuum is %d of a new file", mode)
	}
	ok(t, s.Close())
	for _, brief := range []bool{false, true} {
		before := k.sums()
		s = must(Open(t.Context(), k.dir, Options{Brief: brief}))(t)
		must(s.Items(t.Context(), true))(t)
		ok(t, s.Close())
		if k.sums() != before {
			t.Error("opening has written")
		}
	}
	k.change(func(b []byte) []byte { binary.BigEndian.PutUint32(b[60:], 9999); return b })
	before := k.sums()
	_, err := Open(context.Background(), k.dir, Options{})
	if !errors.Is(err, ErrNewerSchema) || Damaged(err) || k.sums() != before {
		t.Errorf("%v; changed: %v", err, k.sums() != before)
	}
	if h, err := Examine(t.Context(), k.dir, ""); !errors.Is(err, ErrNewerSchema) || len(h.Problems) > 0 {
		t.Errorf("an examination calls a newer mua's file damaged: %v, %v", err, h.Problems)
	}
}
