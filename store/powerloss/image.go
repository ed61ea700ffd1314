package powerloss

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// sector is where a write may be torn, in octets.
const sector = 512

// Mode is what becomes of writes that no fsync covers.
type Mode int

// The modes.
const (
	DropAll Mode = iota // none is there
	KeepAll             // all are there: the program died, the power stayed
	Prefix              // those up to some moment, the last of them torn
	Subset              // any of them, each whole
	Torn                // any sectors of any of them
	Modes
)

// Image is what a folder holds after the power was lost.
type Image struct {
	files map[string][]byte
}

// Cut loses the power when the record had come to line at: calls that returned before then are done,
// those that began before then may be half done.
func (t *Tape) Cut(at int, mode Mode, r *rand.Rand) Image {
	var done []Op
	for _, op := range t.Ops {
		switch {
		case op.End <= at:
			done = append(done, op)
		case op.Begin <= at && op.Kind == Write: // under way
			done = append(done, op)
		}
	}
	covered := coverage(done)
	names := directory(done, covered.dir, mode, r)
	disk := map[int][]byte{}
	limit := len(done)
	if mode == Prefix {
		limit = r.IntN(len(done) + 1)
	}
	for i, op := range done {
		if op.Kind != Write && op.Kind != Truncate {
			continue
		}
		safe := i < covered.file[op.File]
		if !safe && !keep(mode, i, limit, r) {
			continue
		}
		switch {
		case op.Kind == Truncate:
			disk[op.File] = resize(disk[op.File], op.Offset)
		case safe || mode == KeepAll || mode == Subset || mode == Prefix && i < limit-1:
			disk[op.File] = put(disk[op.File], op.Offset, op.Data)
		default:
			disk[op.File] = tear(disk[op.File], op.Offset, op.Data, mode, r)
		}
	}
	img := Image{map[string][]byte{}}
	for name, file := range names {
		img.files[name] = disk[file]
	}
	return img
}

// covers says up to which operation (not included) each file and the folder are safe.
type covers struct {
	file map[int]int
	dir  int
}

// coverage finds what the syncs cover: operations that had returned before the sync began.
func coverage(ops []Op) covers {
	c := covers{file: map[int]int{}}
	for i, s := range ops {
		if s.Kind != Sync && s.Kind != SyncDir {
			continue
		}
		upto := i
		for upto > 0 && ops[upto-1].End > s.Begin {
			upto--
		}
		if s.Kind == SyncDir {
			c.dir = max(c.dir, upto)
		} else {
			c.file[s.File] = max(c.file[s.File], upto)
		}
	}
	return c
}

// directory is which names there are: what was synced, and of the rest some first part.
func directory(ops []Op, synced int, mode Mode, r *rand.Rand) map[string]int {
	upto := synced
	switch mode {
	case DropAll:
	case KeepAll:
		upto = len(ops)
	default:
		upto += r.IntN(len(ops) - synced + 1)
	}
	names := map[string]int{}
	for _, op := range ops[:upto] {
		switch op.Kind {
		case Create:
			names[op.Name] = op.File
		case Remove:
			delete(names, op.Name)
		case Rename:
			names[op.To] = op.File
			delete(names, op.Name)
		}
	}
	return names
}

// keep decides on a write that no fsync covers.
func keep(mode Mode, i, limit int, r *rand.Rand) bool {
	switch mode {
	case KeepAll:
		return true
	case Prefix:
		return i < limit
	case Subset, Torn:
		return r.IntN(2) == 0
	}
	return false
}

func resize(b []byte, size int64) []byte {
	if int64(len(b)) >= size {
		return b[:size:size] // what grows it again are zeros
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

func put(b []byte, offset int64, data []byte) []byte {
	if end := offset + int64(len(data)); int64(len(b)) < end {
		b = resize(b, end)
	}
	copy(b[offset:], data)
	return b
}

// tear writes the sectors of a write up to some border, or, torn, any of them.
func tear(b []byte, offset int64, data []byte, mode Mode, r *rand.Rand) []byte {
	stop := r.IntN(len(data)/sector + 2)
	for n := 0; len(data) > 0; n++ {
		size := min(int64(len(data)), sector-offset%sector)
		if mode == Torn && r.IntN(2) == 0 || mode != Torn && n < stop {
			b = put(b, offset, data[:size])
		}
		offset, data = offset+size, data[size:]
	}
	return b
}

// Write puts the image into a new folder.
func (img Image) Write(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	for name, data := range img.files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return err
}
