package imap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

const (
	firstScreen = 50    // messages whose headers come first
	listWindow  = 2_000 // messages listed at once
	// searchWindow bounds a line of search results to 1 MiB: a UID and its comma are at most 11 octets.
	searchWindow = 80_000
	// maxMessages is how many messages a mailbox may claim to have.
	maxMessages = 50_000_000
)

// mailboxPull brings one mailbox up to date.
type mailboxPull struct {
	*puller
	mb       store.Mailbox
	status   *imap.StatusData // what LIST told of it; nil: nothing
	named    bool
	asked    *delta // sent behind EXAMINE
	sel      *imap.SelectData
	held     *held         // what the server was believed to hold
	adopt    bool          // copies without a UID wait here: headers first, and see who is whose
	initial  bool          // the mailbox was never pulled to its end
	flagsNow bool          // all flags were compared in this pull
	keep     *account.Keep // of headerOnly

	apart   quarantine
	skipped map[uint32]bool // UIDs left out in this run, or in quarantine
	pipe    *pipe           // what is being stored
	headers int             // its mark behind the last batch of headers
	coming  map[uint32]bool // UIDs whose bodies were asked for and may be on their way into the store

	mu          sync.Mutex // guards what follows and out.New, which batches being stored count
	done, total int        // for the status line
	awaited     int        // headers that came and whose body may still have to
	highest     uint32
	reports     []store.RemoteCopy // delivery reports that came as headers, of which the bodies are wanted
}

func (m *mailboxPull) run() error {
	m.pipe, m.coming = newPipe(), map[uint32]bool{}
	keep := m.s.keeps(m.mb)
	keep.Out = false // asked for by name
	m.keep = &keep
	err := m.steps()
	return cmp.Or(m.pipe.drain(), err)
}

func (m *mailboxPull) steps() error {
	m.held = &held{ctx: m.ctx, st: m.s.st, box: m.mb.ID}
	var reading sync.WaitGroup // while the server selects the mailbox
	var readErr error
	reading.Go(func() { readErr = m.held.begin(m.mb.Sync.UIDNext == 0 || m.mb.Sync.HighestModSeq == 0) })
	err := m.open()
	reading.Wait()
	if err != nil {
		return err
	}
	if m.sel.NumMessages > maxMessages {
		return m.trouble("claims to hold %d messages", m.sel.NumMessages)
	}
	anew, err := m.checkValidity()
	if err != nil {
		return err
	}
	if anew { // they have lost their UIDs meanwhile
		readErr = m.held.begin(true)
	}
	if readErr != nil {
		return m.s.local(readErr)
	}
	if m.apart, err = m.puller.apart(m.mb, m.sel.UIDValidity); err != nil {
		return err
	}
	m.skipped = maps.Clone(m.apart.leave)
	m.initial = m.mb.Sync.UIDNext == 0
	m.adopt = m.mb.Total > m.held.size()
	if m.initial {
		m.total = max(0, int(m.sel.NumMessages)-m.held.size())
	}
	lacking, err := m.missing(m.mb)
	if err != nil {
		return m.s.local(err)
	}
	for _, c := range lacking {
		if !m.skipped[c.UID] {
			m.total++
		}
	}
	m.progress(0)
	gone, err := m.news()
	if err != nil {
		return err
	}
	if err := m.retry(); err != nil {
		return err
	}
	if err := m.bodies(); err != nil {
		return err
	}
	if err := m.pipe.drain(); err != nil {
		return err
	}
	if err := m.held.failed(); err != nil {
		return m.s.local(err)
	}
	if err := m.expunge(gone); err != nil {
		return err
	}
	if m.initial {
		if err := m.dropDetached(); err != nil {
			return err
		}
	}
	return m.finish()
}

// open selects the mailbox.
func (m *mailboxPull) open() error {
	examining := m.s.l.opening(m.mb.Name, true)
	m.askEarly()
	sel, err := examining()
	if err != nil {
		return err
	}
	m.sel = sel
	m.s.l.guard.SetLiteral(m.s.o.MaxMessage + literalSlack)
	if sel.UIDValidity == 0 {
		return m.trouble("does not tell the UIDVALIDITY of %s", account.CleanWords(m.mb.Name))
	}
	return nil
}

// checkValidity compares UIDVALIDITY before any UID is used, and records it before any is stored. anew says
// that the UIDs of what is here are not those of the server any more.
func (m *mailboxPull) checkValidity() (anew bool, err error) {
	have := m.mb.Sync.UIDValidity
	back := wentBack(m.mb.Sync, m.sel)
	if have == m.sel.UIDValidity && !back && !renumbered(m.mb.Sync, m.sel) {
		return false, nil
	}
	if have != 0 {
		if back {
			m.warn("%s", explainRestore(m.mb.Name))
		} else {
			m.warn("%s: the server numbered the messages anew; they are matched with those here", m.mb.Name)
		}
		if err := m.s.st.DetachUIDs(m.ctx, m.mb.ID); err != nil {
			return true, m.s.local(err)
		}
	}
	m.mb.Sync = store.SyncState{UIDValidity: m.sel.UIDValidity}
	return true, m.s.local(m.s.st.SetSyncState(m.ctx, m.mb.ID, m.mb.Sync))
}

// news fetches what is new and changed; gone are the UIDs that the server no longer has.
func (m *mailboxPull) news() (gone []uint32, err error) {
	condStore := m.sel.HighestModSeq > 0 && m.mb.Sync.HighestModSeq > 0
	flagsDue := m.sel.HighestModSeq == 0 && (m.named || m.s.o.Now().Sub(m.mb.Sync.FlagsAt) >= m.s.o.FlagsEvery)
	if m.initial || flagsDue || !condStore && m.sel.HighestModSeq > 0 {
		return m.sweep()
	}
	return m.delta(condStore)
}

// sweep lists the whole mailbox, newest first, and fetches what is not here.
func (m *mailboxPull) sweep() (gone []uint32, err error) {
	copies, err := m.held.all()
	if err != nil {
		return nil, m.s.local(err)
	}
	seen := make(map[uint32]bool, m.sel.NumMessages)
	exact := true // each window told as many as it was asked for
	hi := m.sel.NumMessages
	if m.initial && (m.adopt || len(copies) == 0) && hi > 0 {
		lo := hi - min(hi, firstScreen) + 1
		msgs, err := m.window(lo, hi, wantHeader)
		if err != nil {
			return nil, err
		}
		exact = exact && len(msgs) == int(hi-lo+1)
		for _, x := range msgs {
			seen[x.uid] = true
		}
		if err := m.storeNew(newestFirst(msgs)); err != nil {
			return nil, err
		}
		hi = lo - 1
		if err := m.bodies(); err != nil {
			return nil, err
		}
	}
	if err := m.s.l.compress(m.ctx, 100*int64(hi), m.s.o); err != nil { // what a listed message takes
		return nil, err
	}
	for hi > 0 {
		if mb := m.s.l.client.Mailbox(); mb != nil && hi > mb.NumMessages {
			hi = mb.NumMessages // messages went away meanwhile
			exact = false
			continue
		}
		lo := hi - min(hi, listWindow) + 1
		msgs, err := m.window(lo, hi, m.listWant())
		if err != nil {
			return nil, err
		}
		exact = exact && len(msgs) == int(hi-lo+1)
		msgs = slices.DeleteFunc(msgs, func(x message) bool { return seen[x.uid] })
		for _, x := range msgs {
			seen[x.uid] = true
		}
		if err := m.flags(msgs); err != nil {
			return nil, err
		}
		if err := m.unknown(msgs); err != nil {
			return nil, err
		}
		hi = lo - 1
	}
	m.flagsNow = true
	if !exact || m.s.l.expunged.Load() > 0 {
		return m.searchGone()
	}
	for _, c := range copies {
		if !seen[c.UID] {
			gone = append(gone, c.UID)
		}
	}
	return gone, m.forget(func(uid uint32) bool { return !seen[uid] })
}

// window asks for messages by their place in the mailbox.
func (m *mailboxPull) window(lo, hi uint32, w want) ([]message, error) {
	var set imap.SeqSet
	set.AddRange(lo, hi)
	msgs, err := m.s.l.fetch(set, w, int(hi-lo+1), 0, 0).wait()
	if err == nil || w != wantHeader {
		return msgs, err
	}
	// One of the first screen cannot be had: list them and let the batches isolate it.
	if err := m.recover(err); err != nil {
		return nil, err
	}
	if msgs, err = m.window(lo, hi, m.listWant()); err != nil {
		return nil, err
	}
	return msgs, m.unknown(msgs)
}

// countUnknown counts the messages that are not here.
func (m *mailboxPull) countUnknown(msgs []message) (n int) {
	for _, x := range msgs {
		if !m.known(x.uid) {
			n++
		}
	}
	return n
}

// known tells whether the store had uid when this pull began.
func (m *mailboxPull) known(uid uint32) bool { return m.held.of(uid) != nil }

// look reads what is here of messages.
func (m *mailboxPull) look(msgs []message) error {
	uids := make([]uint32, len(msgs))
	for i := range msgs {
		uids[i] = msgs[i].uid
	}
	return m.s.local(m.held.look(uids))
}

// flags records the flags of known messages that differ from what is known of the server.
func (m *mailboxPull) flags(msgs []message) error {
	var up []store.FlagUpdate
	for _, x := range msgs {
		c := m.held.of(x.uid)
		if c == nil || !x.hasFlags || c.Flags == x.flags && slices.Equal(c.Keywords, x.keywords) {
			continue
		}
		up = append(up, store.FlagUpdate{UID: x.uid, Flags: x.flags, Keywords: x.keywords, ModSeq: x.modSeq})
	}
	for part := range slices.Chunk(up, 500) {
		err := m.pipe.do(0, func() error {
			n, err := m.s.st.UpdateRemoteFlags(m.ctx, m.mb.ID, part)
			m.mu.Lock()
			defer m.mu.Unlock()
			m.out.Changed += n
			return m.s.local(err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// searchGone asks for all UIDs and compares, when the count alone says that something is missing.
func (m *mailboxPull) searchGone() ([]uint32, error) {
	if m.sel.NumMessages == 0 {
		copies, err := m.held.all()
		return uidsOf(copies), m.s.local(err)
	}
	there, err := m.s.l.allUIDs(m.sel.NumMessages)
	if err != nil {
		return nil, err
	}
	return m.goneFrom(there)
}

// goneFrom compares all UIDs with those here.
func (m *mailboxPull) goneFrom(there ranges) ([]uint32, error) {
	if n := there.count(); n+uint64(m.s.l.expunged.Load()) < uint64(m.sel.NumMessages) {
		m.warn("%s: the server says %d messages but lists %d; nothing is removed here", m.mb.Name, m.sel.NumMessages, n)
		return nil, nil
	}
	copies, err := m.held.all()
	if err != nil {
		return nil, m.s.local(err)
	}
	var gone []uint32
	for _, c := range copies {
		if !there.has(c.UID) {
			gone = append(gone, c.UID)
		}
	}
	return gone, m.forget(func(uid uint32) bool { return !there.has(uid) })
}

func uidsOf(copies []store.RemoteCopy) []uint32 {
	out := make([]uint32, len(copies))
	for i, c := range copies {
		out[i] = c.UID
	}
	return out
}

// expunge records what is gone from the server, unless it is most of the mailbox.
func (m *mailboxPull) expunge(gone []uint32) error {
	if len(gone) == 0 {
		return nil
	}
	if n := m.held.size(); n > 20 && 2*len(gone) > n && !m.s.o.ConfirmRemoval {
		return m.vanished(len(gone), n)
	}
	for part := range slices.Chunk(gone, 1000) {
		n, err := m.s.st.ExpungeMoved(m.ctx, m.mb.ID, part, m.since)
		if err != nil {
			return m.s.local(err)
		}
		m.out.Removed += n
	}
	return nil
}

func (m *mailboxPull) vanished(gone, of int) error {
	return &account.Trouble{Kind: account.KindOther, Account: m.s.acct.Name, Host: m.s.l.host,
		What: fmt.Sprintf("%d of %d messages have vanished from %s on %s", gone, of, account.CleanWords(m.mb.Name), m.s.l.host),
		Kept: "All are kept here", Hint: "if that is meant: mua sync --confirm-removal " + m.s.acct.Name}
}

// dropDetached ends a first pull: what a change of UIDVALIDITY left without a match goes.
func (m *mailboxPull) dropDetached() error {
	left, err := m.s.st.CountDetached(m.ctx, m.mb.ID)
	if err != nil {
		return m.s.local(err)
	}
	if left > 20 && 2*left > m.mb.Total && !m.s.o.ConfirmRemoval {
		return m.vanished(left, m.mb.Total)
	}
	n, err := m.s.st.DropDetached(m.ctx, m.mb.ID, m.since)
	m.out.Removed += n
	return m.s.local(err)
}

// finish records that the mailbox is complete up to what SELECT said.
func (m *mailboxPull) finish() error {
	st := store.SyncState{UIDValidity: m.sel.UIDValidity, UIDNext: uint32(m.sel.UIDNext), HighestModSeq: m.sel.HighestModSeq,
		Messages: m.sel.NumMessages, FlagsAt: m.mb.Sync.FlagsAt}
	if st.UIDNext == 0 {
		copies, err := m.held.all()
		if err != nil {
			return m.s.local(err)
		}
		if n := len(copies); n > 0 {
			m.highest = max(m.highest, copies[n-1].UID)
		}
		st.UIDNext = m.highest + 1
	}
	if m.flagsNow || m.sel.HighestModSeq > 0 {
		st.FlagsAt = m.s.o.Now()
	}
	return m.s.local(m.s.st.SetSyncState(m.ctx, m.mb.ID, st))
}

// progress adds n messages done: stored, or left out for good.
func (m *mailboxPull) progress(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	m.s.status(account.Pulling, m.mb.Name, m.done, max(m.total, m.done), true)
}

func (m *mailboxPull) trouble(format string, args ...any) error {
	return &account.Trouble{Kind: account.KindTemporary, Account: m.s.acct.Name, Host: m.s.l.host,
		What: m.s.l.host + " " + fmt.Sprintf(format, args...), Kept: "What is here is kept"}
}
