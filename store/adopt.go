package store

// adoptable finds the copy without a UID that an Incoming of box is: one the server
// holds there for all we know (moved or appended by us, or UIDVALIDITY changed), or
// one whose append there is still pending (its answer was lost). The same
// bytes, else the same Message-ID and size, else (no Message-ID) the same size, date and subject. Of several, one with the
// same flags: they are what tells copies of one message apart.
func (t *txn) adoptable(box Mailbox, in *Incoming, c *columns) (*copyState, error) {
	const waits = `server_uid IS NULL AND account = ?1 AND state <> 1 AND (server_mailbox = ?2 OR server_mailbox IS NULL
		AND EXISTS (SELECT 1 FROM action a WHERE a.message = message.id AND a.state = 'pending' AND a.kind IN ('append', 'copy') AND a.target = ?2))`
	flags, keywords := in.Flags, toJSON(keywordSet(nil, in.Keywords, nil))
	if c.content != nil {
		id, err := t.findContent(*c.content)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			k, err := t.likest(`content = ?5 AND `+waits, box.Account, box.ID, flags, keywords, id)
			if k != nil || err != nil {
				return k, err
			}
		}
	}
	if c.headerID != "" {
		return t.likest(`header_id = ?5 AND size = ?6 AND `+waits, box.Account, box.ID, flags, keywords, c.headerID, c.size)
	}
	return t.likest(`header_id = '' AND size = ?5 AND date IS ?6 AND subject = ?7 AND `+waits, box.Account, box.ID, flags, keywords, c.size, ms(c.date), c.subject)
}

// likest is first of those with the server's flags ?3 and keywords ?4, else of all. What is here goes before what is gone: were the
// server to have it but once, it would be deleted for the other. What is known to be there goes before what may be.
func (t *txn) likest(where string, args ...any) (*copyState, error) {
	return t.oldest(where+` ORDER BY state, server_mailbox IS NULL, server_flags = ?3 AND server_keywords = ?4 DESC, id LIMIT 1`, args...)
}

// first returns the oldest copy a condition selects, or nil.
func (t *txn) first(where string, args ...any) (*copyState, error) {
	return t.oldest(where+` ORDER BY id LIMIT 1`, args...)
}

func (t *txn) oldest(query string, args ...any) (*copyState, error) {
	list, err := t.copies(query, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// adopt gives a waiting copy its UID. A pending append is thereby fulfilled: what the
// person changed since stays a wish.
func (p *puller) adopt(t *txn, k *copyState, i int) error {
	in := &p.batch[i]
	appended := k.serverMailbox == 0
	k.uid, k.detached, k.awaiting, k.serverMailbox = in.UID, false, 0, p.box.ID
	if err := t.savePlace(k); err != nil {
		return err
	}
	if !appended {
		if err := t.moveKnown(k); err != nil {
			return err
		}
		return p.update(t, k, i)
	}
	if err := t.run(`DELETE FROM action WHERE message = ? AND state = 'pending' AND kind IN ('append', 'copy')`, k.id); err != nil {
		return err
	}
	k.serverFlags, k.serverKeywords, k.modSeq = in.Flags, keywordSet(nil, in.Keywords, nil), int64(in.ModSeq)
	if err := t.saveFlags(k); err != nil {
		return err
	}
	return t.settleNew(k, "adopt")
}
