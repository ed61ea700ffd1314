package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
)

// Reader searches. Safe for concurrent use.
type Reader struct {
	path string
	home string
	db   *sql.DB
	file os.FileInfo
}

// OpenReader opens the file for searching; ErrBroken.
func OpenReader(files *Files, path, home string) (*Reader, error) {
	if err := files.check(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &Reader{path, home, open(path, false), info}, nil
}

// Close ends all searches.
func (r *Reader) Close() error { return r.db.Close() }

// Here reports whether the file is still the one that was opened.
func (r *Reader) Here() bool {
	now, err := os.Stat(r.path)
	return err == nil && os.SameFile(now, r.file)
}

// View is the index at one moment.
type View struct {
	State State
	ctx   context.Context
	tx    *sql.Tx
}

// View begins to look at the index as it is now; End ends it. ErrBroken.
func (r *Reader) View(ctx context.Context) (*View, error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, broken(err)
	}
	st, err := readState(ctx, tx, r.home)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return &View{st, ctx, tx}, nil
}

// End ends a view; a second call does nothing.
func (v *View) End() { _ = v.tx.Rollback() }

// Find lists the newest n documents with a number in [low, high] that an expression finds, newest first.
func (v *View) Find(e Expr, low, high int64, n int) (out []Hit, err error) {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT w.docid, d.message, d.content FROM words w CROSS JOIN doc d ON d.number = w.docid
		WHERE w.t MATCH ? AND w.docid >= ? AND w.docid <= ? AND d.message IS NOT NULL AND d.partial = 0 ORDER BY w.docid DESC LIMIT ?`, e.text, low, high, n)
	return hits(rows, err)
}

func hits(rows *sql.Rows, err error) (out []Hit, _ error) {
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	for rows.Next() {
		var h Hit
		if err := rows.Scan(&h.Number, &h.Message, &h.Content); err != nil {
			return nil, broken(err)
		}
		out = append(out, h)
	}
	return out, broken(rows.Err())
}

// Among tells which of some documents an expression finds. None of them may be missing in the index.
func (v *View) Among(e Expr, numbers []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	if len(numbers) == 0 {
		return out, nil
	}
	low, high := numbers[0], numbers[0]
	for _, n := range numbers {
		low, high = min(low, n), max(high, n)
	}
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, err
	}
	rows, err := v.tx.QueryContext(v.ctx, `SELECT docid FROM words WHERE t MATCH ? AND docid >= ? AND docid <= ? AND +docid IN (SELECT value FROM json_each(?))`,
		e.text, low, high, string(list))
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, broken(err)
		}
		out[n] = true
	}
	return out, broken(rows.Err())
}

// Docs gives the documents of messages. Those that have none, or were only taken in in part, are missing.
func (v *View) Docs(messages []int64) (map[int64]Hit, error) { return docs(v.ctx, v.tx, messages) }

func docs(ctx context.Context, q querier, messages []int64) (map[int64]Hit, error) {
	out := map[int64]Hit{}
	if len(messages) == 0 {
		return out, nil
	}
	list, err := json.Marshal(messages)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT number, message, content FROM doc WHERE partial = 0 AND message IN (SELECT value FROM json_each(?))`, string(list))
	found, err := hits(rows, err)
	for _, h := range found {
		out[h.Message] = h
	}
	return out, err
}

// Partial lists the messages that were only taken in in part.
func (v *View) Partial() (out []int64, err error) {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT message FROM doc WHERE partial = 1 AND message IS NOT NULL`)
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, broken(err)
		}
		out = append(out, id)
	}
	return out, broken(rows.Err())
}
