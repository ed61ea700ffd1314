package imap_test

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

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

// bomb agrees and sends far more than was asked for in a few octets.
func bomb(c *fakeConn, tag string) {
	c.say("%s OK", tag)
	w, _ := flate.NewWriter(c, flate.BestCompression)
	line := bytes.Repeat([]byte("* 5 EXISTS\r\n"), 1<<16)
	for range 200 {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
	_ = w.Flush()
}

// TestCompressRefusedOrBroken: a refusal changes nothing; where a server does not compress as it agreed to, another
// connection does without; one that goes away instead of answering is a trouble.
func TestCompressRefusedOrBroken(t *testing.T) {
	for name, answer := range map[string]struct {
		say  func(c *fakeConn, tag string)
		good bool
	}{
		"refused": {func(c *fakeConn, tag string) { c.say("%s NO not today", tag) }, true},
		"plain":   {func(c *fakeConn, tag string) { c.say("%s OK\r\n* 5 EXISTS", tag) }, true},
		"bomb":    {bomb, true},
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
			var p imap.Pulled
			var err error
			bounded(t, func() { p, err = e.trySync(t.Context()) })
			if answer.good != (err == nil) || answer.good && p.New != 200 {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}
