package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Quarantined is a message on a server that could not be had: what came of it was no answer that can be
// read, or the server would not deliver it. Pulls leave it out until it is due.
type Quarantined struct {
	UID     uint32
	Size    int64  // octets, as the server says
	Why     string // for the reader
	Version string // of the mua that failed
	First   time.Time
	Last    time.Time
	Tries   int
	Due     bool // another version than the one that failed, or the server has had its time
}

// quarantineSchema is the first schema that has the table.
const quarantineSchema = 5

// The first wait before a server that would not deliver a message is asked again, doubled each time.
const (
	quarantineRetry = 24 * time.Hour
	quarantineMost  = 64 * 24 * time.Hour
)

// Quarantine records messages that could not be had by this version of mua. refused says that the
// server would not deliver them, so that the same version asks again after a day, then two, and so on;
// else only another version does.
func (s *Store) Quarantine(ctx context.Context, m MailboxID, validity uint32, version string, refused bool, list []Quarantined) error {
	return s.writeEach(ctx, len(list), func(t *txn, i int) error {
		q := list[i]
		var tries int
		err := t.row(`SELECT tries FROM quarantine WHERE mailbox = ? AND uid = ? AND uidvalidity = ?`, m, q.UID, validity).Scan(&tries)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var retry any
		if refused {
			wait := min(quarantineRetry<<min(tries, 10), quarantineMost)
			retry = t.now + wait.Milliseconds()
		}
		return t.run(`INSERT INTO quarantine(mailbox, uid, uidvalidity, size, why, version, first, last, retry) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)
			ON CONFLICT (mailbox, uid) DO UPDATE SET size = ?4, why = ?5, version = ?6, last = ?7, retry = ?8,
			first = iif(uidvalidity = ?3, first, ?7), tries = iif(uidvalidity = ?3, tries + 1, 1), uidvalidity = ?3`,
			m, q.UID, validity, q.Size, q.Why, version, t.now, retry)
	})
}

// Quarantined lists what pulls of a mailbox leave out, by UID; Due is for the given version of mua, now.
func (s *Store) Quarantined(ctx context.Context, m MailboxID, validity uint32, version string) (out []Quarantined, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		out, err = readQuarantine(ctx, q, `SELECT '', '', uid, size, why, version, first, last, tries, version <> ?3 OR coalesce(retry <= ?4, 0)
			FROM quarantine WHERE mailbox = ?1 AND uidvalidity = ?2 ORDER BY uid`, nil, m, validity, version, s.now().UnixMilli())
		return err
	})
	return out, err
}

// EndQuarantine forgets what has come after all, or is gone from the server.
func (s *Store) EndQuarantine(ctx context.Context, m MailboxID, uids []uint32) error {
	return s.writeEach(ctx, len(uids), func(t *txn, i int) error {
		return t.run(`DELETE FROM quarantine WHERE mailbox = ? AND uid = ?`, m, uids[i])
	})
}

// readQuarantine reads rows that begin with account and mailbox; place is told them, nil: not.
func readQuarantine(ctx context.Context, q querier, query string, place func(account, mailbox string), args ...any) (out []Quarantined, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var x Quarantined
		var account, mailbox string
		var first, last int64
		if err := rows.Scan(&account, &mailbox, &x.UID, &x.Size, &x.Why, &x.Version, &first, &last, &x.Tries, &x.Due); err != nil {
			return nil, err
		}
		x.First, x.Last = time.UnixMilli(first), time.UnixMilli(last)
		if place != nil {
			place(account, mailbox)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// leftOut are words for each message in quarantine, of all accounts.
func leftOut(ctx context.Context, q querier) ([]string, error) {
	var places []string
	list, err := readQuarantine(ctx, q, `SELECT a.name, m.name, q.uid, q.size, q.why, q.version, q.first, q.last, q.tries, 0
		FROM quarantine q JOIN mailbox m ON m.id = q.mailbox JOIN account a ON a.id = m.account ORDER BY a.name, m.name, q.uid LIMIT 1000`,
		func(account, mailbox string) { places = append(places, account+" "+mailbox) })
	var out []string
	for i, x := range list {
		out = append(out, fmt.Sprintf("%s: message with UID %d is left out since %s: %s (mua %s)", places[i], x.UID, x.First.UTC().Format(time.RFC3339), x.Why, x.Version))
	}
	return out, err
}
