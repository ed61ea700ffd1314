package compose

import (
	"bytes"
	"strings"
	"testing"

	"mua/account"
)

func TestResend(t *testing.T) {
	raw := "Return-Path: <z@x>\r\nDelivered-To: ada@example.org\r\nReceived: from a by b\r\nDKIM-Signature: v=1; bh=x\r\nFrom: Zoë <z@x.org>\r\n" +
		"Bcc: s@x.org\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n.\r\nmore\r\n"
	f, err := Resend([]byte(raw), ada, to("bob@example.com", "c@d.org"), now)
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
	if strings.Join(f.Recipients, " ") != "bob@example.com c@d.org" || f.Sender != "ada@example.org" {
		t.Errorf("%+v", f)
	}
	f, err = Resend([]byte("Subject: x\r\n\r\n"+strings.Repeat("x", 1200)+"\r\n"), ada, to("a@b"), now)
	if err != nil || !isSevenBit(f.Wire) || !bytes.Contains(f.Wire, []byte("quoted-printable")) {
		t.Errorf("%v", err)
	}
	if _, err := Resend([]byte(raw), ada, nil, now); kindOf(err) != account.KindData {
		t.Errorf("no recipient: %v", err)
	}
}
