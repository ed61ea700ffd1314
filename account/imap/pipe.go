package imap

import (
	"slices"
	"sync"
)

// What may wait between the network and the store, of one mailbox. A batch that is larger goes alone.
const (
	pipeOctets  = 12 << 20
	pipeBatches = 3 // stored at once: one is read and packed while another's commit reaches the disk
)

// pipe stores batches beside the network: while some are read, packed and committed, the next ones
// download. Writes that meet share a commit (store/group.go). It is bounded by octets, whatever the number of messages.
type pipe struct {
	mu     sync.Mutex
	free   sync.Cond
	octets int64 // of the batches under way
	begun  int   // batches that were ever put
	under  []int // the numbers of those under way
	err    error // the first that a batch failed with
}

func newPipe() *pipe {
	p := &pipe{}
	p.free.L = &p.mu
	return p
}

// put hands a batch over to be stored by to, as soon as there is room. An error is that of an earlier batch;
// then this one is not stored.
func (p *pipe) put(msgs []message, to sink) error {
	size := int64(0)
	for i := range msgs {
		size += int64(len(msgs[i].raw) + len(msgs[i].header))
	}
	return p.do(size, func() error { return to(msgs) })
}

// do has something of size octets written beside the network, as put does.
func (p *pipe) do(size int64, write func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.err == nil && len(p.under) > 0 && (len(p.under) >= pipeBatches || p.octets+size > pipeOctets) {
		p.free.Wait()
	}
	if p.err != nil {
		return p.err
	}
	p.begun++
	me := p.begun
	p.under = append(p.under, me)
	p.octets += size
	go func() {
		err := write()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.under = slices.DeleteFunc(p.under, func(n int) bool { return n == me })
		p.octets -= size
		if p.err == nil {
			p.err = err
		}
		p.free.Broadcast()
	}()
	return nil
}

// mark is a moment of what was put.
func (p *pipe) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun
}

// reach waits until what was put before mark is durable, or an error is certain.
func (p *pipe) reach(mark int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.err == nil && slices.ContainsFunc(p.under, func(n int) bool { return n <= mark }) {
		p.free.Wait()
	}
	return p.err
}

// drain waits until everything that was put is durable, or an error is certain.
func (p *pipe) drain() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.under) > 0 {
		p.free.Wait()
	}
	return p.err
}
