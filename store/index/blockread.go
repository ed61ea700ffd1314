package index

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// blockReader reads the blocks from first to last.
type blockReader interface {
	read(ctx context.Context, first, last int64) ([][]byte, error)
}

const selectBlocks = `SELECT data FROM block WHERE id BETWEEN ? AND ? ORDER BY id`

// queried reads them as anything else is read.
type queried struct{ q querier }

func (r queried) read(ctx context.Context, first, last int64) (out [][]byte, err error) {
	rows, err := r.q.QueryContext(ctx, selectBlocks, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// prepared reads them for a search, which reads many one by one: as anything else is read, a good part of the time goes
// to goroutines that wait for a context to end, and to copies.
type prepared struct {
	conn *sql.Conn
	stmt driver.Stmt // nil: not yet
}

func (r *prepared) read(ctx context.Context, first, last int64) (out [][]byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = r.conn.Raw(func(conn any) error {
		if r.stmt == nil {
			c, is := conn.(driver.Conn)
			if !is {
				return fmt.Errorf("%T is no connection", conn)
			}
			if r.stmt, err = c.Prepare(selectBlocks); err != nil {
				return err
			}
		}
		stmt, is := r.stmt.(driver.StmtQueryContext)
		if !is {
			return fmt.Errorf("%T cannot be asked", r.stmt)
		}
		rows, err := stmt.QueryContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: first}, {Ordinal: 2, Value: last}})
		if err != nil {
			return err
		}
		out, err = readAll(rows, make([][]byte, 0, last-first+1))
		return errors.Join(err, rows.Close())
	})
	return out, err
}

// readAll reads one column. What a driver gives is not written to again.
func readAll(rows driver.Rows, out [][]byte) ([][]byte, error) {
	row := make([]driver.Value, 1)
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		b, is := row[0].([]byte)
		if !is {
			return nil, errSegment
		}
		out = append(out, b)
	}
}

// close ends the statement; the connection goes on.
func (r *prepared) close() {
	if r.stmt != nil {
		_ = r.conn.Raw(func(any) error { return r.stmt.Close() })
	}
}
