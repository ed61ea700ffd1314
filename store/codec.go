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

// tinyChunk is up to where the fastest level is good enough: its tables are the first thing that
// a mua send would wait for.
const tinyChunk = 2 << 10

// smallChunk is up to where the quick level packs as well as the better one: to clear the
// better one's tables takes longer than to pack a letter.
const smallChunk = 64 << 10

// codec compresses and decompresses chunks. Encoders and decoder are made when
// first needed and reused; all are safe for concurrent use by EncodeAll and DecodeAll.
type codec struct {
	tiny, small, large encoder
	decOnce            sync.Once
	dec                *zstd.Decoder
	decErr             error
}

// encoder is one level's.
type encoder struct {
	once sync.Once
	enc  *zstd.Encoder
	err  error
}

func (e *encoder) get(level zstd.EncoderLevel) (*zstd.Encoder, error) {
	e.once.Do(func() {
		e.enc, e.err = zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(chunkSize),
			zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
	})
	return e.enc, e.err
}

// pack cuts raw into compressed chunks; at least one, also for no bytes.
func (c *codec) pack(raw []byte) ([][]byte, error) {
	var out [][]byte
	for {
		n := min(len(raw), chunkSize)
		enc, err := c.encoder(n)
		if err != nil {
			return nil, err
		}
		out = append(out, enc.EncodeAll(raw[:n], nil))
		if raw = raw[n:]; len(raw) == 0 {
			return out, nil
		}
	}
}

// encoder is the one for a chunk of n octets.
func (c *codec) encoder(n int) (*zstd.Encoder, error) {
	switch {
	case n <= tinyChunk:
		return c.tiny.get(zstd.SpeedFastest)
	case n <= smallChunk:
		return c.small.get(zstd.SpeedDefault)
	}
	return c.large.get(zstd.SpeedBetterCompression)
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
	for _, e := range []*encoder{&c.tiny, &c.small, &c.large} {
		if e.enc != nil {
			_ = e.enc.Close()
		}
	}
	if c.dec != nil {
		c.dec.Close()
	}
}
