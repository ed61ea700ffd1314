package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// actionRow is a pending wish of a copy.
type actionRow struct {
	id                        ActionID
	grp                       GroupID
	kind                      ActionKind
	target                    MailboxID
	add, remove               Flags
	addKeywords, dropKeywords []string
	given                     MessageID // 0: not yet; else 1 + the last message when it was handed out first
}

func (a *actionRow) location() bool { return a.kind != ActionFlags }

// apply overlays a flags wish.
func (a *actionRow) apply(f Flags, keywords []string) (Flags, []string) {
	return (f | a.add) &^ a.remove, keywordSet(keywords, a.addKeywords, a.dropKeywords)
}

// wishes lists a copy's pending actions that no outbox item blocks, oldest first.
func (t *txn) wishes(id MessageID) ([]actionRow, error) {
	rows, err := t.query(`SELECT id, grp, kind, target, add_flags, remove_flags, add_keywords, remove_keywords, given FROM action
		WHERE message = ? AND state = 'pending' AND blocked_by IS NULL ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []actionRow
	for rows.Next() {
		var a actionRow
		var target sql.NullInt64
		var add, remove string
		if err := rows.Scan(&a.id, &a.grp, &a.kind, &target, &a.add, &a.remove, &add, &remove, &a.given); err != nil {
			return nil, err
		}
		a.target, a.addKeywords, a.dropKeywords = MailboxID(target.Int64), fromJSON[string](add), fromJSON[string](remove)
		out = append(out, a)
	}
	return out, rows.Err()
}

// forecast is what the server will hold once what was already given for replay is done.
type forecast struct {
	mailbox  MailboxID // 0: nothing
	flags    Flags
	keywords []string
}

func (k *copyState) forecast(wishes []actionRow) forecast {
	f := forecast{k.serverMailbox, k.serverFlags, k.serverKeywords}
	for i := range wishes {
		a := &wishes[i]
		if a.given == 0 {
			continue
		}
		switch a.kind {
		case ActionFlags:
			f.flags, f.keywords = a.apply(f.flags, f.keywords)
		case ActionMove:
			f.mailbox = a.target
		case ActionDelete:
			f.mailbox = 0
		case ActionAppend, ActionCopy:
			f = forecast{a.target, a.add, a.addKeywords}
		}
	}
	return f
}

// settle makes the journal say exactly what is missing between the server (as it
// will be once the wishes already given are done) and what the person sees: at
// most one flags wish and one wish of place. So marking and unmarking is nothing,
// and move, move, delete is one delete.
func (t *txn) settle(k *copyState, grp GroupID) error {
	if k.state == hidden {
		return nil
	}
	wishes, err := t.wishes(k.id)
	if err != nil {
		return err
	}
	local, err := t.isLocal(k.mailbox)
	if err != nil {
		return err
	}
	want := k.mailbox
	if local || k.state == gone {
		want = 0
	}
	server := k.forecast(wishes)
	place, flags := k.missingPlace(server, want), k.missingFlags(server, want)
	if place != nil && place.kind != ActionMove && place.kind != ActionCopy && k.state == here && k.content == 0 {
		return fmt.Errorf("message %d is not wholly here yet, sync first: %w (%w)", k.id, ErrState, ErrNoBody)
	}
	for _, w := range []struct {
		want *actionRow
		is   func(*actionRow) bool
	}{
		{flags, func(a *actionRow) bool { return !a.location() }},
		{place, (*actionRow).location},
	} {
		if err := t.replaceWish(k, grp, wishes, w.is, w.want); err != nil {
			return err
		}
	}
	return nil
}

// missingPlace is the wish that brings the server's copy to mailbox want (0: nowhere); nil when there is none.
func (k *copyState) missingPlace(server forecast, want MailboxID) *actionRow {
	switch {
	case server.mailbox == want:
		return nil
	case want == 0:
		return &actionRow{kind: ActionDelete}
	case server.mailbox == 0 && k.copyOf != 0:
		return &actionRow{kind: ActionCopy, target: want}
	case server.mailbox == 0:
		return &actionRow{kind: ActionAppend, target: want}
	default:
		return &actionRow{kind: ActionMove, target: want}
	}
}

// missingFlags is the wish that brings the server's flags in line; nil when there
// is none. An append carries the flags itself.
func (k *copyState) missingFlags(server forecast, want MailboxID) *actionRow {
	if want == 0 || server.mailbox == 0 {
		return nil
	}
	a := &actionRow{
		kind: ActionFlags, add: k.flags &^ server.flags, remove: server.flags &^ k.flags,
		addKeywords: keywordDiff(k.keywords, server.keywords), dropKeywords: keywordDiff(server.keywords, k.keywords),
	}
	if a.add == 0 && a.remove == 0 && len(a.addKeywords) == 0 && len(a.dropKeywords) == 0 {
		return nil
	}
	return a
}

// replaceWish puts want (nil: none) in the place of the copy's not yet given wishes of one sort.
func (t *txn) replaceWish(k *copyState, grp GroupID, wishes []actionRow, sort func(*actionRow) bool, want *actionRow) error {
	for i := range wishes {
		a := &wishes[i]
		if a.given != 0 || !sort(a) {
			continue
		}
		if want == nil {
			if err := t.run(`DELETE FROM action WHERE id = ?`, a.id); err != nil {
				return err
			}
			continue
		}
		err := t.run(`UPDATE action SET grp = ?, kind = ?, target = ?, add_flags = ?, remove_flags = ?, add_keywords = ?, remove_keywords = ?,
			local = ? WHERE id = ?`, grp, want.kind, null(want.target), want.add, want.remove,
			toJSON(want.addKeywords), toJSON(want.dropKeywords), k.localJSON(), a.id)
		if err != nil {
			return err
		}
		want = nil
	}
	if want == nil {
		return nil
	}
	return t.run(`INSERT INTO action(grp, account, message, kind, target, add_flags, remove_flags, add_keywords, remove_keywords,
		base, local, created) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`, grp, k.account, k.id, want.kind, null(want.target), want.add, want.remove,
		toJSON(want.addKeywords), toJSON(want.dropKeywords), k.serverJSON(), k.localJSON(), t.now)
}

// placeJSON is a copy's state as the journal keeps it.
type placeJSON struct {
	Mailbox  MailboxID `json:"mailbox"`
	Gone     bool      `json:"gone,omitempty"`
	Flags    []string  `json:"flags"`
	Keywords []string  `json:"keywords,omitempty"`
}

func (k *copyState) serverJSON() string {
	return journalJSON(placeJSON{k.serverMailbox, false, k.serverFlags.Names(), k.serverKeywords})
}

func (k *copyState) localJSON() string {
	return journalJSON(placeJSON{k.mailbox, k.state == gone, k.flags.Names(), k.keywords})
}

func journalJSON(p placeJSON) string {
	b, err := json.Marshal(p)
	if err != nil { // numbers and strings always marshal
		return ""
	}
	return string(b)
}

func hasKeyword(list []string, k string) bool {
	for _, x := range list {
		if strings.EqualFold(x, k) {
			return true
		}
	}
	return false
}
