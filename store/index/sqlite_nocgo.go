//go:build !cgo

package index

import sqlite3 "github.com/mattn/go-sqlite3"

func hook([]string) func(*sqlite3.SQLiteConn) error { return nil }

func passing(error) bool { return false }
