package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"slices"
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

// View is the index at one moment. Not safe for concurrent use.
type View struct {
	State    State
	ctx      context.Context
	conn     *sql.Conn // in a transaction; nil: it has ended
	blocks   *prepared
	src      *source // nil: the segments have not been looked at
	segments []*segment
	begun    map[*expr]*begun
}

// begun is an expression's documents, where the last question about them left them.
type begun struct {
	docs docs
	most int64 // none above was asked for last
}

// View begins to look at the index as it is now; End ends it. ErrBroken.
func (r *Reader) View(ctx context.Context) (*View, error) {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return nil, broken(err)
	}
	v := &View{ctx: ctx, conn: conn, blocks: &prepared{conn: conn}}
	short := context.WithoutCancel(ctx) // of statements that are done before anybody could end them
	if _, err = conn.ExecContext(short, "BEGIN"); err == nil {
		v.State, err = readState(short, conn, r.home)
	}
	if err != nil {
		v.End()
		return nil, broken(err)
	}
	return v, nil
}

// End ends a view; a second call does nothing.
func (v *View) End() {
	if v.conn == nil {
		return
	}
	v.blocks.close()
	_, _ = v.conn.ExecContext(context.WithoutCancel(v.ctx), "ROLLBACK") // where BEGIN failed there is nothing to end
	_ = v.conn.Close()
	v.conn = nil
}

// docs gives what e finds up to a number. It goes on where an earlier question about e ended, if that was not below.
func (v *View) docs(e Expr, high int64) (*begun, error) {
	if b := v.begun[e.root]; b != nil && high <= b.most {
		return b, nil
	}
	if v.src == nil {
		src := &source{ctx: v.ctx, q: v.conn, block: v.blocks}
		list, err := src.segments(`1 ORDER BY high DESC`)
		if err != nil {
			return nil, err
		}
		v.src, v.segments, v.begun = src, list, map[*expr]*begun{}
	}
	var list []*segment
	for _, g := range v.segments {
		if g.low <= high {
			list = append(list, g)
		}
	}
	d, err := evaluate(v.src, list, e.root)
	if err != nil {
		return nil, err
	}
	b := &begun{d, high}
	v.begun[e.root] = b
	return b, nil
}

// seek is docs.seek.
func (b *begun) seek(most int64) (int64, error) {
	b.most = most
	return b.docs.seek(most)
}

// leastAsked documents are looked up at once.
const leastAsked = 100

// Find lists the newest n documents with a number in [low, high] that an expression finds, newest first.
func (v *View) Find(e Expr, low, high int64, n int) (out []Hit, err error) {
	d, err := v.docs(e, high)
	if err != nil {
		return nil, broken(err)
	}
	for len(out) < n {
		numbers, err := newest(d, low, high, max(n-len(out), leastAsked)) // some are of no message any more
		if err != nil {
			return nil, broken(err)
		}
		if len(numbers) == 0 {
			break
		}
		list, err := json.Marshal(numbers)
		if err != nil {
			return nil, err
		}
		rows, err := v.conn.QueryContext(v.ctx, `SELECT number, message, content FROM doc WHERE number IN (SELECT value FROM json_each(?))
			AND message IS NOT NULL AND partial = 0 ORDER BY number DESC`, string(list))
		found, err := hits(rows, err)
		if err != nil {
			return nil, err
		}
		out, high = append(out, found[:min(len(found), n-len(out))]...), numbers[len(numbers)-1]-1
	}
	return out, nil
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
	d, err := v.docs(e, slices.Max(numbers))
	if err != nil {
		return nil, broken(err)
	}
	list, err := among(d, numbers)
	for _, n := range list {
		out[n] = true
	}
	return out, broken(err)
}

// Docs gives the documents of messages. Those that have none, or were only taken in in part, are missing.
func (v *View) Docs(messages []int64) (map[int64]Hit, error) {
	return documents(v.ctx, v.conn, messages)
}

func documents(ctx context.Context, q querier, messages []int64) (map[int64]Hit, error) {
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
	rows, err := v.conn.QueryContext(v.ctx, `SELECT message FROM doc WHERE partial = 1 AND message IS NOT NULL`)
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
