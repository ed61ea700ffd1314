package store

import (
	"context"
	"errors"

	"mua/store/index"
)

// Seal says whether an index is sealed (so that damage to the file is noticed) when all is in it.
type Seal int

// How an index is left.
const (
	SealNever   Seal = iota // more is expected soon
	SealCheaply             // sealed where that takes little beside what was done
	SealAlways
)

const (
	sealShare = 50       // a run of one in so many documents is worth reading all of the file
	sealSmall = 16 << 20 // octets that are soon read
)

// seals reports whether the file is sealed at the end. To seal it is to read all of it.
func (x *indexer) seals(w *index.Writer) bool {
	switch x.run.Seal {
	case SealAlways:
		return true
	case SealCheaply:
		return w.Size() < sealSmall || x.p.Done > 0 && x.p.Done >= w.State().Docs/sealShare
	}
	return false
}

// close ends a writer, after err; a file that is to be sealed is packed first where that is worth it.
func (x *indexer) close(w *index.Writer, path string, seal, pack bool, err error) error {
	packed := false
	if seal && pack && err == nil {
		packed, err = x.pack(w)
	}
	if err = errors.Join(err, w.Close(context.WithoutCancel(x.ctx), seal && !packed && err == nil)); err != nil || !packed {
		return err
	}
	if err := index.Replace(path, index.PackPath(path)); err != nil {
		return err
	}
	home, err := fileIdentity(x.s.path())
	if err != nil {
		return err
	}
	if w, err = index.OpenWriter(x.ctx, &x.s.words.files, path, home); err != nil {
		return err
	}
	return w.Close(context.WithoutCancel(x.ctx), seal)
}

// freshSuffix is behind the name of an index that is built beside another.
const freshSuffix = ".new"

// replace builds an index beside the one that has become stale, and puts it in its place. What an earlier run has
// begun is gone on with.
func (x *indexer) replace(path string) error {
	fresh := path + freshSuffix
	w, err := x.open(fresh)
	if err != nil {
		return err
	}
	done, err := x.fill(w)
	if err = x.close(w, fresh, err == nil && done, true, err); err != nil || !done {
		return err
	}
	return index.Replace(path, fresh)
}

// pack packs an index that has grown, where there is room for it.
func (x *indexer) pack(w *index.Writer) (done bool, err error) {
	octets, loose := w.Loose(x.ctx)
	if free := freeSpace(x.s.dir); !loose || x.run.Budget > 0 || x.late() || free >= 0 && free < octets+indexSpare {
		return false, nil
	}
	err = w.Pack(x.ctx)
	return err == nil, err
}

// stale reports whether too much of an index is of no message any more.
func (x *indexer) stale(w *index.Writer) (bool, error) {
	st := w.State()
	if st.Terms < staleLeast {
		return false, nil
	}
	var here int
	err := x.s.read(x.ctx, func(q querier) error {
		return q.QueryRowContext(x.ctx, `SELECT count(*) FROM message WHERE state <> 2`).Scan(&here)
	})
	dead := float64(st.Dead)
	if st.Docs > here {
		dead += float64(st.Docs-here) * float64(st.Terms-st.Dead) / float64(st.Docs)
	}
	return dead > staleShare*float64(st.Terms), err
}
