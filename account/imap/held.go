package imap

import (
	"context"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// held is what the server was believed to hold of a mailbox when its pull began. A pull of what has changed reads only what
// it comes upon: one new message is not worth reading 100,000 rows. Safe for concurrent use.
type held struct {
	ctx context.Context
	st  *store.Store
	box store.MailboxID

	mu    sync.Mutex
	count int                          // of all
	whole bool                         // list is all
	list  []store.RemoteCopy           // by UID
	some  map[uint32]*store.RemoteCopy // that were looked for; nil: it is not there
	err   error                        // of a lookup
}

// begin counts, or reads all.
func (h *held) begin(all bool) (err error) {
	h.mu.Lock()
	h.whole, h.list, h.some = false, nil, map[uint32]*store.RemoteCopy{}
	defer h.mu.Unlock()
	if all {
		return h.readAll()
	}
	h.count, err = h.st.CountRemote(h.ctx, h.box)
	return err
}

// readAll reads all that there is now; h.mu is held.
func (h *held) readAll() (err error) {
	if h.list, err = h.st.RemoteCopies(h.ctx, h.box); err == nil {
		h.whole, h.count = true, len(h.list)
	}
	return err
}

// all is everything that there was when it began, as far as that is still there.
func (h *held) all() ([]store.RemoteCopy, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.whole {
		n := h.count
		if err := h.readAll(); err != nil {
			return nil, err
		}
		h.list = slices.DeleteFunc(h.list, func(c store.RemoteCopy) bool {
			was, looked := h.some[c.UID]
			return looked && was == nil // this pull has brought it: what was asked of the server before does not know it
		})
		h.count = n
	}
	return h.list, nil
}

// size is how many they are.
func (h *held) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// look reads those of uids that were not looked for.
func (h *held) look(uids []uint32) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lookLocked(uids)
}

func (h *held) lookLocked(uids []uint32) error {
	if h.whole {
		return nil
	}
	uids = slices.DeleteFunc(uids, func(uid uint32) bool { _, known := h.some[uid]; return known })
	if len(uids) == 0 {
		return nil
	}
	list, err := h.st.RemoteCopiesAt(h.ctx, h.box, uids)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		h.some[uid] = nil
	}
	for i := range list {
		h.some[list[i].UID] = &list[i]
	}
	return nil
}

// of is the copy with a UID; nil: there was none. What look has not read is read now; failed tells when it could not be.
func (h *held) of(uid uint32) *store.RemoteCopy {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c, looked := h.some[uid]; looked {
		return c
	}
	if !h.whole {
		if err := h.lookLocked([]uint32{uid}); err != nil && h.err == nil {
			h.err = err
		}
		return h.some[uid]
	}
	i, found := slices.BinarySearchFunc(h.list, uid, func(c store.RemoteCopy, u uint32) int { return int(int64(c.UID) - int64(u)) })
	if !found {
		return nil
	}
	return &h.list[i]
}

// failed is why of may have said that something was not there.
func (h *held) failed() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// within lists the UIDs below next that lie in some ranges.
func (h *held) within(r ranges, next uint32) (out []uint32, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.whole {
		for _, c := range h.list {
			if c.UID < next && r.has(c.UID) {
				out = append(out, c.UID)
			}
		}
		return out, nil
	}
	spans := make([][2]uint32, 0, len(r))
	for _, x := range r {
		if x.Start < imap.UID(next) {
			spans = append(spans, [2]uint32{uint32(x.Start), min(uint32(x.Stop), next-1)})
		}
	}
	return h.st.RemoteUIDsIn(h.ctx, h.box, spans)
}
