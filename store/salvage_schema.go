package store

import (
	"encoding/binary"
	"os"
	"slices"
)

// schemaPages are the pages of a sound database, counted from 0 and without the first, that hold what it says of its tables
// (https://www.sqlite.org/fileformat.html, 1.6). No definition of ours is so long that it overflows its page.
func schemaPages(db []byte) (out []int64) {
	const interior = 5
	for ahead := []int64{0}; len(ahead) > 0; ahead = ahead[1:] {
		page := db[ahead[0]*pageSize:][:pageSize]
		head := page
		if ahead[0] == 0 {
			head = page[100:] // behind the file's header
		} else {
			out = append(out, ahead[0])
		}
		if head[0] != interior {
			continue
		}
		children := []uint32{binary.BigEndian.Uint32(head[8:])}
		for i := range int(binary.BigEndian.Uint16(head[3:])) {
			cell := binary.BigEndian.Uint16(head[12+2*i:])
			children = append(children, binary.BigEndian.Uint32(page[cell:]))
		}
		for _, c := range children {
			if at := int64(c) - 1; at > 0 && (at+1)*pageSize <= int64(len(db)) && !slices.Contains(out, at) && !slices.Contains(ahead, at) {
				ahead = append(ahead, at)
			}
		}
	}
	return out
}

// overlay writes the pages that a reading takes from elsewhere into the copy, and returns what was there, by its place.
func (r reading) overlay(f *os.File, size int64) (under map[int64][]byte, err error) {
	under = map[int64][]byte{}
	for _, p := range r.over {
		at, page := p*pageSize, make([]byte, pageSize)
		if at+pageSize > size {
			continue // it comes with the rest
		}
		if _, err := f.ReadAt(page, at); err != nil {
			return nil, err
		}
		under[at] = page
		if _, err := f.WriteAt(r.rest[at:][:pageSize], at); err != nil {
			return nil, err
		}
	}
	return under, nil
}

// goLax makes SQLite go on with the tables whose definition it can read. The statement that finds the damage still fails.
func (w *walker) goLax() {
	_, _ = w.db.ExecContext(w.ctx, `PRAGMA writable_schema = ON`)
	_, _ = w.db.ExecContext(w.ctx, `SELECT count(*) FROM sqlite_schema`)
}
