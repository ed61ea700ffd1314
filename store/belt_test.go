package store

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestBeltKeepsTheOrderAndItsRoom(t *testing.T) {
	const n, room = 5000, 100
	var held, most atomic.Int64
	var got []int
	b := NewBelt(room, func(v *int) error {
		*v *= 2
		return nil
	}, func(batch []int) error {
		for _, v := range batch {
			held.Add(-int64(v / 2 % 7))
		}
		got = append(got, batch...)
		return nil
	})
	for i := range n {
		if err := b.Put(i, int64(i%7)); err != nil {
			t.Fatal(err)
		}
		most.Store(max(most.Load(), held.Add(int64(i%7))))
	}
	if err := b.End(); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if v != 2*i {
			t.Fatalf("%d at %d", v, i)
		}
	}
	if len(got) != n || most.Load() > room {
		t.Error(len(got), most.Load())
	}
}

// TestBeltTakesWhatIsReady: what came is taken although nothing more comes, before the belt ends, and
// what is larger than the belt goes alone.
func TestBeltTakesWhatIsReady(t *testing.T) {
	taken := make(chan []int, 10)
	b := NewBelt(10, func(*int) error { return nil }, func(batch []int) error { taken <- batch; return nil })
	for i, size := range []int64{3, 3, 50, 3} {
		if err := b.Put(i, size); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for len(got) < 4 {
		batch := <-taken
		if slices.Contains(batch, 2) && len(batch) > 1 {
			t.Error(batch)
		}
		got = append(got, batch...)
	}
	if err := b.End(); err != nil {
		t.Fatal(err)
	}
}

func TestBeltEndsAtTheFirstError(t *testing.T) {
	bad := errors.New("bad")
	for _, at := range []string{"work", "take"} {
		t.Run(at, func(t *testing.T) {
			var mu sync.Mutex
			var got []int
			b := NewBelt(50, func(v *int) error {
				if at == "work" && *v == 333 {
					return bad
				}
				return nil
			}, func(batch []int) error {
				if at == "take" && batch[len(batch)-1] >= 333 {
					return bad
				}
				mu.Lock()
				defer mu.Unlock()
				got = append(got, batch...)
				return nil
			})
			put := 0
			for put < 5000 && b.Put(put, 1) == nil {
				put++
			}
			if err := b.End(); !errors.Is(err, bad) || put == 5000 {
				t.Error(put, err)
			}
			if len(got) > 333 || at == "work" && len(got) != 333 {
				t.Error(len(got))
			}
		})
	}
}
