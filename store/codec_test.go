package store

import (
	"bytes"
	"testing"
)

// TestCodecLargeMessages: what was packed comes back whatever its size. The decoder's own limit once
// counted all chunks before, and no message over 8 MiB could be read again.
func TestCodecLargeMessages(t *testing.T) {
	var c codec
	defer c.close()
	noise := noise(9<<20 + 17)
	for name, raw := range map[string][]byte{
		"empty": nil, "one octet": {0}, "a chunk": noise[:chunkSize], "a chunk and one": noise[:chunkSize+1],
		"9 MiB of noise": noise, "20 MiB of one letter": bytes.Repeat([]byte{'y'}, 20<<20),
		"70 MiB of lines": bytes.Repeat([]byte("the same line again and again\r\n"), 70<<20/31),
	} {
		t.Run(name, func(t *testing.T) {
			packAndBack(t, &c, raw)
		})
	}
}

// TestCodecRefusesBombs: a chunk that holds more than a chunk is damage, not memory.
func TestCodecRefusesBombs(t *testing.T) {
	var c codec
	defer c.close()
	enc, err := c.encoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{chunkSize + 1, 64 << 20} {
		bomb := enc.EncodeAll(make([]byte, size), nil)
		if _, err := c.unpack(make([]byte, 10), bomb, int64(size)); err == nil {
			t.Errorf("a chunk of %d octets was taken", size)
		}
	}
}
