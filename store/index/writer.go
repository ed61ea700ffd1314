package index

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
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

	gathered *inverter // nil: nothing
	reached  State     // by what is gathered
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
	w.reached = w.state
	return w, nil
}

// Create begins a new, empty index; what there was is gone.
func Create(ctx context.Context, files *Files, path, home string, st State) (*Writer, error) {
	if err := create(ctx, path, home, st); err != nil {
		return nil, err
	}
	return OpenWriter(ctx, files, path, home)
}

// State is what is in the file.
func (w *Writer) State() State { return w.state }

// Reached is what the state will be when what is gathered is in the file; only its marks are told.
func (w *Writer) Reached() State { return w.reached }

// Close ends the writer, and seals the file when seal is true. What is gathered is forgotten.
func (w *Writer) Close(ctx context.Context, seal bool) error {
	err := w.side.Close() // it would be in the way of the seal
	if _, sealed := readSeal(w.path); seal && !sealed {
		err = errors.Join(err, w.seal(ctx))
	}
	return errors.Join(err, w.db.Close())
}

// Known tells which of some messages are in the index, and by which content.
func (w *Writer) Known(ctx context.Context, messages []int64) (map[int64]Hit, error) {
	return documents(ctx, w.side, messages)
}

// Add takes in prepared documents, with the state that they come to. They are gathered: Flush brings them into the file.
func (w *Writer) Add(docs []*Doc, bodies, headers Mark, old *Place) {
	if w.gathered == nil {
		w.gathered = newInverter()
	}
	for _, d := range docs {
		w.gathered.add(d)
	}
	w.reached.Bodies, w.reached.Headers, w.reached.Old = bodies, headers, old
}

// gatherMost is how many octets of documents are gathered; writing them takes as much again.
const gatherMost = 8 << 20

// Full reports that it is time for Flush.
func (w *Writer) Full() bool { return w.gathered != nil && w.gathered.octets() >= gatherMost }

// Flush writes what Add has gathered, in one transaction with the state. What is known already with the same
// content is left as it is. After an error nothing is gathered any more, and the file is as it was.
func (w *Writer) Flush(ctx context.Context) error { return w.write(ctx, true) }

// FlushInHaste is Flush that leaves the merging of segments to the next.
func (w *Writer) FlushInHaste(ctx context.Context) error { return w.write(ctx, false) }

func (w *Writer) write(ctx context.Context, merge bool) error {
	v := w.gathered
	if w.gathered = nil; v == nil {
		return nil
	}
	clear(w.next)
	err := w.flush(ctx, v, merge)
	if err != nil {
		w.next = map[int64]int64{} // it may have numbers that are free again
		w.reached = w.state
	}
	return broken(err)
}

func (w *Writer) flush(ctx context.Context, v *inverter, merge bool) error {
	if err := w.unseal(); err != nil {
		return err
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	st := w.state
	st.Bodies, st.Headers, st.Old = w.reached.Bodies, w.reached.Headers, w.reached.Old
	a := adder{ctx: ctx, tx: tx, w: w, st: &st}
	if err := a.all(v); err != nil {
		return err
	}
	if merge {
		if err := mergeFull(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE state SET bodies_change = ?, bodies_id = ?, headers_change = ?, headers_id = ?, old_received = ?, old_id = ?,
		spread = ?, docs = ?, terms = ?, dead = ?`, append(st.columns(), st.Spread, st.Docs, st.Terms, st.Dead)...); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.state = st
	return nil
}

// adder is one Flush.
type adder struct {
	ctx context.Context
	tx  *sql.Tx
	w   *Writer
	st  *State

	taken, supersede, doc *sql.Stmt

	known map[int64]known
}

// known is a document that a message has.
type known struct {
	number, content int64
	size            int
}

func (a *adder) all(v *inverter) error {
	for to, q := range map[**sql.Stmt]string{
		&a.taken:     `SELECT number FROM doc WHERE number >= ? ORDER BY number LIMIT ?`,
		&a.supersede: `UPDATE doc SET message = NULL WHERE number = ?`,
		&a.doc:       `INSERT OR IGNORE INTO doc(number, message, content, size, partial) VALUES (?, ?, ?, ?, ?)`,
	} {
		var err error
		if *to, err = a.tx.PrepareContext(a.ctx, q); err != nil {
			return err
		}
		defer (*to).Close()
	}
	if err := a.lookUp(v.docs); err != nil {
		return err
	}
	order := make([]int, len(v.docs)) // of receipt, so that rows are appended
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int {
		x, y := v.docs[i].doc, v.docs[k].doc
		return cmp.Or(cmp.Compare(x.Received, y.Received), cmp.Compare(x.Message, y.Message))
	})
	numbers := make([]int64, len(v.docs))
	for _, i := range order {
		var err error
		if numbers[i], err = a.add(v.docs[i].doc); err != nil {
			return err
		}
	}
	return writeSegment(a.ctx, a.tx, v, numbers)
}

// lookUp finds the documents that messages have already.
func (a *adder) lookUp(docs []inverted) error {
	ids := make([]int64, len(docs))
	for i, d := range docs {
		ids[i] = d.doc.Message
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := a.tx.QueryContext(a.ctx, `SELECT message, number, content, size FROM doc WHERE message IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	a.known = map[int64]known{}
	for rows.Next() {
		var id int64
		var k known
		if err := rows.Scan(&id, &k.number, &k.content, &k.size); err != nil {
			return err
		}
		a.known[id] = k
	}
	return rows.Err()
}

// add files a document under a number; 0: it is known.
func (a *adder) add(d *Doc) (number int64, err error) {
	if k, there := a.known[d.Message]; there {
		if k.content == d.Content {
			return 0, nil
		}
		if _, err := a.supersede.ExecContext(a.ctx, k.number); err != nil {
			return 0, err
		}
		a.st.Docs--
		a.st.Dead += int64(k.size)
	}
	second := Second(d.Received)
	if number, err = a.place(d, second); err != nil {
		return 0, err
	}
	a.known[d.Message] = known{number, d.Content, d.size}
	a.st.Docs++
	a.st.Terms += int64(d.size)
	a.st.Spread = max(a.st.Spread, number-second)
	return number, nil
}

// place files a document under the first free number from its second on.
func (a *adder) place(d *Doc, second int64) (number int64, err error) {
	for n := second; ; {
		if next := a.w.next[n]; next != 0 {
			if n, err = a.free(n); err != nil {
				return 0, err
			}
		}
		r, err := a.doc.ExecContext(a.ctx, n, d.Message, d.Content, d.size, d.Partial)
		if err != nil {
			return 0, err
		}
		done, err := r.RowsAffected()
		if err != nil {
			return 0, err
		}
		if a.w.next[n] == 0 {
			a.w.next[n] = n + 1
		}
		if done == 1 {
			return n, nil
		}
	}
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
		for ; n < end; n++ { // each of them is met as a second of its own
			next[n] = end
		}
	}
	for next[from] != 0 { // the way is shorter the next time
		step := next[from]
		next[from] = n + 1
		from = step
	}
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
