package compose

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"mua/account"
)

func TestResend(t *testing.T) {
	raw := "Return-Path: <z@x>\r\nDelivered-To: ada@example.org\r\nReceived: from a by b\r\nDKIM-Signature: v=1; bh=x\r\nFrom: Zoë <z@x.org>\r\n" +
		"Bcc: s@x.org\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n.\r\nmore\r\n"
	f, err := Resend([]byte(raw), &Draft{From: ada, To: to("bob@example.com", "c@d.org"), Bcc: to("e@f.org")}, now)
	if err != nil {
		t.Fatal(err)
	}
	checkWire(t, f.Wire, false)
	want := "Resent-Date: Mon, 02 Nov 2026 10:11:12 +0200\nResent-From: Ada Lovelace <ada@example.org>\nResent-To: bob@example.com, c@d.org\n" +
		"Resent-Message-ID: " + f.MessageID + "\nReceived: from a by b\nDKIM-Signature: v=1; bh=x\nFrom: =?utf-8?q?Zo=C3=AB?= <z@x.org>\n" +
		"Message-ID: <1@x>\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n.\nmore\n"
	if got := Display(f.Wire); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if strings.Join(f.Recipients, " ") != "bob@example.com c@d.org e@f.org" || f.Sender != "ada@example.org" || !f.Resent {
		t.Errorf("%+v", f)
	}
	f, err = Resend([]byte("Subject: x\r\n\r\n"+strings.Repeat("x", 1200)+"\r\n"), &Draft{From: ada, To: to("a@b")}, now)
	if err != nil || !isSevenBit(f.Wire) || !bytes.Contains(f.Wire, []byte("quoted-printable")) {
		t.Errorf("%v", err)
	}
	if _, err := Resend([]byte(raw), &Draft{From: ada}, now); kindOf(err) != account.KindData {
		t.Errorf("no recipient: %v", err)
	}
}

// TestResendKeepsTheBytes: what can travel as it is does, folded, odd and resent before.
func TestResendKeepsTheBytes(t *testing.T) {
	raw := []byte("Resent-From: x@y.org\r\nResent-Message-ID: <r1@y>\r\nDKIM-Signature: v=1;\r\n\tbh=abc=; b=\r\n  xyz\r\nsubject :  odd   spaces  \r\n" +
		"From: \"A\" <a@x.org> (note)\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b;\r\n protocol=\"application/pgp-signature\"\r\n\r\n" +
		"--b\r\n\r\nFrom here  \r\n.dot\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--b--\r\n")
	before := slices.Clone(raw)
	f, err := Resend(raw, &Draft{From: ada, Bcc: to("b@c.org")}, now)
	if err != nil {
		t.Fatal(err)
	}
	added, ok := bytes.CutSuffix(f.Wire, before)
	if !ok || !bytes.Equal(raw, before) {
		t.Fatalf("the message is not as it was:\n%s", f.Wire)
	}
	if want := "Resent-To: undisclosed-recipients:;\r\nResent-Message-ID: " + f.MessageID + "\r\n"; !bytes.HasSuffix(added, []byte(want)) || bytes.Contains(f.Wire, []byte("b@c.org")) {
		t.Errorf("added:\n%s", added)
	}
}
