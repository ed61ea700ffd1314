package store

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// noise is n octets in which there is nothing to compress.
func noise(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(b)
	return b
}

// lines encodes as mail programs do.
func lines(b []byte, width int, end string) string {
	var out strings.Builder
	s := base64.StdEncoding.EncodeToString(b)
	for ; len(s) > width; s = s[width:] {
		out.WriteString(s[:width] + end)
	}
	return out.String() + s
}

func packAndBack(t testing.TB, c *codec, raw []byte) (size int) {
	t.Helper()
	chunks, err := c.pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, chunk := range chunks {
		size += len(chunk)
		if got, err = c.unpack(got, chunk, int64(len(raw)-len(got))); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, raw) {
		t.Fatalf("%d octets came back of %d, or others", len(got), len(raw))
	}
	return size
}

// TestArmor: base64 takes no more room than what it says, and comes back to the letter, however it is written.
func TestArmor(t *testing.T) {
	var c codec
	defer c.close()
	text := "Content-Transfer-Encoding: base64\r\n" + strings.Repeat("Some words that compress.\r\n", 4)
	for name, x := range map[string]struct {
		raw  string
		most int // octets it may take; 0: whatever
	}{
		"CRLF":                    {text + lines(noise(5000), 76, "\r\n") + "\r\n--b\r\n", 5120},
		"LF":                      {text + lines(noise(5000), 76, "\n") + "\n--b\n", 5120},
		"width 60":                {text + lines(noise(5000), 60, "\r\n") + "\r\n", 5120},
		"one line":                {text + lines(noise(600), 996, "\r\n") + "\r\n", 700},
		"whole lines":             {text + lines(noise(57*40), 76, "\r\n") + "\r\n", 57*40 + 120},
		"padding of one":          {text + lines(noise(57*40+5), 76, "\r\n") + "\r\n", 57*40 + 120},
		"padding of two":          {text + lines(noise(57*40+4), 76, "\r\n") + "\r\n", 57*40 + 120},
		"padding in a full line":  {lines(noise(57*40-1), 76, "\r\n") + "\r\n" + text, 57*40 + 120},
		"no end of line":          {lines(noise(5000), 76, "\r\n"), 5120},
		"two, one after another":  {lines(noise(5000), 76, "\r\n") + "\r\n" + lines(noise(3001), 72, "\r\n") + "\r\n", 8200},
		"over chunks":             {text + lines(noise(3<<20), 76, "\r\n") + "\r\n", 3<<20 + 1000},
		"text in it":              {text + lines([]byte(strings.Repeat("These words compress as well.", 200)), 76, "\r\n"), 400},
		"empty":                   {"", 0},
		"bits that say nothing":   {lines(noise(57*40), 76, "\r\n") + "\r\nQUJ=\r\n" + text, 0},
		"padding within":          {strings.Repeat(lines(noise(56), 76, "")+"\r\n", 50), 0},
		"ends that differ":        {lines(noise(2000), 76, "\r\n") + "\n" + lines(noise(2000), 76, "\n") + "\r\n", 0},
		"CR within a line":        {strings.Repeat(strings.Repeat("QUJD", 18)+"\r\r\r\r\r\n", 30), 0},
		"CR before the last end":  {lines(noise(57*40+3), 76, "\r\n") + "\r\r\n" + text, 0},
		"CR after lines without":  {lines(noise(57*40+3), 76, "\n") + "\r\n" + text, 0},
		"CR within the last line": {lines(noise(57*40), 76, "\n") + "\nQU\rJD\n" + text, 0},
		"LF within the width":     {strings.Repeat(strings.Repeat("QUJD", 9)+"\r\n"+strings.Repeat("QUJD", 9)+"AA\r\n", 30), 0},
		"a longer line":           {lines(noise(2000), 76, "\r\n") + "QUJDQUJD\r\n", 0},
		"a blank":                 {lines(noise(2000), 76, " \r\n"), 0},
		"cut off":                 {lines(noise(2000), 76, "\r\n")[:1999], 0},
		"URL alphabet":            {strings.Repeat(strings.Repeat("QU-_", 19)+"\r\n", 30), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if n := packAndBack(t, &c, []byte(x.raw+"base64")); x.most > 0 && n > x.most {
				t.Errorf("%d octets take %d, not %d at most", len(x.raw), n, x.most)
			}
		})
	}
}

// TestArmorDamaged: a chunk with any octet changed or cut off anywhere is read as others or refused: no panic, no more than a chunk.
func TestArmorDamaged(t *testing.T) {
	var c codec
	defer c.close()
	raw := []byte("base64\r\n" + lines(noise(700), 76, "\r\n") + "\r\nmore\r\n" + lines(noise(300), 60, "\n") + "\n")
	chunks, err := c.pack(raw)
	if err != nil || chunks[0][0] != armored {
		t.Fatal(err, chunks)
	}
	try := func(chunk []byte) {
		if got, err := c.unpack(nil, chunk, int64(len(raw))); err == nil && len(got) > len(raw) {
			t.Errorf("%d octets of %d", len(got), len(raw))
		}
	}
	for i := range chunks[0] {
		try(chunks[0][:i])
		for _, by := range []byte{1, 0x80, 0xff} {
			b := bytes.Clone(chunks[0])
			b[i] ^= by
			try(b)
		}
	}
}

// TestArmorAnyLines: whatever lines of base64 end with, and whatever stands among them, comes back.
func TestArmorAnyLines(t *testing.T) {
	var c codec
	defer c.close()
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"\r\n", "\r\n", "\n", "\r", "QUJD", "QUJD", "QQ==", "QUI=", "=", "Q", "QR==", strings.Repeat("QUJD", 10), strings.Repeat("QUJD", 19), lines(noise(300), 76, "\r\n"), lines(noise(300), 40, "\n")}
	for range 20_000 {
		raw := []byte("base64\r\n" + lines(noise(300), 40, []string{"\n", "\r\n"}[random.IntN(2)]))
		for range random.IntN(12) {
			raw = append(raw, parts[random.IntN(len(parts))]...)
		}
		packAndBack(t, &c, raw)
	}
}

func FuzzArmor(f *testing.F) {
	f.Add([]byte("base64\r\n"+lines(noise(600), 76, "\r\n")+"\r\n--b--\r\n"), false)
	f.Add([]byte(lines(noise(600), 40, "\n")+"\n"), true)
	f.Add([]byte{armored, 1, 0, 80, 200}, false)
	var c codec
	f.Fuzz(func(t *testing.T, raw []byte, chunk bool) {
		if chunk {
			_, _ = c.unpack(nil, raw, chunkSize)
			return
		}
		packAndBack(t, &c, raw)
		packAndBack(t, &c, []byte("base64\r\n"+lines(raw, 76, "\r\n")+"\r\n"))
	})
}
