package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/store/thread"
)

// mostInThread is how many messages of a thread are read: the newest.
const mostInThread = 5000

// Thread is a conversation, from top to bottom.
type Thread struct {
	ID    int64
	Lines []ThreadLine
}

// ThreadLine is one message of a thread, at its place in the tree.
type ThreadLine struct {
	Row    Row    // its ID is 0 for a message that is not here, and that several others answer
	Depth  int    // 0: it answers nothing that is known
	Parent int    // line of what it answers; -1: none
	More   []bool // by depth down to its own (at most 32 deep): whether siblings follow further down
}

// Thread reads a thread by its id, also by one that it had before it was found to be part of another, or by the id of one
// of its messages. A message that is here several times is there once: its copy in prefer (0: none), else the best one;
// copies in Trash and Junk only when prefer is such a mailbox, or there are no others. ErrNotFound.
func (s *Store) Thread(ctx context.Context, id int64, prefer MailboxID) (out Thread, err error) {
	err = s.read(ctx, func(q querier) error {
		out, err = readThread(ctx, q, id, prefer)
		return err
	})
	return out, err
}

func readThread(ctx context.Context, q querier, id int64, prefer MailboxID) (Thread, error) {
	out := Thread{ID: id}
	list, err := threadCopies(ctx, q, &out.ID)
	if err != nil {
		return out, err
	}
	if len(list) == 0 {
		return out, fmt.Errorf("thread %d: %w", id, ErrNotFound)
	}
	boxes, err := boxesByID(ctx, q)
	if err != nil {
		return out, err
	}
	list = bestCopies(list, boxes, prefer)
	answers, err := answeredIn(ctx, q, out.ID)
	if err != nil {
		return out, err
	}
	rows, err := finishRows(ctx, q, list, boxes)
	if err != nil {
		return out, err
	}
	out.Lines = threadLines(rows, list, answers)
	return out, nil
}

// threadCopies reads all copies of a thread that are here, the newest first, and the id that it has now.
func threadCopies(ctx context.Context, q querier, id *int64) ([]*candidate, error) {
	var of sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT thread FROM message WHERE id = ?`, *id).Scan(&of)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if *id, err = shownThread(ctx, q, *id); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case !of.Valid: // it is not known yet what else belongs to it
		return candidates(ctx, q, false, `SELECT `+threadFields+` FROM message m WHERE m.id = ? AND m.state = 0`, *id)
	default:
		*id = of.Int64
	}
	return candidates(ctx, q, false, `SELECT `+threadFields+` FROM message m WHERE m.thread = ? AND m.state = 0
		ORDER BY m.received DESC LIMIT ?`, *id, mostInThread)
}

// threadFields are rowFields with the references of a message instead of its List-Id.
var threadFields = strings.Replace(rowFields, "m.list_id", "m.refs", 1)

// shownThread is the thread that one is part of now: itself, unless it was merged.
func shownThread(ctx context.Context, q querier, id int64) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce((SELECT thread FROM strand WHERE id = ?1), ?1)`, id).Scan(&n)
	return n, err
}

// bestCopies leaves one copy of each message.
func bestCopies(list []*candidate, boxes map[MailboxID]*Mailbox, prefer MailboxID) []*candidate {
	thrownAway := func(c *candidate) bool { return rank(boxes[c.Mailbox]) >= rankJunk && c.Mailbox != prefer }
	if kept := slices.DeleteFunc(slices.Clone(list), thrownAway); len(kept) > 0 {
		list = kept
	}
	best := map[string]int{}
	var out []*candidate
	for _, c := range list {
		i, there := best[c.MessageID]
		switch {
		case c.MessageID == "" || !there:
			best[c.MessageID] = len(out)
			out = append(out, c)
		case out[i].Mailbox == prefer: // the one that is looked at
		case c.Mailbox == prefer || better(c, out[i], boxes):
			out[i] = c
		}
	}
	return out
}

// answeredIn tells what the orphans of a thread answer, by Message-ID.
func answeredIn(ctx context.Context, q querier, id int64) (map[string]string, error) {
	var some bool
	if err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM message WHERE thread = ? AND answers > 0)`, id).Scan(&some); err != nil || !some {
		return nil, err
	}
	list, err := missives(ctx, q, `FROM message m WHERE m.thread = ? AND m.topic IS NOT NULL ORDER BY m.topic, m.date DESC, m.header_id DESC, m.id LIMIT ?`,
		id, 2*mostInThread)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i := range list {
		o := &list[i]
		if o.answers.Int64 == 0 || o.headerID == "" {
			continue
		}
		for _, p := range list[i+1 : min(len(list), i+1+mostCandidates)] {
			if p.topic == o.topic && o.replies(&p) {
				out[o.headerID] = p.headerID
				break
			}
		}
	}
	return out, nil
}

// threadLines puts rows into their tree. The candidates' list ids are their references: see threadFields.
func threadLines(rows []Row, list []*candidate, answers map[string]string) []ThreadLine {
	msgs := make([]thread.Message, len(rows))
	for i, r := range rows {
		msgs[i] = thread.Message{ID: cmp.Or(r.MessageID, fmt.Sprint(r.ID)), Refs: ownRefs(fromJSON[string](list[i].listID), r.From, r.To, r.Cc), Date: sent(r), Answers: answers[r.MessageID]}
	}
	var out []ThreadLine
	var path []int // by depth: the last line there
	for _, l := range thread.Lines(thread.Build(msgs)) {
		t := ThreadLine{Depth: l.Depth, More: l.More, Parent: -1}
		if l.Index >= 0 {
			t.Row = rows[l.Index]
		}
		path = append(path[:l.Depth], len(out))
		if l.Depth > 0 {
			t.Parent = path[l.Depth-1]
		}
		out = append(out, t)
	}
	return out
}

// sent is when a message was sent, as far as that can be believed: not after it was received.
func sent(r Row) time.Time {
	if r.Date.After(r.Received.Add(time.Hour)) && !r.Received.IsZero() {
		return r.Received
	}
	return r.Date
}
