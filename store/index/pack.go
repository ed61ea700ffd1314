package index

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
)

// Packing makes one segment of many: a search has one place to look at. Merged in place they would leave the room that
// they took, so the file is written anew.
const (
	packGrowth = 1.3     // since it was packed last
	packLeast  = 500_000 // terms
	// packSegments that a search has to look at one after another are too many.
	packSegments = 8
)

// Loose reports whether the file is worth packing, and how many octets it takes at most meanwhile.
func (w *Writer) Loose(ctx context.Context) (octets int64, is bool) {
	info, err := os.Stat(w.path)
	if err != nil || w.state.Terms < packLeast || float64(w.state.Terms) < packGrowth*float64(w.state.Packed) {
		return 0, false
	}
	var segments int
	if err := w.db.QueryRowContext(ctx, `SELECT count(*) FROM segment`).Scan(&segments); err != nil || segments < packSegments {
		return 0, false
	}
	return info.Size(), true
}

// Size is that of the file, in octets.
func (w *Writer) Size() int64 {
	info, err := os.Stat(w.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Pack writes the index anew, beside it, in order: PackPath. It is what Replace then puts in its place.
func (w *Writer) Pack(ctx context.Context) error {
	path := PackPath(w.path)
	if err := create(ctx, path, "", State{}); err != nil {
		return err
	}
	db := open(path, true)
	err := w.packInto(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return errors.Join(broken(err), Remove(path))
	}
	return nil
}

// PackPath is where the index at path is written anew.
func PackPath(path string) string { return path + ".pack" }

func (w *Writer) packInto(ctx context.Context, db *sql.DB) error {
	// What is not finished is thrown away, so nothing has to be taken back.
	if _, err := db.ExecContext(ctx, `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF`); err != nil {
		return err
	}
	from := url.URL{Scheme: "file", Path: w.path, RawQuery: "mode=ro"}
	if _, err := db.ExecContext(ctx, `ATTACH DATABASE ? AS old`, from.String()); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, q := range []string{`INSERT INTO doc SELECT * FROM old.doc`, `DELETE FROM state`, `INSERT INTO state SELECT * FROM old.state`, `UPDATE state SET packed = terms`} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	src := &source{ctx: ctx, q: w.side, block: queried{w.side}}
	list, err := src.segments(`1`)
	if err != nil {
		return err
	}
	if err := mergeInto(ctx, tx, src, list); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `PRAGMA synchronous = FULL; DETACH DATABASE old; PRAGMA journal_mode = WAL`)
	return err
}
