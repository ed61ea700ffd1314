package store

import (
	"context"
	"errors"
	"sync"

	"mua/store/index"
)

// wordIndex is the store's side of index.db: opened when it is first needed, and anew when
// another process has put another file in its place.
type wordIndex struct {
	path, mail string // index.db, mail.db
	few        int    // fewBoxed, but for tests

	mu     sync.Mutex
	files  index.Files
	reader *index.Reader
	words  string // why there is none
	closed bool
}

// view is the index as it is now; nil: there is none that can be used.
func (w *wordIndex) view(ctx context.Context) (*index.View, error) {
	r, err := w.open()
	if err == nil {
		var v *index.View
		if v, err = r.View(ctx); err == nil {
			return v, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.words = reason(err)
	if r != nil && r == w.reader {
		w.reader = nil
		_ = r.Close()
	}
	return nil, nil // whatever it is: it is done without
}

// reason is what an error of the index means, for the reader.
func reason(err error) string {
	if errors.Is(err, index.ErrMissing) {
		return "there is no search index yet"
	}
	return err.Error()
}

func (w *wordIndex) open() (*index.Reader, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, errors.New("the store is closed")
	}
	if w.reader != nil && w.reader.Here() {
		return w.reader, nil
	}
	if w.reader != nil {
		_ = w.reader.Close()
		w.reader = nil
	}
	home, err := fileIdentity(w.mail)
	if err != nil {
		return nil, err
	}
	w.reader, err = index.OpenReader(&w.files, w.path, home)
	return w.reader, err
}

// why tells why there is no index that can be used.
func (w *wordIndex) why() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.words
}

func (w *wordIndex) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	var err error
	if w.reader != nil {
		err = w.reader.Close()
	}
	return errors.Join(err, w.files.Close())
}

// condemn takes a broken index away, unless somebody is writing to it, who will notice.
func (s *Store) condemn(err error) {
	s.words.mu.Lock()
	s.words.words = err.Error()
	if s.words.reader != nil {
		_ = s.words.reader.Close()
		s.words.reader = nil
	}
	s.words.mu.Unlock()
	if unlock, err := s.Lock(indexLock, "write"); err == nil {
		_ = index.Remove(s.words.path)
		unlock()
	}
}

// indexLock names the lock of who writes to the index; no account is called so.
const indexLock = ".index"
