package archive

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"mua/store"
)

// room is how many octets of messages are under way at once.
const room = 16 << 20

// Into says where an import goes.
type Into struct {
	Store *store.Store
	// Mailbox gives the mailbox for messages of these levels below the one imported into; it is asked once for each.
	Mailbox func(ctx context.Context, levels []string) (store.Mailbox, error)
	// Seen marks everything as read.
	Seen bool
}

// Tally is what an import has done with the messages of one mailbox.
type Tally struct {
	Mailbox store.Mailbox
	New     int   // stored
	Had     int   // were there already
	Octets  int64 // of both
}

// Import stores the messages of a walk over each path, durably and in order, each once in a mailbox: what is there already with the same
// bytes stays as it is. Reading, preparing and storing go on at the same time, and memory does not grow with what there is. When it fails or ctx
// ends, what was stored stays, and the same import again goes on. progress may be nil; it is called often, from one goroutine. The tallies come
// in the order in which the mailboxes were met, also with an error.
func Import(ctx context.Context, paths []string, o Options, into Into, progress func(done int)) ([]Tally, error) {
	im, err := into.Store.Importer(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, into: into, progress: progress, boxes: map[string]store.Mailbox{}, at: map[store.MailboxID]int{}}
	if told := o.Skipped; told != nil { // by the walk and by the taker
		var mu sync.Mutex
		o.Skipped = func(path string, why error) {
			mu.Lock()
			defer mu.Unlock()
			told(path, why)
		}
	}
	r.walk = walker{o: o}
	belt := store.NewBelt(room, func(l *load) error { return r.prepare(im, l) }, func(batch []load) error { return r.take(im, batch) })
	for _, path := range paths {
		if err = Walk(ctx, path, o, func(it Item) error { return r.put(belt, it) }); err != nil {
			break
		}
	}
	if end := belt.End(); end != nil {
		err = end
	}
	return r.tallies, err
}

// load is one message on the belt.
type load struct {
	item Item
	into store.Import
	gone error // it could not be read
}

// run is one Import.
type run struct {
	ctx      context.Context
	into     Into
	progress func(int)
	walk     walker                   // to tell of what is left out
	boxes    map[string]store.Mailbox // by levels; of the walk alone
	tallies  []Tally                  // of the taker alone, as is what follows
	at       map[store.MailboxID]int  // where in tallies
	done     int
}

// put finds the mailbox of a message and puts it on the belt.
func (r *run) put(belt *store.Belt[load], it Item) error {
	key := ""
	for _, l := range it.Levels {
		key += l + "\x00"
	}
	box, ok := r.boxes[key]
	if !ok {
		var err error
		if box, err = r.into.Mailbox(r.ctx, it.Levels); err != nil {
			return err
		}
		r.boxes[key] = box
	}
	if r.into.Seen {
		it.Flags |= store.Seen
	}
	const overhead = 4096 // of what is parsed of a message, beside its octets
	return belt.Put(load{item: it, into: store.Import{Box: box}}, it.Size+overhead)
}

// prepare reads and prepares one message.
func (r *run) prepare(im *store.Importer, l *load) error {
	if err := l.item.Load(); err != nil {
		l.gone = err
		return nil
	}
	if l.item.Aged {
		l.item.Received = arrived(l.item.Raw, l.item.Received, l.item.within)
	}
	l.into.Incoming = store.Incoming{Raw: l.item.Raw, Received: l.item.Received, Flags: l.item.Flags, Keywords: l.item.Keywords}
	l.item.Raw = nil
	return im.Prepare(r.ctx, &l.into)
}

// take stores a batch.
func (r *run) take(im *store.Importer, batch []load) error {
	list := make([]store.Import, 0, len(batch))
	for i := range batch {
		l := &batch[i]
		if l.gone == nil {
			list = append(list, l.into)
			continue
		}
		if errors.Is(l.gone, fs.ErrNotExist) {
			l.gone = errors.New("it went away, or another program gave it another name, meanwhile: import again")
		}
		r.walk.skip(l.item.Path, l.gone)
	}
	err := im.Store(context.WithoutCancel(r.ctx), list) // what was read when ctx ends is stored still
	for i := range list {
		if !list[i].Done {
			return err
		}
		t := r.tally(list[i].Box)
		if list[i].Has {
			t.Had++
		} else {
			t.New++
		}
		t.Octets += list[i].Octets
	}
	r.done += len(batch)
	if r.progress != nil {
		r.progress(r.done)
	}
	return err
}

func (r *run) tally(box store.Mailbox) *Tally {
	i, ok := r.at[box.ID]
	if !ok {
		i = len(r.tallies)
		r.at[box.ID] = i
		r.tallies = append(r.tallies, Tally{Mailbox: box})
	}
	return &r.tallies[i]
}
