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
	encOnce, decOnce sync.Once
	enc              *zstd.Encoder
	dec              *zstd.Decoder
	encErr, decErr   error
}

// pack cuts raw into compressed chunks; at least one, also for no bytes.
func (c *codec) pack(raw []byte) ([][]byte, error) {
	c.encOnce.Do(func() {
		c.enc, c.encErr = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
			zstd.WithWindowSize(chunkSize), zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
	})
	if c.encErr != nil {
		return nil, c.encErr
	}
	var out [][]byte
	for {
		n := min(len(raw), chunkSize)
		out = append(out, c.enc.EncodeAll(raw[:n], nil))
		if raw = raw[n:]; len(raw) == 0 {
			return out, nil
		}
	}
}

// unpack appends the raw bytes of one chunk to dst.
func (c *codec) unpack(dst, chunk []byte) ([]byte, error) {
	c.decOnce.Do(func() {
		c.dec, c.decErr = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(8*chunkSize))
	})
	if c.decErr != nil {
		return nil, c.decErr
	}
	// The decoder counts what dst already holds against its limit, so it gets the room behind it only.
	dst = slices.Grow(dst, chunkSize)
	n := len(dst)
	out, err := c.dec.DecodeAll(chunk, dst[n:n:n+chunkSize])
	if err != nil {
		return nil, fmt.Errorf("damaged message bytes: %w", err)
	}
	if len(out) > chunkSize {
		return nil, fmt.Errorf("damaged message bytes: a chunk of %d octets", len(out))
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
