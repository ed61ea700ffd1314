package store

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"

	"mua/store/message"
	"mua/store/thread"
)

// strandID names a strand: see migration 0010.
type strandID int64

// threading is what a row needs to find its thread; computed outside of any transaction.
type threading struct {
	own   int64   // key of its Message-ID; 0: it has none
	refs  []int64 // keys of what it refers to
	topic string
	reply bool
}

// joiner is a message that is to find its thread before its transaction ends.
type joiner struct {
	threading
	id    MessageID
	topic int64 // with the account; 0: says nothing
	date  int64
	alone bool // its row says so far that it founded a thread
}

// keyOf is the key of a Message-ID.
func keyOf(parts ...string) int64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p)) //nolint:errcheck // a hash takes everything
	}
	if k := int64(h.Sum64()); k != 0 {
		return k
	}
	return 1
}

// topicKey tells topics of an account apart.
func topicKey(a AccountID, topic string) int64 {
	if topic == "" {
		return 0
	}
	return keyOf(string(binaryID(int64(a))), topic)
}

func binaryID(n int64) []byte {
	out := make([]byte, 8)
	for i := range out {
		out[i] = byte(n >> (8 * i))
	}
	return out
}

func threadingOf(headerID string, refs []string, subject string, dated bool, people ...[]message.Address) threading {
	var t threading
	if headerID != "" {
		t.own = keyOf(headerID)
	}
	for _, r := range ownRefs(refs, people...) {
		t.refs = append(t.refs, keyOf(r))
	}
	if t.topic, t.reply = thread.Topic(subject); !dated {
		t.topic = ""
	}
	return t
}

// ownRefs are references without the addresses that some programs put there.
func ownRefs(refs []string, people ...[]message.Address) []string {
	if len(refs) == 0 {
		return nil
	}
	var addrs []string
	for _, list := range people {
		for _, p := range list {
			addrs = append(addrs, p.Addr)
		}
	}
	return thread.OwnRefs(refs, addrs...)
}

// orphan reports whether only its subject says what a message answers.
func (t *threading) orphan() bool { return t.reply && len(t.refs) == 0 && t.topic != "" }

// answers is the column of that name when a message comes: 0 for an orphan, else NULL.
func (t *threading) answers() any {
	if t.orphan() {
		return 0
	}
	return nil
}

// joinLater sees to it that a message has its thread when the transaction ends. All that came in it
// are joined at once, which costs a fraction of joining one by one.
func (t *txn) joinLater(j joiner) { t.joins = append(t.joins, j) }

// joinThreads gives the messages that came in this transaction their threads.
func (t *txn) joinThreads() error {
	if len(t.joins) == 0 {
		return nil
	}
	joins := t.joins
	t.joins = nil
	known, err := t.strandsOf(joins)
	if err != nil {
		return err
	}
	w := newWeaver(known)
	for i := range joins {
		w.add(&joins[i])
	}
	if err := t.mergeStrands(w.merged()); err != nil {
		return err
	}
	if err := t.putReferences(w.newKeys()); err != nil {
		return err
	}
	if err := t.putThreads(w.strandsOf(joins)); err != nil {
		return err
	}
	return t.tieOrphans(joins)
}

// strandsOf reads which strands the keys belong to.
func (t *txn) strandsOf(joins []joiner) (map[int64]strandID, error) {
	keys := make([]int64, 0, 2*len(joins))
	for i := range joins {
		if joins[i].own != 0 {
			keys = append(keys, joins[i].own)
		}
		keys = append(keys, joins[i].refs...)
	}
	return t.strandsAt(keys)
}

func (t *txn) strandsAt(keys []int64) (map[int64]strandID, error) {
	known := make(map[int64]strandID, len(keys))
	rows, err := t.query(`SELECT r.key, coalesce(s.part, r.strand) FROM json_each(?) j JOIN reference r ON r.key = j.value
		LEFT JOIN strand s ON s.id = r.strand`, toJSON(keys))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k int64
		var s strandID
		if err := rows.Scan(&k, &s); err != nil {
			return nil, err
		}
		known[k] = s
	}
	return known, rows.Err()
}

// weaver finds out which messages, keys and strands belong together.
type weaver struct {
	known  map[int64]strandID // keys that the store knows
	keys   map[int64]int      // knots of keys
	exist  map[strandID]int   // knots of strands that exist
	joined map[MessageID]int  // knots of messages
	up     []int              // by knot: another knot of the same strand; itself: the last one
	low    []strandID         // by last knot: the lowest existing strand in it; 0: none
	first  []MessageID        // by last knot: the lowest message in it
}

func newWeaver(known map[int64]strandID) *weaver {
	return &weaver{known: known, keys: map[int64]int{}, exist: map[strandID]int{}, joined: map[MessageID]int{}}
}

func (w *weaver) knot(s strandID, m MessageID) int {
	w.up, w.low, w.first = append(w.up, len(w.up)), append(w.low, s), append(w.first, m)
	return len(w.up) - 1
}

func (w *weaver) last(k int) int {
	for w.up[k] != k {
		w.up[k] = w.up[w.up[k]]
		k = w.up[k]
	}
	return k
}

func (w *weaver) tie(a, b int) {
	a, b = w.last(a), w.last(b)
	if a == b {
		return
	}
	w.up[b] = a
	w.low[a], w.first[a] = lower(w.low[a], w.low[b]), lower(w.first[a], w.first[b])
}

// lower is the lower of two ids that there are.
func lower[T cmp.Ordered](a, b T) T {
	var none T
	if a == none || b != none && b < a {
		return b
	}
	return a
}

func (w *weaver) add(j *joiner) {
	k := w.knot(0, j.id)
	w.joined[j.id] = k
	if j.own != 0 {
		w.tie(w.ofKey(j.own), k)
	}
	for _, r := range j.refs {
		w.tie(w.ofKey(r), k)
	}
}

func (w *weaver) ofKey(key int64) int {
	if k, ok := w.keys[key]; ok {
		return k
	}
	s, there := w.known[key]
	if !there {
		k := w.knot(0, 0)
		w.keys[key] = k
		return k
	}
	k, ok := w.exist[s]
	if !ok {
		k = w.knot(s, 0)
		w.exist[s] = k
	}
	w.keys[key] = k
	return k
}

// strand of a knot: the lowest that exists, else that of its first message.
func (w *weaver) strand(k int) strandID {
	k = w.last(k)
	if w.low[k] != 0 {
		return w.low[k]
	}
	return strandID(w.first[k])
}

// merged tells which existing strands turn out to be part of another.
func (w *weaver) merged() map[strandID]strandID {
	out := map[strandID]strandID{}
	for s, k := range w.exist {
		if into := w.strand(k); into != s {
			out[s] = into
		}
	}
	return out
}

// newKeys are the keys that the store does not know yet, in order.
func (w *weaver) newKeys() [][2]int64 {
	var out [][2]int64
	for key, k := range w.keys {
		if _, there := w.known[key]; !there {
			out = append(out, [2]int64{key, int64(w.strand(k))})
		}
	}
	slices.SortFunc(out, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	return out
}

// strandsOf tells the strand of each message whose row does not say it yet.
func (w *weaver) strandsOf(joins []joiner) (out [][2]int64) {
	for _, j := range joins {
		if s := w.strand(w.joined[j.id]); !j.alone || s != strandID(j.id) {
			out = append(out, [2]int64{int64(j.id), int64(s)})
		}
	}
	return out
}

// mergeStrands makes strands part of others, and so their threads.
func (t *txn) mergeStrands(merged map[strandID]strandID) error {
	for _, s := range slices.Sorted(maps.Keys(merged)) {
		into := merged[s]
		if err := t.mergeThreads(s, into); err != nil {
			return err
		}
		if err := t.run(`UPDATE strand SET part = ? WHERE part = ?`, into, s); err != nil {
			return err
		}
		if err := t.run(`INSERT INTO strand(id, part, thread) SELECT ?1, ?2, coalesce((SELECT thread FROM strand WHERE id = ?2), ?2) WHERE true
			ON CONFLICT DO UPDATE SET part = ?2`, s, into); err != nil {
			return err
		}
	}
	return nil
}

// threadOf is the thread that a strand is shown in.
func (t *txn) threadOf(s strandID) (n strandID, err error) {
	err = t.row(`SELECT coalesce((SELECT thread FROM strand WHERE id = ?1), ?1)`, s).Scan(&n)
	return n, err
}

// mergeThreads makes one of the threads of two strands: that with the lower id.
func (t *txn) mergeThreads(a, b strandID) error {
	x, err := t.threadOf(a)
	if err != nil {
		return err
	}
	y, err := t.threadOf(b)
	if err != nil || x == y {
		return err
	}
	from, into := max(x, y), min(x, y)
	if err := t.run(`UPDATE message SET thread = ? WHERE thread = ?`, into, from); err != nil {
		return err
	}
	if err := t.run(`UPDATE strand SET thread = ? WHERE thread = ?`, into, from); err != nil {
		return err
	}
	return t.run(`INSERT INTO strand(id, part, thread) VALUES (?1, ?1, ?2) ON CONFLICT DO UPDATE SET thread = ?2`, from, into)
}

func (t *txn) putReferences(keys [][2]int64) error {
	if len(keys) == 0 {
		return nil
	}
	return t.run(`INSERT INTO reference(key, strand) SELECT value ->> 0, value ->> 1 FROM json_each(?)`, pairsJSON(keys))
}

// putThreads writes the threads of messages, each with its strand.
func (t *txn) putThreads(of [][2]int64) error {
	if len(of) == 0 {
		return nil
	}
	return t.run(`UPDATE message SET thread = coalesce((SELECT thread FROM strand WHERE id = j.value ->> 1), j.value ->> 1)
		FROM json_each(?) j WHERE message.id = j.value ->> 0`, pairsJSON(of))
}

func pairsJSON(pairs [][2]int64) string {
	b, err := json.Marshal(pairs)
	if err != nil { // numbers always marshal
		return "[]"
	}
	return string(b)
}
