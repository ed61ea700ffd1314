package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
)

// Writer adds documents. The caller makes sure that there is only one.
type Writer struct {
	files *Files
	path  string
	db    *sql.DB
	side  *sql.DB // reads beside a transaction
	state State
	next  map[int64]int64 // of numbers that are taken: one that may not be
	dirty bool            // the seal is off
}

// OpenWriter opens the file for adding to it. ErrBroken: it has to be built anew, with Create.
func OpenWriter(ctx context.Context, files *Files, path, home string) (*Writer, error) {
	if err := files.check(path); err != nil {
		return nil, err
	}
	w := &Writer{files: files, path: path, next: map[int64]int64{}, db: open(path, true), side: open(path, false)}
	var err error
	if w.state, err = readState(ctx, w.db, home); err != nil {
		return nil, errors.Join(err, w.side.Close(), w.db.Close())
	}
	return w, nil
}

// Create begins a new, empty index; what there was is gone.
func Create(ctx context.Context, files *Files, path, home string, st State) (*Writer, error) {
	if err := create(ctx, path, home, st); err != nil {
		return nil, err
	}
	return OpenWriter(ctx, files, path, home)
}

// State is what has been taken in.
func (w *Writer) State() State { return w.state }

// Close ends the writer, and seals the file when seal is true.
func (w *Writer) Close(ctx context.Context, seal bool) error {
	err := w.side.Close() // it would be in the way of the seal
	if _, sealed := readSeal(w.path); seal && !sealed {
		err = errors.Join(err, w.seal(ctx))
	}
	return errors.Join(err, w.db.Close())
}

// Known tells which of some messages are in the index, and by which content.
func (w *Writer) Known(ctx context.Context, messages []int64) (map[int64]Hit, error) {
	return docs(ctx, w.side, messages)
}

// Add takes in prepared documents, in one transaction with the new state. What is known already with the
// same content is left as it is.
func (w *Writer) Add(ctx context.Context, docs []*Doc, bodies, headers Mark, old *Place) error {
	if err := w.unseal(); err != nil {
		return err
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return broken(err)
	}
	defer tx.Rollback()
	st := w.state
	st.Bodies, st.Headers, st.Old = bodies, headers, old
	a := adder{ctx: ctx, tx: tx, w: w, st: &st}
	if err := a.all(docs); err != nil {
		w.next = map[int64]int64{} // it may have numbers that are free again
		return broken(err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE state SET bodies_change = ?, bodies_id = ?, headers_change = ?, headers_id = ?, old_received = ?, old_id = ?,
		spread = ?, docs = ?, terms = ?, dead = ?`, append(st.columns(), st.Spread, st.Docs, st.Terms, st.Dead)...); err != nil {
		return broken(err)
	}
	if err := tx.Commit(); err != nil {
		w.next = map[int64]int64{}
		return broken(err)
	}
	w.state = st
	return nil
}

// adder is one Add.
type adder struct {
	ctx context.Context
	tx  *sql.Tx
	w   *Writer
	st  *State

	known, taken, supersede, word, doc *sql.Stmt
}

func (a *adder) all(docs []*Doc) error {
	for to, q := range map[**sql.Stmt]string{
		&a.known:     `SELECT number, content, size FROM doc WHERE message = ?`,
		&a.taken:     `SELECT number FROM doc WHERE number >= ? ORDER BY number LIMIT ?`,
		&a.supersede: `UPDATE doc SET message = NULL WHERE number = ?`,
		&a.word:      `INSERT INTO words(docid, t) VALUES (?, ?)`,
		&a.doc:       `INSERT INTO doc(number, message, content, size, partial) VALUES (?, ?, ?, ?, ?)`,
	} {
		var err error
		if *to, err = a.tx.PrepareContext(a.ctx, q); err != nil {
			return err
		}
		defer (*to).Close()
	}
	sorted := slices.Clone(docs) // a number that falls makes SQLite flush what it has gathered
	slices.SortStableFunc(sorted, func(x, y *Doc) int {
		return cmp.Or(cmp.Compare(x.Received, y.Received), cmp.Compare(x.Message, y.Message))
	})
	for _, d := range sorted {
		if err := a.add(d); err != nil {
			return err
		}
	}
	return nil
}

func (a *adder) add(d *Doc) error {
	var number, content int64
	var size int
	err := a.known.QueryRowContext(a.ctx, d.Message).Scan(&number, &content, &size)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case content == d.Content:
		return nil
	default:
		if _, err := a.supersede.ExecContext(a.ctx, number); err != nil {
			return err
		}
		a.st.Docs--
		a.st.Dead += int64(size)
	}
	second := Second(d.Received)
	if number, err = a.free(second); err != nil {
		return err
	}
	if _, err := a.word.ExecContext(a.ctx, number, d.terms); err != nil {
		return err
	}
	if _, err := a.doc.ExecContext(a.ctx, number, d.Message, d.Content, d.size, d.Partial); err != nil {
		return err
	}
	a.st.Docs++
	a.st.Terms += int64(d.size)
	a.st.Spread = max(a.st.Spread, number-second)
	return nil
}

// maxNext bounds what is remembered of numbers that are taken.
const maxNext = 1 << 19

// free is the first number from n on that no document has. Runs of those that are taken are walked once.
func (a *adder) free(n int64) (int64, error) {
	next, from := a.w.next, n
	if len(next) > maxNext {
		clear(next)
	}
	for {
		for next[n] != 0 {
			n = next[n]
		}
		end, err := a.run(n)
		if err != nil {
			return 0, err
		}
		if end == n {
			break
		}
		next[n] = end
		n = end
	}
	for next[from] != 0 { // the way is shorter the next time
		step := next[from]
		next[from] = n + 1
		from = step
	}
	next[n] = n + 1
	return n, nil
}

// run is the end of the run of taken numbers that begins at n, or a good part of it.
func (a *adder) run(n int64) (int64, error) {
	limit := 1
	for {
		rows, err := a.taken.QueryContext(a.ctx, n, limit)
		if err != nil {
			return 0, err
		}
		begin := n
		for rows.Next() {
			var k int64
			if err := rows.Scan(&k); err != nil {
				rows.Close()
				return 0, err
			}
			if k != n {
				break
			}
			n++
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return 0, err
		}
		if n-begin < int64(limit) {
			return n, nil
		}
		limit = 1000
	}
}
