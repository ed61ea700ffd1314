package main

import (
	"context"
	"errors"
	"io/fs"

	"mua/store"
)

// readAsItIs opens a store that may not be written, for a command that only reads, and says so. Where it cannot be read
// either, the error is that of the first opening, or says why not.
func (a *app) readAsItIs(ctx context.Context, dir string, o store.Options, cause error) (*store.Store, error) {
	s, err := store.OpenReadOnly(ctx, dir, o)
	switch {
	case err == nil:
		a.talk("%s may not be written: it is read as it is", dir)
		return s, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, cause
	}
	return nil, err
}
