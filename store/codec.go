package store

import (
	"bytes"
	"encoding/binary"
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
	room             sync.Pool // *scratch
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

// A chunk is a zstd frame, or, where base64 was taken out of it, armored, where it was, twice the length of a
// frame of the rest (1 more when what the base64 says is in a frame too), then that frame, and what the base64 says.
const armored = 0xb6 // a zstd frame begins with 0x28

// scratch is what a chunk is taken apart and put together in.
type scratch struct{ text, data, packed, again []byte }

func (c *codec) scratch() *scratch {
	if s, ok := c.room.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

// pack cuts raw into compressed chunks; at least one, also for no bytes.
func (c *codec) pack(raw []byte) ([][]byte, error) {
	enc, err := c.encoder()
	if err != nil {
		return nil, err
	}
	s := c.scratch()
	defer c.room.Put(s)
	var out [][]byte
	for mayArmor := namesBase64(raw); ; {
		n := min(len(raw), chunkSize)
		out = append(out, s.pack(enc, raw[:n], mayArmor))
		if raw = raw[n:]; len(raw) == 0 {
			return out, nil
		}
	}
}

func (s *scratch) pack(enc *zstd.Encoder, raw []byte, mayArmor bool) []byte {
	var found []armor
	if mayArmor {
		found, s.text, s.data = disarm(s.text[:0], s.data[:0], raw)
	}
	if len(found) > 0 { // POP3 mail may exist nowhere else: it is put together again before anybody relies on it
		var err error
		if s.again, err = rearm(s.again[:0], found, s.text, s.data, len(raw)); err != nil || !bytes.Equal(s.again, raw) {
			found = nil
		}
	}
	if len(found) == 0 {
		s.packed = enc.EncodeAll(raw, s.packed[:0])
		return bytes.Clone(s.packed)
	}
	s.packed = enc.EncodeAll(s.text, s.packed[:0])
	data, text := s.data, uint64(len(s.packed))<<1
	if s.compresses() {
		s.packed = enc.EncodeAll(s.data, s.packed)
		data, text = nil, text|1
	}
	out := appendArmor(append(make([]byte, 0, len(s.packed)+len(data)+16+8*len(found)), armored), found)
	return append(append(binary.AppendUvarint(out, text), s.packed...), data...)
}

// compresses judges by samples of the beginning, the middle and the end whether some octets are more frequent in what
// the base64 says than others: most of it is pictures and archives, over which a compressor toils in vain.
func (s *scratch) compresses() bool {
	const sample = 1024
	var count [256]int
	n := 0
	for _, at := range []int{0, (len(s.data) - sample) / 2, len(s.data) - sample} {
		part := s.data[max(0, at):min(len(s.data), max(0, at)+sample)]
		for _, b := range part {
			count[b]++
		}
		n += len(part)
	}
	pairs := 0 // of equal octets; of noise, one in 256 is
	for _, c := range count {
		pairs += c * (c - 1)
	}
	return pairs > n*(n-1)/256*5/4
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
	room := int(max(0, min(want, chunkSize)))
	if len(chunk) == 0 || chunk[0] != armored {
		return c.frame(dst, chunk, room)
	}
	found, rest, err := cutArmor(chunk[1:])
	if err != nil {
		return nil, err
	}
	size, n := binary.Uvarint(rest)
	if n <= 0 || size>>1 > uint64(len(rest)-n) {
		return nil, fmt.Errorf("%w: a chunk is cut off", ErrDamaged)
	}
	text, data := rest[n:][:size>>1], rest[n:][size>>1:]
	s := c.scratch()
	defer c.room.Put(s)
	if s.text, err = c.frame(s.text[:0], text, room); err != nil {
		return nil, err
	}
	if size&1 != 0 {
		if s.data, err = c.frame(s.data[:0], data, room); err != nil {
			return nil, err
		}
		data = s.data
	}
	return rearm(dst, found, s.text, data, room)
}

// frame appends what a zstd frame holds, room octets at most.
func (c *codec) frame(dst, frame []byte, room int) ([]byte, error) {
	// The decoder counts what dst already holds against its limit, so it gets the room behind it only.
	dst = slices.Grow(dst, room)
	n := len(dst)
	out, err := c.dec.DecodeAll(frame, dst[n:n:n+room])
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
