package store

import (
	"context"
	"time"

	"mua/store/message"
)

// fillBatch is how many messages from before threads were known get theirs in one transaction: some milliseconds.
const fillBatch = 250

// FillThreads gives some of the messages from before threads were known their threads, the newest first, in one short
// transaction. more: there are others. It returns at once where there are none.
func (s *Store) FillThreads(ctx context.Context) (more bool, err error) {
	if below, err := s.threadsMissing(ctx); err != nil || below == 0 {
		return false, err
	}
	err = s.write(ctx, func(t *txn) error {
		more, err = t.fillThreads()
		return err
	})
	return more, err
}

// fillPause is left between two steps, for what a person waits for.
const fillPause = 5 * time.Millisecond

// filler is the goroutine that gives messages from before threads were known theirs.
type filler struct {
	stop context.CancelFunc
	done chan struct{}
}

// fillBehind starts it where there is something to do.
func (s *Store) fillBehind(ctx context.Context) error {
	if below, err := s.threadsMissing(ctx); err != nil || below == 0 {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.filler = filler{stop, make(chan struct{})}
	go func() {
		defer close(s.filler.done)
		for {
			if more, err := s.FillThreads(ctx); err != nil || !more {
				return // after an error the next process goes on
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(fillPause):
			}
		}
	}()
	return nil
}

// close ends it; what is done stays.
func (f *filler) close() {
	if f.stop != nil {
		f.stop()
		<-f.done
	}
}

// threadsMissing is the id below which messages have no thread yet; 0: all have.
func (s *Store) threadsMissing(ctx context.Context) (below MessageID, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(short(ctx), `SELECT below FROM thread_todo`).Scan(&below)
	})
	return below, err
}

func (t *txn) fillThreads() (more bool, err error) {
	list, err := t.joiners(`id < (SELECT below FROM thread_todo) ORDER BY id DESC LIMIT ?`, fillBatch)
	if err != nil {
		return false, err
	}
	below := MessageID(0)
	var topics [][3]any
	for _, j := range list {
		if j.topic != 0 {
			topics = append(topics, [3]any{j.id, j.topic, j.answers()})
		}
		t.joinLater(j)
		below = j.id
	}
	if err := t.run(`UPDATE message SET topic = j.value ->> 1, answers = j.value ->> 2 FROM json_each(?) j WHERE message.id = j.value ->> 0`, toJSON(topics)); err != nil {
		return false, err
	}
	if len(list) < fillBatch {
		below = 0
	}
	return below != 0, t.run(`UPDATE thread_todo SET below = ?`, below)
}

// joiners reads what messages need to find their threads.
func (t *txn) joiners(where string, args ...any) (out []joiner, err error) {
	rows, err := t.query(`SELECT id, account, header_id, refs, subject, coalesce(date, 0), date IS NOT NULL, from_addrs, to_addrs, cc_addrs
		FROM message WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var j joiner
		var account AccountID
		var headerID, refs, subject, from, to, cc string
		var dated bool
		if err := rows.Scan(&j.id, &account, &headerID, &refs, &subject, &j.date, &dated, &from, &to, &cc); err != nil {
			return nil, err
		}
		j.threading = threadingOf(headerID, fromJSON[string](refs), subject, dated,
			fromJSON[message.Address](from), fromJSON[message.Address](to), fromJSON[message.Address](cc))
		j.topic = topicKey(account, j.threading.topic)
		out = append(out, j)
	}
	return out, rows.Err()
}
