package store

import "context"

// AddMarked records messages of a mailbox that are about to be marked \Deleted on its server, where only a plain EXPUNGE
// can take them away: without that record, what we had marked before a kill would look like other clients' marks, which
// are not ours to expunge.
func (s *Store) AddMarked(ctx context.Context, m MailboxID, validity uint32, uids []uint32) error {
	return s.writeEach(ctx, len(uids), func(t *txn, i int) error {
		return t.run(`INSERT INTO marked(mailbox, uidvalidity, uid) VALUES (?1, ?2, ?3) ON CONFLICT (mailbox, uid) DO UPDATE SET uidvalidity = ?2`, m, validity, uids[i])
	})
}

// Marked lists, by UID, what was marked \Deleted in a mailbox and is no copy here any more. What still is one waits for its
// wish to be carried out, or was wished back meanwhile.
func (s *Store) Marked(ctx context.Context, m MailboxID, validity uint32) (uids []uint32, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT uid FROM marked d WHERE mailbox = ? AND uidvalidity = ?
			AND NOT EXISTS (SELECT 1 FROM message WHERE server_mailbox = d.mailbox AND server_uid = d.uid) ORDER BY uid`, m, validity)
		if err != nil {
			return err
		}
		defer rows.Close()
		uids = nil
		for rows.Next() {
			var u uint32
			if err := rows.Scan(&u); err != nil {
				return err
			}
			uids = append(uids, u)
		}
		return rows.Err()
	})
	return uids, err
}

// MarkedMailboxes lists the mailboxes of an account in which something was marked \Deleted.
func (s *Store) MarkedMailboxes(ctx context.Context, a AccountID) (list []MailboxID, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT DISTINCT mailbox FROM marked WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?) ORDER BY mailbox`, a)
		if err != nil {
			return err
		}
		defer rows.Close()
		list = nil
		for rows.Next() {
			var m MailboxID
			if err := rows.Scan(&m); err != nil {
				return err
			}
			list = append(list, m)
		}
		return rows.Err()
	})
	return list, err
}

// KeepMarked forgets what was marked \Deleted in a mailbox, but for these of the given UIDVALIDITY: those that the server
// still shows as marked.
func (s *Store) KeepMarked(ctx context.Context, m MailboxID, validity uint32, uids []uint32) error {
	return s.write(ctx, func(t *txn) error {
		return t.run(`DELETE FROM marked WHERE mailbox = ? AND NOT (uidvalidity = ? AND uid IN (SELECT value FROM json_each(?)))`, m, validity, toJSON(uids))
	})
}
