package store

import (
	"database/sql"
	"encoding/json"
	"time"
)

// ms is a time as stored; the zero time is NULL.
func ms(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

// at is the time of a stored value; NULL is the zero time.
func at(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMilli(v.Int64)
}

// null stores 0 as NULL.
func null[T ~int64 | ~uint32](v T) sql.NullInt64 {
	return sql.NullInt64{Int64: int64(v), Valid: v != 0}
}

// toJSON is a list as stored: never null.
func toJSON[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil { // strings and numbers always marshal
		return "[]"
	}
	return string(b)
}

// fromJSON reads a stored list; what is not one is empty.
func fromJSON[T any](s string) []T {
	if s == "" || s == "[]" {
		return nil
	}
	if list, ok := quick[T](s); ok {
		return list
	}
	var list []T
	if json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}
