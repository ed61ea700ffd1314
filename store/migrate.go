package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// applicationID marks the file as ours ("mua1").
const applicationID = 0x6d756131

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered step; each runs in a transaction of its own.
type migration struct {
	version int
	name    string
}

// script is what the step does. It is not read before it is run: a process seldom has one to run.
func (m migration) script(files fs.FS) (string, error) {
	b, err := fs.ReadFile(files, "migrations/"+m.name)
	return string(b), err
}

// migrations lists the steps in files, by number, without gaps from 1.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.ReadDir(files, "migrations") // sorted
	if err != nil {
		return nil, err
	}
	var out []migration
	for i, n := range names {
		num, _, _ := strings.Cut(n.Name(), "_")
		v, err := strconv.Atoi(num)
		if err != nil || v != i+1 {
			return nil, fmt.Errorf("migration %s is out of order", n.Name())
		}
		out = append(out, migration{v, n.Name()})
	}
	return out, nil
}

// migrate brings the database to the newest schema, which reader may have found it to have. Several processes may do so
// at once.
func migrate(ctx context.Context, reader, db *sql.DB, path string, files fs.FS) error {
	steps, err := migrations(files)
	if err != nil {
		return err
	}
	for {
		done, err := migrateOne(ctx, reader, db, path, steps, files)
		if err != nil || done {
			return err
		}
	}
}

// migrateOne runs the next step, if there is one, in one transaction; a new file gets all of them in one.
func migrateOne(ctx context.Context, reader, db *sql.DB, path string, steps []migration, files fs.FS) (done bool, err error) {
	err = retryBusy(ctx, func() error {
		if version, err := checkFile(ctx, reader, path, len(steps)); err != nil || version == len(steps) {
			done = true
			return err
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		version, err := checkFile(ctx, tx, path, len(steps))
		if err != nil {
			return err
		}
		if version == len(steps) {
			done = true
			return nil
		}
		next := steps[version:]
		if version > 0 {
			next = next[:1]
		}
		for _, m := range next {
			script, err := m.script(files)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, script); err != nil {
				if schemaFault(err) { // what the file says of its schema is not so
					err = &faultError{ErrCorrupt, err}
				}
				return fmt.Errorf("%s: migration %s: %w", path, m.name, err)
			}
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", m.version, applicationID)); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
	return done, err
}

// checkFile refuses what is not ours or newer, and returns the schema's version.
func checkFile(ctx context.Context, q querier, path string, newest int) (int, error) {
	var app, version, tables int
	err := q.QueryRowContext(short(ctx), `SELECT
		(SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&app, &version, &tables)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	if app != applicationID && (app != 0 || tables > 0) {
		return 0, fmt.Errorf("%s %w", path, ErrForeign)
	}
	if version > newest {
		return 0, fmt.Errorf("%s has schema %d, this mua knows up to %d: %w; update mua, nothing was changed",
			path, version, newest, ErrNewerSchema)
	}
	return version, nil
}
