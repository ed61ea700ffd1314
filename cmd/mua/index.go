package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"mua/store"
	"mua/store/query"
)

func newIndex(a *app) *cobra.Command {
	var rebuild bool
	cmd := &cobra.Command{
		Use: "index", Short: "Bring the search index up to date", Args: usageArgs(cobra.NoArgs),
		Long: `Index takes all mail that is not in the search index yet into it. mua sync and the UI
do so by themselves: this is for a script that has deleted index.db, or does not want to
wait later. The index (index.db in the data folder) is made of mail.db and may be deleted at any time.`,
		Example: `  mua index
  mua index --rebuild`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.index(cmd.Context(), rebuild) },
	}
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, "throw it away and build it anew")
	return cmd
}

func (a *app) index(ctx context.Context, rebuild bool) error {
	busyOnce()
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	p, err := s.UpdateIndex(ctx, store.IndexRun{Headers: true, Seal: store.SealAlways, Rebuild: rebuild, Told: a.indexProgress()})
	a.endProgress()
	if errors.Is(err, store.ErrLocked) {
		a.talk("another mua process is at it")
		return nil
	}
	if err != nil {
		return ioTrouble("the search index was not brought up to date", err)
	}
	if a.json {
		return a.emit(map[string]int{"indexed": p.Done})
	}
	a.talk("%s indexed", counted(p.Done, "message", "messages"))
	return nil
}

// catchUpLeast is how many messages that are not indexed a search rather reads itself; catchUpTime is how long it
// takes for indexing more of them.
const (
	catchUpLeast = 100
	catchUpTime  = 3 * time.Second
)

// saved makes the configuration's searches known where a query may name one. Without a configuration there are none.
func (a *app) saved(s *store.Store, tree query.Node) {
	named := false
	_, _ = query.Mailboxes(tree, func(in query.In) (query.Node, error) {
		named = true
		return in, nil
	})
	if !named {
		return
	}
	if c, err := a.conf(); err == nil { // else whoever needs it says so
		s.SetSearches(c.SearchQueries())
	}
}

// catchUp brings the index up to date before a search for words, where that is soon done, and says what
// is found by its headers only.
func (a *app) catchUp(ctx context.Context, s *store.Store, tree query.Node) error {
	if !s.NeedsWords(tree) {
		return nil
	}
	st, err := s.IndexState(ctx)
	if err != nil || st.Left <= catchUpLeast {
		return err
	}
	_, err = s.UpdateIndex(ctx, store.IndexRun{Headers: true, Seal: store.SealCheaply, Budget: catchUpTime, Told: a.indexProgress()})
	a.endProgress()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, store.ErrLocked) {
		a.talk("the search index: %v", err)
	}
	if st, err = s.IndexState(ctx); err == nil && st.Left > catchUpLeast {
		a.talk("%s not indexed yet: found by the headers alone, but for the newest (mua index)", counted(st.Left, "message is", "messages are"))
	}
	return err
}

// indexProgress draws how far an index is on a terminal's stderr, and says why it is built anew.
func (a *app) indexProgress() func(store.IndexProgress) {
	begun := ""
	return func(p store.IndexProgress) {
		if p.Begun != begun {
			begun = p.Begun
			a.endProgress()
			a.talk("the search index is built anew: %s", begun)
		}
		if isTerminal(a.err) && !a.quiet && p.Done > 0 {
			a.drawing = true
			fmt.Fprintf(a.err, "\r\x1b[2Kindexing: %d", p.Done)
		}
	}
}

// endProgress takes a line of progress away.
func (a *app) endProgress() {
	if a.drawing {
		a.drawing = false
		fmt.Fprint(a.err, "\r\x1b[2K")
	}
}

// indexBeside keeps the index up with what is being stored. What it returns is called when that is all, and waits until
// the rest is indexed, too.
func (a *app) indexBeside(ctx context.Context, s *store.Store) (finish func()) {
	type end struct {
		p   store.IndexProgress
		err error
	}
	follow, done := make(chan struct{}), make(chan end, 1)
	var last atomic.Bool
	told := a.indexProgress()
	go func() {
		p, err := s.UpdateIndex(ctx, store.IndexRun{Headers: true, Seal: store.SealCheaply, Follow: follow, Told: func(p store.IndexProgress) {
			if last.Load() { // until then the line is another's
				told(p)
			}
		}})
		done <- end{p, err}
	}()
	return func() {
		last.Store(true)
		close(follow)
		ended := <-done
		if errors.Is(ended.err, store.ErrLocked) { // another process was at it when this began, not with what has come since
			ended.p, ended.err = s.UpdateIndex(ctx, store.IndexRun{Headers: true, Seal: store.SealCheaply, Told: told})
		}
		told(ended.p) // what was not said while the line was another's
		a.indexed(ctx, ended.err)
	}
}

// indexed ends what is drawn of an index. A search does without it, so trouble is only told.
func (a *app) indexed(ctx context.Context, err error) {
	a.endProgress()
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrLocked) {
		a.talk("the search index was not brought up to date: %v", err)
	}
}
