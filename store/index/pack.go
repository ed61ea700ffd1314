package index

import (
	"context"
	"os"
)

// Packing makes one list for each term of the many that came to be as documents were added: the file is a fourth
// smaller, and a search has one place to look at. It costs a tenth of what building costs.
const (
	packGrowth = 1.3     // since it was packed last
	packLeast  = 500_000 // terms
)

// Loose reports whether the file is worth packing, and how many octets it takes at most meanwhile.
func (w *Writer) Loose() (octets int64, is bool) {
	info, err := os.Stat(w.path)
	if err != nil || w.state.Terms < packLeast || float64(w.state.Terms) < packGrowth*float64(w.state.Packed) {
		return 0, false
	}
	return 3 * info.Size(), true
}

// Pack packs the file.
func (w *Writer) Pack(ctx context.Context) error {
	if err := w.unseal(); err != nil {
		return err
	}
	for _, q := range []string{`INSERT INTO words(words) VALUES ('optimize')`, `UPDATE state SET packed = terms`, `VACUUM`} {
		if _, err := w.db.ExecContext(ctx, q); err != nil {
			return broken(err)
		}
	}
	w.state.Packed = w.state.Terms
	return nil
}
