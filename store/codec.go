package store

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// chunkSize is how much raw message one BLOB holds: one BLOB of a 64 MiB message
// would cost five times that in memory and lock the writer for long.
const chunkSize = 1 << 20

// codec compresses and decompresses chunks. Encoder and decoder are made when
// first needed and reused; both are safe for concurrent use by EncodeAll and DecodeAll.
type codec struct {
	encOnce, decOnce sync.Once
	room             sync.Pool // *[]byte that is packed into
	enc              *zstd.Encoder
	dec              *zstd.Decoder
	encErr, decErr   error
}

// encoder packs at the fastest level, with literals entropy-coded wherever they are: that is what an
// attachment in base64 is made of, in which there is nothing to match. So set, it packs the lab's mail by
// a fifth better than the better level does without, in half the time; and its tables are small, which
// a mua send would have to wait for.
func (c *codec) encoder() (*zstd.Encoder, error) {
	c.encOnce.Do(func() {
		c.enc, c.encErr = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithAllLitEntropyCompression(true),
			zstd.WithWindowSize(chunkSize), zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
	})
	return c.enc, c.encErr
}

// pack cuts raw into compressed chunks; at least one, also for no bytes.
func (c *codec) pack(raw []byte) ([][]byte, error) {
	enc, err := c.encoder()
	if err != nil {
		return nil, err
	}
	room, ok := c.room.Get().(*[]byte)
	if !ok {
		room = new([]byte)
	}
	defer c.room.Put(room)
	var out [][]byte
	for {
		n := min(len(raw), chunkSize)
		*room = enc.EncodeAll(raw[:n], (*room)[:0])
		out = append(out, bytes.Clone(*room))
		if raw = raw[n:]; len(raw) == 0 {
			return out, nil
		}
	}
}

// unpack appends the raw bytes of one chunk, of which there are want, to dst.
func (c *codec) unpack(dst, chunk []byte, want int64) ([]byte, error) {
	c.decOnce.Do(func() {
		c.dec, c.decErr = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(8*chunkSize))
	})
	if c.decErr != nil {
		return nil, c.decErr
	}
	// The decoder counts what dst already holds against its limit, so it gets the room behind it only.
	room := int(max(0, min(want, chunkSize)))
	dst = slices.Grow(dst, room)
	n := len(dst)
	out, err := c.dec.DecodeAll(chunk, dst[n:n:n+room])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if len(out) > room {
		return nil, fmt.Errorf("%w: a chunk of %d octets", ErrDamaged, len(out))
	}
	return append(dst, out...), nil // in place already: appending copies it onto itself
}

func (c *codec) close() {
	if c.enc != nil {
		_ = c.enc.Close()
	}
	if c.dec != nil {
		c.dec.Close()
	}
}
