package ui

import (
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"mua/store"
)

// TestRowsFromNobody: a message without From shows who sent it, as far as the header tells, and no empty column.
func TestRowsFromNobody(t *testing.T) {
	without := func(head, subject string) string {
		return head + strings.Replace(mailText("X", subject, "text"), "From: X\n", "", 1)
	}
	r := start(t, setup{w: 100, h: 24, fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox,
			without("From: <>\n", "subject one"),
			without("", "subject two"),
			without("Return-Path: <>\n", "subject three"),
			without("Return-Path: <cron\x1b[31m@host.example>\n", "subject four"),
			without("Return-Path: <x@host.example>\nSender: The Desk <desk@host.example>\n", "subject five"),
			mailText("Bob <bob@b.example>", "subject six", "text"))
	}})
	want := map[string]string{"one": "(no sender)", "two": "(no sender)", "three": "(no sender)", "four": "cron", "five": "The Desk", "six": "Bob"}
	lines := strings.Split(r.screen(), "\n")
	for word, who := range want {
		found := false
		for y, l := range lines {
			if !strings.Contains(l, "subject "+word) {
				continue
			}
			found = true
			x := len([]rune(l[:max(0, strings.Index(l, who))]))
			if !strings.Contains(l, who) {
				t.Errorf("no %q in %q", who, l)
				continue
			}
			r.on(func() {
				cells, w, _ := r.scr.GetContents()
				_, _, attr := cells[y*w+x].Style.Decompose()
				if dim := attr&tcell.AttrDim != 0; dim == (word == "six") {
					t.Errorf("%s is dim: %v", who, dim)
				}
			})
		}
		if !found {
			t.Errorf("no row %s:\n%s", word, r.screen())
		}
	}
}
