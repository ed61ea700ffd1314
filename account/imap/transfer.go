package imap

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

const (
	batchOctets   = 2 << 20 // of one batch of whole messages
	batchMost     = 128     // messages in one
	batchFirst    = 16      // in the first, so that something is there soon
	headersFirst  = 50
	headersMost   = 400
	fetchesAhead  = 3 // FETCH commands under way: the server has the next one before the last is answered
	skippedToTell = 20
)

// item is a message to fetch.
type item struct {
	uid  uint32
	size int64
}

// batches cuts items into batches that grow from first to most messages and hold at most batchOctets,
// but for a larger message alone.
func batches(items []item, first, most int) [][]item {
	var out [][]item
	for limit := first; len(items) > 0; limit = min(2*limit, most) {
		n, sum := 1, items[0].size
		for n < len(items) && n < limit && sum+items[n].size <= batchOctets {
			sum += items[n].size
			n++
		}
		out, items = append(out, items[:n]), items[n:]
	}
	return out
}

func total(items []item) (octets int64) {
	for _, x := range items {
		octets += x.size
	}
	return octets
}

func uids(items []item) []uint32 {
	out := make([]uint32, len(items))
	for i, x := range items {
		out[i] = x.uid
	}
	return out
}

// sink stores messages that came, durably.
type sink func([]message) error

// batch is what one FETCH asks for.
type batch struct {
	items []item
	want  want
	to    sink
}

// asked is a batch whose FETCH is under way.
type asked struct {
	batch
	f *fetching
}

// ask sends the FETCH for a batch. Its set fits in a command: a batch has at most headersMost messages.
func (m *mailboxPull) ask(b batch) asked {
	return asked{b, m.s.l.fetch(uidSet(uids(b.items)), b.want, len(b.items), total(b.items), 0)}
}

// cut makes batches of items.
func (m *mailboxPull) cut(items []item, w want, to sink) (out []batch) {
	first, most := batchFirst, batchMost
	if w == wantHeader {
		first, most = headersFirst, headersMost
	} else if !m.initial { // what came since the last pull is soon there as a whole
		first = batchMost
	}
	for _, b := range batches(items, first, most) {
		out = append(out, batch{b, w, to})
	}
	return out
}

// transfer fetches batches in the order given and stores each while the next one
// downloads. A batch that does not come whole is taken apart until what cannot be had is found.
// then, when given, tells once all has come what is to follow.
func (m *mailboxPull) transfer(queue []batch, then func() ([]batch, error)) error {
	m.s.l.guard.SetLiteral(m.s.o.MaxMessage + literalSlack)
	octets := int64(0)
	for _, b := range queue {
		octets += total(b.items)
	}
	if err := m.s.l.compress(m.ctx, octets, m.s.o); err != nil {
		return err
	}
	var ahead []asked
	defer func() {
		for _, a := range ahead { // only after an error: the connection is given up
			_ = m.s.l.conn.Close()
			<-a.f.done
		}
	}()
	for {
		if len(queue) == 0 && len(ahead) == 0 {
			if then == nil {
				return nil
			}
			var err error
			if queue, err = then(); err != nil || len(queue) == 0 {
				return err
			}
			then = nil
		}
		for len(queue) > 0 && len(ahead) < fetchesAhead {
			ahead = append(ahead, m.ask(queue[0]))
			queue = queue[1:]
		}
		a := ahead[0]
		ahead = ahead[1:]
		lost, err, storeErr := m.settle(a)
		if storeErr != nil {
			return storeErr
		}
		if err == nil && len(lost) == 0 {
			continue
		}
		if err != nil && m.s.l.poisoned() {
			queue = append(m.takeBack(ahead, &storeErr), queue...)
			ahead = nil
			if storeErr != nil {
				return storeErr
			}
		}
		if err := m.recover(err); err != nil {
			return err
		}
		if err := m.isolate(batch{lost, a.want, a.to}); err != nil {
			return err
		}
	}
}

// takeBack ends the batches that were under way when the connection died and returns what they lack.
func (m *mailboxPull) takeBack(ahead []asked, storeErr *error) (queue []batch) {
	for _, a := range ahead {
		lost, _, err := m.settle(a)
		if err != nil && *storeErr == nil {
			*storeErr = err
		}
		if len(lost) > 0 {
			queue = append(queue, batch{lost, a.want, a.to})
		}
	}
	return queue
}

// settle stores what came of a batch and returns what did not.
func (m *mailboxPull) settle(a asked) (lost []item, err, storeErr error) {
	msgs, err := a.f.wait()
	open := make(map[uint32]int64, len(a.items)) // what has not come yet, with its size
	for _, x := range a.items {
		open[x.uid] = x.size
	}
	msgs = slices.DeleteFunc(msgs, func(x message) bool {
		size, asked := open[x.uid]
		if !asked || !x.has(a.want, size) {
			return true
		}
		delete(open, x.uid)
		return false
	})
	for _, x := range a.items {
		if _, missing := open[x.uid]; missing {
			lost = append(lost, x)
		}
	}
	if len(msgs) == 0 {
		return lost, err, nil
	}
	storeErr = m.pipe.put(newestFirst(msgs), a.to)
	if a.want == wantHeader {
		m.headers = m.pipe.mark()
	}
	return lost, err, storeErr
}

// recover makes the connection usable again after a FETCH failed, if that makes sense.
func (m *mailboxPull) recover(err error) error {
	switch {
	case err == nil || m.s.l.alive(): // a refusal leaves the connection as it was
		return nil
	case m.s.l.poisoned() && m.ctx.Err() == nil:
		return m.again(err)
	}
	return err
}

// again connects and selects again after what the server sent broke the connection.
func (m *mailboxPull) again(err error) error {
	if m.reconnects++; m.reconnects > maxReconnects {
		return err
	}
	why := m.s.l.explain(err)
	if t, ok := why.(*account.Trouble); ok {
		m.warn("%s: %s", m.mb.Name, t.What)
	}
	if err := m.s.reconnect(m.ctx); err != nil {
		return err
	}
	m.s.l.guard.SetLiteral(m.s.o.MaxMessage + literalSlack)
	sel, err := m.s.l.examine(m.mb.Name)
	if err != nil {
		return err
	}
	if sel.UIDValidity != m.sel.UIDValidity {
		return m.trouble("changed UIDVALIDITY of %s meanwhile", account.CleanWords(m.mb.Name))
	}
	return nil
}

// isolate fetches what a batch lacked, halving it until what cannot be had stands alone.
func (m *mailboxPull) isolate(b batch) error {
	if len(b.items) == 0 {
		return nil
	}
	lost, err, storeErr := m.settle(m.ask(b))
	switch {
	case storeErr != nil:
		return storeErr
	case err == nil && (len(b.items) == 1 || len(lost) < len(b.items) || m.s.l.expunged.Load() > 0):
		return m.giveUp(lost, b.want, "the server left it out", true) // twice: it has been expunged, or the server will not
	}
	refused := m.s.l.alive()
	if err := m.recover(err); err != nil {
		return err
	}
	if len(b.items) == 1 {
		why := "the server did not deliver it"
		if e, ok := m.s.trouble(m.ctx, err).(*account.Trouble); ok {
			why = e.What
		}
		return m.giveUp(lost, b.want, why, refused)
	}
	half := len(lost) / 2
	if err := m.isolate(batch{lost[:half], b.want, b.to}); err != nil {
		return err
	}
	return m.isolate(batch{lost[half:], b.want, b.to})
}

// unknown fetches what of msgs is not here, newest first: headers where the messages may be
// here under another name (bodies asks for what is not), and whole messages right behind them.
func (m *mailboxPull) unknown(msgs []message) error {
	// A header tells whether the message is here already: a copy that waits for its UID, or that another
	// mailbox shows as well.
	headersFirst := m.adopt || m.labels && m.elsewhere
	var whole, headers []item
	known, err := m.maybeKnown(msgs)
	if err != nil {
		return err
	}
	for _, x := range newestFirst(msgs) {
		if m.known(x.uid) || m.skipped[x.uid] || x.uid < m.mb.Sync.UIDNext { // below: left out before, or gone from here by wish
			continue
		}
		if headersFirst || known[x.size] || m.headerOnly(x) {
			headers = append(headers, item{x.uid, x.size})
		} else {
			whole = append(whole, item{x.uid, x.size})
		}
	}
	m.expect(msgs, len(whole)+len(headers))
	if len(whole) > 2*firstScreen && !m.initial { // long away: the newest at once
		head := whole[:firstScreen]
		whole = whole[firstScreen:]
		if err := m.transfer(m.cut(head, wantHeader, m.storeNew), nil); err != nil {
			return err
		}
		if err := m.bodies(); err != nil {
			return err
		}
	}
	queue := append(m.cut(headers, wantHeader, m.storeNew), m.cut(whole, wantWhole, m.storeNew)...)
	if len(headers) == 0 || m.initial { // a first pull asks for bodies when it has all headers
		return m.transfer(queue, nil)
	}
	return m.transfer(queue, func() ([]batch, error) { // while the rest is being stored
		if err := m.pipe.reach(m.headers); err != nil {
			return nil, err
		}
		return m.lacking()
	})
}

// expect notes what a listing told, of which n messages are to come.
func (m *mailboxPull) expect(msgs []message, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range msgs {
		m.highest = max(m.highest, x.uid)
	}
	if !m.initial {
		m.total += n
	}
}

// storeNew stores new messages, newest first.
func (m *mailboxPull) storeNew(msgs []message) error {
	now := m.s.o.Now()
	batch := make([]store.Incoming, 0, len(msgs))
	done := 0
	top := uint32(0)
	for i := range msgs {
		x := &msgs[i]
		if x.header == nil && x.raw == nil || m.known(x.uid) {
			continue
		}
		top = max(top, x.uid)
		batch = append(batch, x.incoming(now))
		if x.raw != nil || m.headerOnly(*x) {
			done++
		}
	}
	if len(batch) == 0 {
		return nil
	}
	ids, added, err := m.s.st.AddRemote(m.ctx, m.mb.ID, batch)
	if err != nil {
		return m.s.local(err)
	}
	m.mu.Lock()
	for i, b := range batch {
		if b.Raw == nil && isReport(b.Header) && b.Size <= maxReport && m.mb.Role != store.RoleSent {
			m.reports = append(m.reports, store.RemoteCopy{UID: b.UID, Message: ids[i], Size: b.Size})
		}
	}
	m.out.New += added
	m.highest = max(m.highest, top)
	m.awaited += len(batch) - done
	m.mu.Unlock()
	m.progress(done)
	return m.release(msgs)
}

// bodies fetches what is here as a header only, newest first.
func (m *mailboxPull) bodies() error {
	if err := m.pipe.drain(); err != nil {
		return err
	}
	clear(m.coming)
	queue, err := m.lacking()
	if err != nil {
		return err
	}
	return m.transfer(queue, nil)
}

// lacking are the bodies of what is here as a header only and that were not asked for, newest first. No header is being stored.
func (m *mailboxPull) lacking() ([]batch, error) {
	missing, err := m.missing(m.mb)
	if err != nil {
		return nil, m.s.local(err)
	}
	missing = m.withReports(missing)
	ids := make(map[uint32]store.MessageID, len(missing))
	var items []item
	for _, c := range missing {
		if c.UID != 0 && !m.skipped[c.UID] && !m.coming[c.UID] {
			m.coming[c.UID] = true
			ids[c.UID] = c.Message
			items = append(items, item{c.UID, c.Size})
		}
	}
	m.mu.Lock()
	here := max(0, m.awaited-len(items)) // nothing is being stored for them: their bodies were here already
	m.awaited = 0
	m.mu.Unlock()
	m.progress(here)
	return m.cut(items, wantBody, func(msgs []message) error {
		bodies := make([]store.Body, 0, len(msgs))
		for _, x := range msgs {
			bodies = append(bodies, store.Body{Message: ids[x.uid], Raw: x.raw})
		}
		if err := m.s.st.SetBodies(m.ctx, bodies); err != nil {
			return m.s.local(err)
		}
		m.progress(len(bodies))
		return m.release(msgs)
	}), nil
}

func newestFirst(msgs []message) []message {
	slices.SortFunc(msgs, func(a, b message) int { return cmp.Compare(b.uid, a.uid) })
	return msgs
}

// allUIDs are the UIDs of the selected mailbox, asked for in windows of searchWindow messages from
// the newest down: a message that moves down meanwhile is told twice, not missed.
func (l *link) allUIDs(messages uint32) (ranges, error) {
	var all imap.UIDSet
	for hi := messages; hi > 0; {
		lo := hi - min(hi, searchWindow) + 1
		c := &imap.SearchCriteria{}
		if messages > searchWindow {
			var seq imap.SeqSet
			seq.AddRange(lo, hi)
			c.SeqNum = []imap.SeqSet{seq}
		}
		part, err := l.search(c)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if hi = lo - 1; len(all) > 4*searchWindow && len(all) > 2*int(messages) {
			return nil, fmt.Errorf("more search results than messages")
		}
	}
	return rangesOf(all), nil
}

// search is UID SEARCH, by ESEARCH where offered.
func (l *link) search(c *imap.SearchCriteria) (imap.UIDSet, error) {
	defer l.busy(1 << 20)()
	var o *imap.SearchOptions
	if l.caps.Has(imap.CapESearch) {
		o = &imap.SearchOptions{ReturnAll: true}
	}
	data, err := l.client.UIDSearch(c, o).Wait()
	if err != nil {
		return nil, err
	}
	set, _ := data.All.(imap.UIDSet)
	return set, nil
}
