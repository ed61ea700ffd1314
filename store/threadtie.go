package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"mua/store/message"
)

// An answer that names no message ("Re: the plan", without References and In-Reply-To) is tied to the message
// that it answers by its subject: the latest of the same account with the same topic in the answerWindow before it,
// to whose sender it goes, or from one of whose recipients it comes, or on the same mailing list. A topic that says little
// ("Re: hi") ties nothing. The rule looks at the set of messages alone, by their Date: when a message comes that fits
// better, the tie moves.
const (
	answerWindow   = 30 * 24 * time.Hour
	mostCandidates = 30 // messages looked at, the latest first
)

// missive is what the rule looks at.
type missive struct {
	id       MessageID
	headerID string
	date     int64
	topic    sql.NullInt64
	listID   string
	from, to []string      // addresses, folded; to: Cc, too
	answers  sql.NullInt64 // the column
}

const missiveFields = `id, header_id, date, topic, list_id, from_addrs, to_addrs, cc_addrs, answers`

func scanMissive(rows *sql.Rows) (l missive, err error) {
	var from, to, cc string
	var date sql.NullInt64
	err = rows.Scan(&l.id, &l.headerID, &date, &l.topic, &l.listID, &from, &to, &cc, &l.answers)
	l.date = date.Int64
	l.from, l.to = foldedAddrs(from), append(foldedAddrs(to), foldedAddrs(cc)...)
	return l, err
}

func foldedAddrs(list string) (out []string) {
	for _, a := range fromJSON[message.Address](list) {
		out = append(out, strings.ToLower(a.Addr))
	}
	return out
}

// replies reports whether l, an answer, may be one to p. Both have the same topic.
func (l *missive) replies(p *missive) bool {
	if c := cmp.Or(cmp.Compare(p.date, l.date), strings.Compare(p.headerID, l.headerID)); c >= 0 ||
		l.date-p.date > answerWindow.Milliseconds() || p.headerID == l.headerID {
		return false
	}
	return l.listID != "" && l.listID == p.listID || meet(p.from, l.to) || meet(l.from, p.to)
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return x != "" && slices.Contains(b, x) })
}

// tieOrphans looks again what the orphans answer for which the messages that came may make a difference.
func (t *txn) tieOrphans(joins []joiner) error {
	orphans, err := t.orphansNear(joins)
	if err != nil || len(orphans) == 0 {
		return err
	}
	moved := map[strandID]bool{} // strands whose ties have moved
	for i := range orphans {
		if err := t.tieOrphan(&orphans[i], moved); err != nil {
			return err
		}
	}
	return t.regroup(moved)
}

// orphansNear finds the orphans for which a message that came is among the candidates: those of its topic that follow it next.
func (t *txn) orphansNear(joins []joiner) ([]missive, error) {
	wanted, err := t.topicsWithOrphans(joins)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	found := map[MessageID]missive{}
	for _, j := range joins {
		if !wanted[j.topic] {
			continue
		}
		list, err := t.missives(`FROM message m INDEXED BY message_orphan WHERE m.answers IS NOT NULL AND m.topic = ? AND m.date BETWEEN ? AND ?
			ORDER BY m.date, m.header_id LIMIT ?`, j.topic, j.date, j.date+answerWindow.Milliseconds(), mostCandidates)
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			found[l.id] = l
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b missive) int {
		return cmp.Or(cmp.Compare(a.date, b.date), strings.Compare(a.headerID, b.headerID), cmp.Compare(a.id, b.id))
	}), nil
}

// topicsWithOrphans are those of the topics of messages that an orphan has, too: few.
func (t *txn) topicsWithOrphans(joins []joiner) (map[int64]bool, error) {
	topics := make([]int64, 0, len(joins))
	for i := range joins {
		if joins[i].topic != 0 {
			topics = append(topics, joins[i].topic)
		}
	}
	if len(topics) == 0 {
		return nil, nil
	}
	rows, err := t.query(`SELECT DISTINCT j.value FROM json_each(?) j WHERE EXISTS
		(SELECT 1 FROM message m INDEXED BY message_orphan WHERE m.answers IS NOT NULL AND m.topic = j.value)`, toJSON(topics))
	if err != nil {
		return nil, err
	}
	list, err := collect[int64](rows)
	out := map[int64]bool{}
	for _, n := range list {
		out[n] = true
	}
	return out, err
}

func (t *txn) missives(from string, args ...any) ([]missive, error) {
	return missives(t.ctx, t.tx, from, args...)
}

func missives(ctx context.Context, q querier, from string, args ...any) ([]missive, error) {
	rows, err := q.QueryContext(ctx, `SELECT m.`+strings.ReplaceAll(missiveFields, " ", " m.")+` `+from, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []missive
	for rows.Next() {
		l, err := scanMissive(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// tieOrphan ties an orphan to what it answers now. Where it answered something else before, all strands that this is about are noted in moved.
func (t *txn) tieOrphan(o *missive, moved map[strandID]bool) error {
	list, err := t.missives(`FROM message m INDEXED BY message_topic WHERE m.topic = ? AND m.date BETWEEN ? AND ?
		ORDER BY m.date DESC, m.header_id DESC, m.id LIMIT ?`, o.topic.Int64, o.date-answerWindow.Milliseconds(), o.date, mostCandidates)
	if err != nil {
		return err
	}
	var target strandID // none
	if i := slices.IndexFunc(list, func(p missive) bool { return o.replies(&p) }); i >= 0 {
		if target, err = t.strandOf(&list[i]); err != nil {
			return err
		}
	}
	was, err := t.partOf(strandID(o.answers.Int64))
	if err != nil || was == target {
		return err
	}
	if err := t.run(`UPDATE message SET answers = ? WHERE id = ?`, target, o.id); err != nil {
		return err
	}
	own, err := t.strandOf(o)
	if err != nil {
		return err
	}
	if was == 0 {
		return t.mergeThreads(own, target)
	}
	for _, s := range []strandID{own, was, target} {
		if s != 0 {
			moved[s] = true
		}
	}
	return nil
}

// partOf is the strand that a strand is part of now.
func (t *txn) partOf(s strandID) (part strandID, err error) {
	err = t.row(`SELECT coalesce((SELECT part FROM strand WHERE id = ?1), ?1)`, s).Scan(&part)
	return part, err
}

// strandOf is the strand of a message.
func (t *txn) strandOf(l *missive) (strandID, error) {
	if l.headerID == "" {
		return t.founded(l.id)
	}
	key := keyOf(l.headerID)
	known, err := t.strandsAt([]int64{key})
	if s, ok := known[key]; ok || err != nil {
		return s, err
	}
	return t.founded(l.id)
}

// founded is the strand of a message without a Message-ID: what it refers to knows it, else it founded its own.
func (t *txn) founded(id MessageID) (strandID, error) {
	var refs, from, to, cc string
	if err := t.row(`SELECT refs, from_addrs, to_addrs, cc_addrs FROM message WHERE id = ?`, id).Scan(&refs, &from, &to, &cc); err != nil {
		return 0, err
	}
	own := ownRefs(fromJSON[string](refs), fromJSON[message.Address](from), fromJSON[message.Address](to), fromJSON[message.Address](cc))
	if len(own) == 0 {
		return strandID(id), nil
	}
	key := keyOf(own[0])
	known, err := t.strandsAt([]int64{key})
	if s, ok := known[key]; ok || err != nil {
		return s, err
	}
	return strandID(id), nil
}

// regroup sorts the threads of strands into threads anew, for ties that were there are no more.
func (t *txn) regroup(moved map[strandID]bool) error {
	if len(moved) == 0 {
		return nil
	}
	threads := map[strandID]bool{}
	for s := range moved {
		n, err := t.threadOf(s)
		if err != nil {
			return err
		}
		threads[n] = true
	}
	all := toJSON(slices.Sorted(maps.Keys(threads)))
	list, err := t.missives(`FROM message m WHERE m.thread IN (SELECT value FROM json_each(?))`, all)
	if err != nil {
		return err
	}
	strands, members, err := t.strandsIn(list)
	if err != nil {
		return err
	}
	w := newWeaver(nil)
	for _, s := range strands {
		w.exist[s] = w.knot(s, 0)
	}
	for i, l := range list {
		if l.answers.Int64 == 0 {
			continue
		}
		target, err := t.partOf(strandID(l.answers.Int64))
		if err != nil {
			return err
		}
		if k, ok := w.exist[target]; ok {
			w.tie(k, w.exist[members[i]])
		}
	}
	return t.putGroups(w, strands, list, members)
}

// strandsIn tells the strands of messages, in order and of each of them.
func (t *txn) strandsIn(list []missive) (all, each []strandID, err error) {
	var keys []int64
	for i := range list {
		if list[i].headerID != "" {
			keys = append(keys, keyOf(list[i].headerID))
		}
	}
	known, err := t.strandsAt(keys)
	if err != nil {
		return nil, nil, err
	}
	seen := map[strandID]bool{}
	for i := range list {
		s, ok := known[keyOf(list[i].headerID)]
		if !ok || list[i].headerID == "" {
			if s, err = t.founded(list[i].id); err != nil {
				return nil, nil, err
			}
		}
		each = append(each, s)
		seen[s] = true
	}
	return slices.Sorted(maps.Keys(seen)), each, nil
}

func (t *txn) putGroups(w *weaver, strands []strandID, list []missive, members []strandID) error {
	for _, s := range strands {
		n := w.strand(w.exist[s])
		if err := t.run(`UPDATE strand SET thread = ? WHERE part = ?`, n, s); err != nil {
			return err
		}
		if err := t.run(`INSERT INTO strand(id, part, thread) VALUES (?1, ?1, ?2) ON CONFLICT DO UPDATE SET thread = ?2`, s, n); err != nil {
			return err
		}
	}
	var of [][2]int64
	for i, l := range list {
		of = append(of, [2]int64{int64(l.id), int64(members[i])})
	}
	return t.putThreads(of)
}
