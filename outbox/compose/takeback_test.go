package compose

import (
	"strings"
	"testing"

	"mua/store/message"
)

func TestTakeBack(t *testing.T) {
	raw := []byte("From: Ada <ada@example.org>\r\nTo: Bob <bob@example.org>, Zoë <zoe@exämple.org>\r\nCc: dan@example.org\r\nBcc: eve@example.org\r\n" +
		"Subject: hi\r\nIn-Reply-To: <1@x>\r\nMessage-ID: <2@x>\r\n\r\ntext\r\n")
	all := []string{"bob@example.org", "zoe@xn--exmple-cua.org", "Dan@Example.org", "eve@example.org"}
	if got := TakeBack(raw, all, 0); string(got) != string(raw) {
		t.Errorf("changed for nothing:\n%s", got)
	}
	if got := TakeBack(raw, all, 7); !strings.HasSuffix(string(got), string(raw)) || Resume(got).Answers != 7 {
		t.Errorf("got:\n%s", got)
	}
	got := Resume(TakeBack(raw, []string{"zoe@xn--exmple-cua.org", "list@example.org"}, 7))
	if FormatAddresses(got.To) != "Zoë <zoe@xn--exmple-cua.org>" || len(got.Cc) != 0 || FormatAddresses(got.Bcc) != "list@example.org" {
		t.Errorf("to %v, cc %v, bcc %v", got.To, got.Cc, got.Bcc)
	}
	if got.Answers != 7 || got.InReplyTo != "<1@x>" || got.Text != "text\n" || got.Subject != "hi" || got.From.Address != "ada@example.org" {
		t.Errorf("%+v", got)
	}
	var none []message.Address
	if got := Resume(TakeBack(raw, nil, 0)); len(append(append(append(none, got.To...), got.Cc...), got.Bcc...)) != 0 {
		t.Errorf("addressed to %v %v %v", got.To, got.Cc, got.Bcc)
	}
}
