package trial

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// generate makes n different messages; message i depends on i alone. They vary
// in size, header, encoding and structure, and have CRLF line ends.
func generate(first, n int) [][]byte {
	var out [][]byte
	for i := first; i < first+n; i++ {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		var b strings.Builder
		when := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
		fmt.Fprintf(&b, "From: Sender %d <s%d@example.net>\r\nTo: ada@example.org\r\nDate: %s\r\n", i%17, i%17, when.Format(time.RFC1123Z))
		fmt.Fprintf(&b, "Message-ID: <gen-%d@example.net>\r\nSubject: %s m%07d\r\n", i, [3]string{"report", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "会議"}[i%3], i)
		switch i % 5 {
		case 0, 1:
			fmt.Fprintf(&b, "\r\n%s", words(r, 20+r.IntN(400)))
		case 2:
			fmt.Fprintf(&b, "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>%s</p></body></html>\r\n", words(r, 60))
		case 3:
			data := make([]byte, 200+r.IntN(20000))
			for j := range data {
				data[j] = byte(r.UintN(256))
			}
			fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\nContent-Type: text/plain\r\n\r\n%s\r\n", i, i, words(r, 30))
			fmt.Fprintf(&b, "--b%d\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"f%d.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b%d--\r\n",
				i, i, wrap(base64.StdEncoding.EncodeToString(data)), i)
		case 4:
			fmt.Fprintf(&b, "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n.dot first\r\n..two\r\n\xe4\xf6\xfc %s\r\n.\r\n", words(r, 50))
		}
		out = append(out, []byte(b.String()))
	}
	return out
}

func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%x", r.UintN(1<<20))
		if i%9 == 8 {
			b.WriteString("\r\n")
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String() + "\r\n"
}

func wrap(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}
