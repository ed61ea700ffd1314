package imap_test

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"
	"time"

	"mua/account/imap"
	"mua/account/realservers"
	"mua/account/wire"
)

// TestCompress: what Dovecot compresses arrives byte for byte, in fewer octets.
func TestCompress(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Config("mail_plugins = zlib\nprotocol imap {\n  mail_plugins = zlib imap_zlib\n}"))
	user := d.AddUser(t)
	raws := spread(t, d, user, 1000)
	e := dovecotEnv(t, d, user, "imaps")
	var in [2]int64
	for i, local := range []bool{false, true} {
		e.fresh()
		e.o.CompressLocal = local
		e.o.Wire.Counters = new(wire.Counters)
		if p := e.sync(); p.New != 1000 || len(p.Warnings) != 0 {
			t.Fatalf("first pull, compressed %v: %+v", local, p)
		}
		for name, list := range raws {
			wantSame(t, name, e.sums(name), sumsOf(list))
		}
		in[i] = e.o.Wire.Counters.BytesIn()
	}
	t.Logf("%d octets, compressed %d", in[0], in[1])
	if in[1] > in[0]*9/10 {
		t.Errorf("%d octets came compressed, %d without", in[1], in[0])
	}
}

// bomb is far more than is ever asked for, in a few octets.
func bomb() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	line := []byte("* OK " + strings.Repeat("x", 1000) + "\r\n") // few of them: what each costs us is not the question
	for range 40_000 {
		_, _ = w.Write(line)
	}
	_ = w.Flush()
	return b.Bytes()
}

// TestCompressRefusedOrBroken: a refusal changes nothing; where a server does not compress as it agreed to, another
// connection does without; one that goes away instead of answering is a trouble.
func TestCompressRefusedOrBroken(t *testing.T) {
	packed := bomb() // while a connection waits it would look silent
	for name, answer := range map[string]struct {
		say  func(c *fakeConn, tag string)
		good bool
	}{
		"refused": {func(c *fakeConn, tag string) { c.say("%s NO not today", tag) }, true},
		"plain":   {func(c *fakeConn, tag string) { c.say("%s OK\r\n* 5 EXISTS", tag) }, true},
		"bomb":    {func(c *fakeConn, tag string) { c.say("%s OK", tag); _, _ = c.Write(packed) }, true},
		"bye":     {func(c *fakeConn, tag string) { c.say("* BYE no") }, false},
		"closed":  {func(c *fakeConn, tag string) { c.Close() }, false},
		"silent":  {func(*fakeConn, string) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{messages: corpus(200)}
			f.on = func(c *fakeConn, tag, command string) bool {
				switch {
				case command == "CAPABILITY":
					c.say("* CAPABILITY IMAP4rev1 UIDPLUS COMPRESS=DEFLATE\r\n%s OK", tag)
				case strings.HasPrefix(command, "COMPRESS"):
					answer.say(c, tag)
				default:
					return false
				}
				return true
			}
			_, e := newFake(t, f)
			e.o.CompressLocal = true
			if name == "bye" || name == "silent" {
				e.o.Wire.Progress = time.Second
			}
			var p imap.Pulled
			var err error
			bounded(t, func() { p, err = e.trySync(t.Context()) })
			if answer.good != (err == nil) || answer.good && p.New != 200 {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}
