package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mua/store/index"
	"mua/store/message"
)

// IndexRun says how far UpdateIndex goes.
type IndexRun struct {
	Budget  time.Duration   // it stops after about that; 0: when all is done
	Headers bool            // also messages without text, although their text may still come
	Seal    Seal            // how it is left
	Rebuild bool            // begin anew, whatever is there
	Follow  <-chan struct{} // until it is closed more is to come, and is waited for; nil: nothing is
	Told    func(IndexProgress)
}

// IndexProgress is told while an index is built.
type IndexProgress struct {
	Done  int    // messages taken in by this run
	Begun string // why the index was begun anew, for the reader; "": it was not
}

const (
	indexBatch  = 400      // messages taken in in one transaction
	indexOctets = 16 << 20 // of raw messages, likewise
	indexSpare  = 32 << 20 // octets that are left to mail.db on its disk
	// staleShare of an index that is not of any message any more makes it be built anew, from staleLeast terms on.
	staleShare, staleLeast = 0.25, 200_000
)

// UpdateIndex takes what is not yet in the search index into it, newest mail first where there is a choice,
// and builds it anew where it cannot be used. ErrLocked: another process does it.
func (s *Store) UpdateIndex(ctx context.Context, run IndexRun) (p IndexProgress, err error) {
	_, err = os.Stat(filepath.Join(s.dir, indexLock+".write.lock"))
	first := errors.Is(err, fs.ErrNotExist) // nobody has ever written an index here
	unlock, err := s.Lock(indexLock, "write")
	if err != nil {
		return p, err
	}
	defer unlock()
	if err := index.Remove(index.PackPath(s.words.path)); err != nil { // of a run that was killed
		return p, err
	}
	x := &indexer{s: s, ctx: ctx, run: run, first: first, flushAfter: flushAfter}
	if run.Budget > 0 {
		x.until = time.Now().Add(run.Budget)
	}
	if run.Follow != nil {
		changed, done := s.Watch()
		defer done()
		defer s.fresh.want()()
		x.changed = changed
	}
	err = x.update()
	if errors.Is(err, index.ErrBroken) && ctx.Err() == nil { // it came to light while writing
		if err = errors.Join(index.Remove(s.words.path), index.Remove(s.words.path+freshSuffix)); err == nil {
			x.p.Begun = "it was damaged"
			err = x.update()
		}
	}
	return x.p, err
}

// indexer is one UpdateIndex.
type indexer struct {
	s     *Store
	ctx   context.Context
	run   IndexRun
	until time.Time // zero: no end
	first bool      // there has never been one

	flushAfter time.Duration // flushAfter, but for tests

	changed <-chan struct{} // something in the store; nil: nobody follows
	p       IndexProgress
}

func (x *indexer) late() bool {
	return x.ctx.Err() != nil || !x.until.IsZero() && time.Now().After(x.until)
}

func (x *indexer) tell() {
	if x.run.Told != nil {
		x.run.Told(x.p)
	}
}

func (x *indexer) update() error {
	path := x.s.words.path
	w, err := x.open(path)
	if err != nil {
		return err
	}
	done, err := x.fill(w)
	stale := false
	seal := err == nil && done && x.seals(w)
	if seal {
		stale, err = x.stale(w)
	}
	if err = x.close(w, path, seal, !stale, err); err != nil || !stale {
		return err
	}
	return x.replace(path)
}

// open opens an index for writing, or begins one.
func (x *indexer) open(path string) (*index.Writer, error) {
	home, err := fileIdentity(x.s.path())
	if err != nil {
		return nil, err
	}
	if free := freeSpace(x.s.dir); free >= 0 && free < indexSpare {
		return nil, fmt.Errorf("less than %d MiB are left for mail: %w", indexSpare>>20, ErrFull)
	}
	files := &x.s.words.files
	st, err := x.beginning()
	if err != nil {
		return nil, err
	}
	if x.run.Rebuild {
		x.run.Rebuild = false
		err = errors.New("it was asked for")
	} else {
		var w *index.Writer
		if w, err = index.OpenWriter(x.ctx, files, path, home); err == nil {
			if w.State().Bodies.Change <= st.Bodies.Change {
				return w, nil
			}
			err = fmt.Errorf("%w: it is newer than mail.db, which may come from a backup", index.ErrBroken)
			if closed := w.Close(x.ctx, false); closed != nil {
				return nil, closed
			}
		}
		if !errors.Is(err, index.ErrBroken) {
			return nil, err
		}
	}
	if path == x.s.words.path && !(errors.Is(err, index.ErrMissing) && (x.first || st.Old == nil)) {
		x.p.Begun = strings.TrimPrefix(reason(err), index.ErrBroken.Error()+": ")
		x.tell()
	}
	return index.Create(x.ctx, files, path, home, st)
}

// beginning is the state of an index that has nothing: what is here now is old, what comes is new.
func (x *indexer) beginning() (st index.State, err error) {
	err = x.s.read(x.ctx, func(q querier) error {
		n, err := maxChange(x.ctx, q)
		if err != nil {
			return err
		}
		st.Bodies = index.Mark{Change: n, ID: math.MaxInt64}
		st.Headers = st.Bodies
		var any bool
		if err := q.QueryRowContext(x.ctx, `SELECT EXISTS (SELECT 1 FROM message WHERE state = 0)`).Scan(&any); err != nil {
			return err
		}
		if any {
			st.Old = &index.Place{Received: math.MaxInt64, ID: math.MaxInt64}
		}
		return nil
	})
	return st, err
}

// batch is what one transaction takes in, and how far the index is with it.
type batch struct {
	docs            []*index.Doc
	bodies, headers index.Mark
	old             *index.Place
	last            bool // nothing is left
	err             error
}

// flushAfter is how long a search waits for what is gathered.
const flushAfter = 5 * time.Second

// fill takes all in that is missing. The next batch is made ready while one is written.
func (x *indexer) fill(w *index.Writer) (done bool, err error) {
	ctx, stop := context.WithCancel(x.ctx)
	defer stop()
	ready := make(chan batch)
	go func() {
		defer close(ready)
		at := batch{bodies: w.State().Bodies, headers: w.State().Headers, old: w.State().Old}
		for !at.last && at.err == nil && !x.late() {
			if at = x.next(ctx, at); at.last && x.follow(ctx) {
				at.last = false
				continue
			}
			if at.err == nil {
				at.err = x.leaveKnown(ctx, w, &at)
			}
			if at.err == nil {
				at.err = parallel(len(at.docs), func(i int) error { return x.prepare(ctx, at.docs[i]) })
			}
			select {
			case ready <- at:
			case <-ctx.Done():
				return
			}
		}
	}()
	soon := time.NewTicker(x.flushAfter)
	defer soon.Stop()
	flush := func() {
		if err = w.Flush(x.ctx); err != nil {
			stop()
		}
		soon.Reset(x.flushAfter)
	}
	for more := true; more; {
		var b batch
		select {
		case b, more = <-ready:
		case <-soon.C:
			if err == nil {
				flush()
			}
			continue
		}
		if !more || err != nil {
			continue // it was told to stop: what it says now is of that
		}
		if err = b.err; err != nil {
			stop()
			continue
		}
		st := w.Reached()
		moved := b.bodies != st.Bodies || b.headers != st.Headers || b.old != st.Old
		// That nothing is left is not worth a write by itself; a mark that stays behind makes searches look at all that came after it.
		if len(b.docs) > 0 || moved && (!b.last || x.p.Done > 0) || (b.old == nil) != (st.Old == nil) {
			w.Add(b.docs, b.bodies, b.headers, b.old)
			x.p.Done += len(b.docs)
			x.tell()
		}
		if done = b.last; w.Full() {
			flush()
		}
	}
	if x.ctx.Err() != nil { // what is gathered is kept, also when it is time to go
		err = errors.Join(err, w.FlushInHaste(context.WithoutCancel(x.ctx)))
	} else if err == nil {
		err = w.Flush(x.ctx)
	}
	if err == nil {
		err = x.ctx.Err()
	}
	return done && err == nil, err
}

// followPause is how long what comes is gathered.
const followPause = 50 * time.Millisecond

// follow waits for more; false: there is none to wait for.
func (x *indexer) follow(ctx context.Context) bool {
	if x.run.Follow == nil {
		return false
	}
	select {
	case <-x.run.Follow:
		x.run.Follow = nil // and looks once more
	case <-ctx.Done():
	case <-x.changed:
		select {
		case <-x.run.Follow:
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
	return true
}

// leaveKnown leaves out what is in the index as it is: what was only moved, say.
func (x *indexer) leaveKnown(ctx context.Context, w *index.Writer, b *batch) error {
	ids := make([]int64, len(b.docs))
	for i, d := range b.docs {
		ids[i] = d.Message
	}
	known, err := w.Known(ctx, ids)
	b.docs = slices.DeleteFunc(b.docs, func(d *index.Doc) bool {
		h, there := known[d.Message]
		return there && h.Content == d.Content
	})
	return err
}

// next finds what comes after at: new mail with its text, then what was there when the index began, then headers.
func (x *indexer) next(ctx context.Context, at batch) batch {
	b := batch{bodies: at.bodies, headers: at.headers, old: at.old}
	b.err = x.s.read(ctx, func(q querier) error {
		n, err := maxChange(ctx, q)
		if err != nil {
			return err
		}
		end := index.Mark{Change: n, ID: math.MaxInt64}
		list, err := x.changedAfter(ctx, q, at.bodies, `content IS NOT NULL`)
		if err != nil {
			return err
		}
		if b.docs, b.bodies = docsOf(list, end); len(b.docs) > 0 || b.bodies != end {
			return nil
		}
		if at.old != nil {
			return x.nextOld(ctx, q, &b)
		}
		if x.run.Headers && x.run.Follow == nil {
			if list, err = x.changedAfter(ctx, q, at.headers, `content IS NULL`); err != nil {
				return err
			}
			b.docs, b.headers = docsOf(list, end)
		}
		b.last = len(b.docs) == 0
		return nil
	})
	return b
}

// nextOld is next of what was there when the index began, newest first.
func (x *indexer) nextOld(ctx context.Context, q querier, b *batch) error {
	list, err := changedRows(ctx, q, `SELECT `+rowFields+`, m.changed FROM message m WHERE m.state = 0 AND (m.received, m.id) < (?, ?)
		ORDER BY m.received DESC, m.id DESC LIMIT ?`, b.old.Received, b.old.ID, indexBatch)
	if err != nil {
		return err
	}
	b.docs, _ = docsOf(list, index.Mark{})
	if len(b.docs) == 0 {
		b.old = nil
		return nil
	}
	last := list[len(b.docs)-1]
	b.old = &index.Place{Received: last.Received.UnixMilli(), ID: int64(last.ID)}
	return nil
}

func (x *indexer) changedAfter(ctx context.Context, q querier, after index.Mark, which string) ([]changedRow, error) {
	return changedRows(ctx, q, `SELECT `+rowFields+`, m.changed FROM message m INDEXED BY message_changed WHERE (m.changed, m.id) > (?, ?)
		AND m.state <> 2 AND `+which+` ORDER BY m.changed, m.id LIMIT ?`, after.Change, after.ID, indexBatch)
}

// changedRow is a row with the change that it was last part of.
type changedRow struct {
	*candidate
	change int64
}

func changedRows(ctx context.Context, q querier, text string, args ...any) (out []changedRow, err error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var change int64
		c, err := scanCandidate(rows, &change)
		if err != nil {
			return nil, err
		}
		out = append(out, changedRow{c, change})
	}
	return out, rows.Err()
}

// docsOf are the documents of the first rows, as many as one batch may have, and the mark behind them:
// end when they are all.
func docsOf(list []changedRow, end index.Mark) (docs []*index.Doc, mark index.Mark) {
	octets := int64(0)
	for i, c := range list {
		if octets += c.Size; octets > indexOctets && i > 0 {
			return docs, mark
		}
		d := &index.Doc{Message: int64(c.ID), Content: int64(c.content), Received: c.Received.UnixMilli(), Subject: c.Subject, List: c.listID}
		c.decode()
		d.From, d.To, d.Cc, d.Files = people(c.From), people(c.To), people(c.Cc), fileNames(c.Attachments)
		docs, mark = append(docs, d), index.Mark{Change: c.change, ID: int64(c.ID)}
	}
	if len(list) < indexBatch {
		mark = end
	}
	return docs, mark
}

// prepare reads a document's text and cuts its words. A text that cannot be read has none.
func (x *indexer) prepare(ctx context.Context, d *index.Doc) error {
	if text, there := x.s.fresh.take(ContentID(d.Content)); there {
		d.Text = text
	} else if d.Content != 0 {
		raw, err := x.s.content(ctx, x.s.pool, ContentID(d.Content))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			d.Text = message.Parse(raw).SearchText()
		}
	}
	d.Prepare()
	return nil
}
