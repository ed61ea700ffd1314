// Package query is the query language: text → tree. It knows no SQL.
package query

// Error says what is wrong with a query and where.
type Error struct {
	Query string
	Pos   int // byte offset
	Msg   string
}

func (e *Error) Error() string { return e.Msg }
