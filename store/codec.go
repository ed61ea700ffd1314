package store

import (
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
	encOnce sync.Once
	enc     *zstd.Encoder
	encErr  error
	decOnce sync.Once
	dec     *zstd.Decoder
	decErr  error
}

// encoder packs at the fastest level, and entropy-codes what has no matches too, which that level would
// not: mail is base64 for the most part, where nothing else helps. On the lab's mail it makes within 1 % of
// what the better level makes, three times as fast, and its tables, which a mua send waits for, are small.
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
	var out [][]byte
	for {
		n := min(len(raw), chunkSize)
		out = append(out, enc.EncodeAll(raw[:n], nil))
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
