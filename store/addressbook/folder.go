package addressbook

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"mua/store/message"
)

const (
	maxFiles    = 20_000
	maxFile     = 16 << 20 // octets
	maxAll      = 128 << 20
	maxDepth    = 4 // folders within a folder: vdirsyncer keeps a folder for each address book
	maxAllCards = 200_000
)

// file is what was read of a file, as long as it stays what it was.
type file struct {
	modified time.Time
	size     int64
	cards    []card
}

// Refresh reads the files that are new or have changed since it was called last; what is gone is forgotten. It returns
// what could not be read. Ended by ctx, it goes on from there the next time.
func (b *Book) Refresh(ctx context.Context) []error {
	if len(b.paths) == 0 {
		return nil
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	r := &refresh{ctx: ctx, old: b.files, files: map[string]*file{}}
	for _, p := range b.paths {
		r.path(p, 0, true)
	}
	if ctx.Err() != nil { // what has been read is kept, and nothing is forgotten
		for p, f := range r.files {
			b.files[p] = f
		}
		return r.missed
	}
	b.files = r.files
	all := []card{}
	for _, p := range r.order {
		all = append(all, r.files[p].cards...)
	}
	if len(all) > maxAllCards {
		r.miss("more than %d cards are too many; the others are not read", maxAllCards)
		all = all[:maxAllCards]
	}
	b.cards.Store(&all)
	return r.missed
}

// refresh is one reading of the folders.
type refresh struct {
	ctx        context.Context
	old, files map[string]*file
	order      []string
	octets     int64
	seen       int // files and folders
	full       bool
	missed     []error
}

func (r *refresh) miss(format string, args ...any) {
	if len(r.missed) < 20 {
		r.missed = append(r.missed, fmt.Errorf("contacts: %s", message.CleanLine(fmt.Sprintf(format, args...))))
	}
}

// path reads a folder or a file. One that the person has named is read whatever it is called, and told when it is not there.
func (r *refresh) path(p string, depth int, named bool) {
	if r.seen++; r.ctx.Err() != nil || r.full {
		return
	}
	if r.seen > maxFiles {
		r.full = true
		r.miss("more than %d files are too many; the others are not read", maxFiles)
		return
	}
	info, err := os.Stat(p)
	switch {
	case err != nil:
		if named {
			r.miss("%v", err)
		}
	case info.IsDir():
		if depth <= maxDepth {
			r.folder(p, depth)
		}
	case !info.Mode().IsRegular():
		if named {
			r.miss("%s is neither a folder nor a file", p)
		}
	case named || strings.EqualFold(filepath.Ext(p), ".vcf") || strings.EqualFold(filepath.Ext(p), ".vcard"):
		r.file(p, info)
	}
}

func (r *refresh) folder(dir string, depth int) {
	f, err := os.Open(dir)
	if err != nil {
		r.miss("%v", err)
		return
	}
	names, err := f.Readdirnames(maxFiles + 1)
	f.Close()
	if err != nil && err != io.EOF {
		r.miss("%v", err)
	}
	slices.Sort(names)
	for _, n := range names {
		if !strings.HasPrefix(n, ".") {
			r.path(filepath.Join(dir, n), depth+1, false)
		}
	}
}

func (r *refresh) file(p string, info fs.FileInfo) {
	if r.files[p] != nil {
		return
	}
	if r.octets += info.Size(); info.Size() > maxFile || r.octets > maxAll {
		r.octets -= info.Size()
		r.miss("%s is too large (%d octets); it is not read", p, info.Size())
		return
	}
	f := r.old[p]
	if f == nil || !f.modified.Equal(info.ModTime()) || f.size != info.Size() {
		f = &file{modified: info.ModTime(), size: info.Size()}
		data, err := readFile(p)
		if err != nil {
			r.miss("%v", err)
			return
		}
		f.cards = parseCards(data)
	}
	r.files[p] = f
	r.order = append(r.order, p)
}

// readFile reads the beginning of a regular file: what has meanwhile become a pipe is not waited for.
func readFile(p string) ([]byte, error) {
	f, err := os.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, maxFile))
}
