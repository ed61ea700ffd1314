package store

import (
	"context"
	"sync"
	"time"
)

// freshMost is how many octets of texts wait for an indexer, and freshStale how long, while it takes none.
const (
	freshMost  = 8 << 20
	freshStale = time.Second
)

// freshTexts are the texts of contents that were just stored. Who indexes beside a pull or an import need not read
// and parse again what was in hand a moment ago. The zero value is ready, and keeps nothing.
type freshTexts struct {
	mu     sync.Mutex
	wanted int // indexers
	octets int
	texts  map[ContentID]string
	taken  time.Time // when there was last nothing, or something was taken
}

// freshText is one, on its way through a transaction.
type freshText struct {
	content ContentID
	text    string
}

// want has texts kept until the returned function is called.
func (f *freshTexts) want() (done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.wanted--; f.wanted == 0 {
			f.texts, f.octets = nil, 0
		}
	}
}

func (f *freshTexts) areWanted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wanted > 0
}

// put keeps texts of contents that are stored now. What there is no room for is left out.
func (f *freshTexts) put(list []freshText) {
	if len(list) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wanted == 0 {
		return
	}
	if now := time.Now(); f.octets == 0 || f.octets > freshMost/2 && now.Sub(f.taken) > freshStale { // they were read before they were put here
		f.texts, f.octets, f.taken = map[ContentID]string{}, 0, now
	}
	for _, t := range list {
		if f.octets+len(t.text) <= freshMost {
			f.octets += len(t.text) - len(f.texts[t.content])
			f.texts[t.content] = t.text
		}
	}
}

// take gives a text, and forgets it.
func (f *freshTexts) take(id ContentID) (text string, there bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, there = f.texts[id]
	if there {
		delete(f.texts, id)
		f.octets -= len(text)
		f.taken = time.Now()
	}
	return text, there
}

// slacken waits while the indexer is behind: to read again what it has no text of would take longer.
func (f *freshTexts) slacken(ctx context.Context) {
	for ctx.Err() == nil && f.crowded() {
		time.Sleep(time.Millisecond)
	}
}

func (f *freshTexts) crowded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wanted > 0 && f.octets > freshMost*3/4 && time.Since(f.taken) <= freshStale
}
