package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"
)

// SQLite keeps no checksums, and a flipped bit in a list of documents only makes a search forget some. So a
// file that nobody writes to is sealed: a small file beside it says what it is like. The seal is off
// while there is a writer.

// Files are the files that were read for their seals. They stay open until Close: to close any descriptor of a
// file drops the locks that SQLite holds on it elsewhere in this process. The zero value is ready.
type Files struct {
	mu   sync.Mutex
	open []*os.File
}

// Close is called when the process has no connection to an index any more.
func (k *Files) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, f := range k.open {
		errs = append(errs, f.Close())
	}
	k.open = nil
	return errors.Join(errs...)
}

// file is the file at path, opened once.
func (k *Files) file(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range k.open {
		if was, err := f.Stat(); err == nil && os.SameFile(was, info) {
			return f, was, nil
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	k.open = append(k.open, f)
	info, err = f.Stat()
	return f, info, err
}

type seal struct {
	Size, Time int64
	Sum        uint32
}

func sealPath(path string) string { return path + ".seal" }

// unseal is called before the first write.
func (w *Writer) unseal() error {
	if w.dirty {
		return nil
	}
	if err := os.Remove(sealPath(w.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.dirty = true
	return nil
}

// seal brings all into the file and seals it; it does not where readers are in the way.
func (w *Writer) seal(ctx context.Context) error {
	var busy, log, moved int
	if err := w.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil {
		return broken(err)
	}
	if busy != 0 {
		return nil
	}
	s, err := w.files.sealOf(w.path)
	if err != nil {
		return err
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	temp := sealPath(w.path) + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	w.dirty = false
	return os.Rename(temp, sealPath(w.path))
}

func (k *Files) sealOf(path string) (s seal, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, info, err := k.file(path)
	if err != nil {
		return s, err
	}
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	whole := io.NewSectionReader(f, 0, info.Size())
	if s.Size, err = io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{whole}, make([]byte, 1<<18)); err != nil {
		return s, err
	}
	s.Time, s.Sum = info.ModTime().UnixNano(), h.Sum32()
	return s, nil
}

func readSeal(path string) (s seal, ok bool) {
	data, err := os.ReadFile(sealPath(path))
	return s, err == nil && json.Unmarshal(data, &s) == nil
}

// check compares a file with its seal, as far as size and time tell; where they differ, all of it.
func (k *Files) check(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrMissing
	}
	if err != nil {
		return err
	}
	s, ok := readSeal(path)
	if !ok || s.Size == info.Size() && s.Time == info.ModTime().UnixNano() {
		return nil
	}
	return k.Verify(path)
}

// Verify reads all of a sealed file; ErrBroken when it is not as it was sealed. One that is not sealed passes.
func (k *Files) Verify(path string) error {
	s, ok := readSeal(path)
	if !ok {
		return nil
	}
	now, err := k.sealOf(path)
	if err != nil {
		return err
	}
	if now.Sum == s.Sum && now.Size == s.Size {
		return nil
	}
	if again, ok := readSeal(path); !ok || again != s { // somebody writes
		return nil
	}
	return fmt.Errorf("%w: it is damaged", ErrBroken)
}
