package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mua/account/agent"
)

// hookFile is a program that writes each run's arguments and environment as one line to a file.
func hookFile(t *testing.T) (program string, runs func() []string) {
	t.Helper()
	dir := t.TempDir()
	program, out := filepath.Join(dir, "hook"), filepath.Join(dir, "runs")
	script := "#!/bin/sh\n{ for a; do printf '<%s>' \"$a\"; done; echo \" $MUA_ACCOUNT $MUA_COUNT $MUA_ID\"; } >> " + out + "\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, func() []string {
		b, err := os.ReadFile(out)
		if err != nil {
			return nil
		}
		return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	}
}

func from(name, subject, id string) []byte {
	return []byte("From: " + name + " <x@example.org>\r\nTo: ada@mua.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + ">\r\n\r\nHi\r\n")
}

func (h *house) passWith(hook *agent.Hook) agent.Result {
	h.Helper()
	o := h.options()
	o.Hook = hook
	r := agent.Pass(h.Context(), o, h.config.Accounts[0], agent.PassOptions{})
	if r.Err != nil {
		h.Fatalf("pass: %v", r.Err)
	}
	return r
}

func TestHookOnNewMail(t *testing.T) {
	for _, incoming := range []string{"imaps", "pop3s"} {
		t.Run(incoming, func(t *testing.T) {
			h := newHouse(t, incoming)
			program, runs := hookFile(t)
			hook := agent.NewHook([]string{program, "{from}", "{subject}", "{account}/{mailbox}: {count}", "{{"})
			for i := range 5 {
				h.servers.Deliver("INBOX", message(fmt.Sprint("old", i)))
			}
			h.passWith(hook)
			h.passWith(hook)
			if got := runs(); got != nil {
				t.Fatalf("a first pull runs it: %q", got)
			}
			h.servers.Deliver("INBOX", from("Bob", "one", "1@x"))
			h.servers.Deliver("INBOX", from("Carol", "two", "2@x"))
			h.servers.Deliver("INBOX", from("Bob", "-rf \x1b[31m $(touch x) {count}\t; `id` \xe2\x80\xae", "3@x"))
			h.passWith(hook)
			got := runs()
			if incoming == "pop3s" { // which of them is the newest is not known there
				if len(got) != 1 || !strings.Contains(got[0], "><demo/INBOX: 3><{> demo 3 ") {
					t.Fatalf("one run for three messages: %q", got)
				}
			} else if len(got) != 1 || !strings.HasPrefix(got[0], "<Bob, Carol>< -rf [31m $(touch x) {count} ; `id`><demo/INBOX: 3><{> demo 3 ") {
				t.Fatalf("one run for three messages: %q", got)
			}
			h.passWith(hook)
			if n := len(runs()); n != 1 {
				t.Fatalf("%d runs: nothing was new", n)
			}
		})
	}
}

// TestHookIsNotRunFor what was read elsewhere, junk, a mailbox never seen before, and what another
// client only moved.
func TestHookIsNotRunFor(t *testing.T) {
	h := newHouse(t, "imaps")
	program, runs := hookFile(t)
	hook := agent.NewHook([]string{program, "{subject}"})
	h.servers.Deliver("INBOX", from("Bob", "moved", "m@x"))
	h.servers.Deliver("Lists", message("list"))
	h.passWith(hook)
	h.servers.Deliver("Junk", from("Spam", "spam", "s@x"))
	h.servers.Deliver("Sent", from("Ada", "sent", "t@x"))
	h.servers.Deliver("New", from("Bob", "another mailbox", "n@x"))
	h.servers.Deliver("Lists", from("Bob", "moved", "m@x"))
	h.passWith(hook)
	if got := runs(); got != nil {
		t.Fatalf("%q", got)
	}
	h.servers.Deliver("Lists", from("Bob", "real", "r@x"))
	h.passWith(hook)
	if got := runs(); len(got) != 1 || !strings.HasPrefix(got[0], "<real>") {
		t.Fatalf("%q", got)
	}
}

// TestHookThatFails is told once, and the mail is there.
func TestHookThatFails(t *testing.T) {
	h := newHouse(t, "imaps")
	h.pass()
	hook := agent.NewHook([]string{"sh", "-c", "echo no display; exit 3"})
	var told []string
	for i := range 3 {
		h.servers.Deliver("INBOX", message(fmt.Sprint("m", i)))
		told = append(told, h.passWith(hook).Warnings...)
	}
	if len(told) != 1 || !strings.Contains(told[0], "on_new_mail: sh: exit status 3: no display") {
		t.Fatalf("%q", told)
	}
	if h.count("") != 3 {
		t.Fatal("the mail is not here")
	}
	h.servers.Deliver("INBOX", message("missing"))
	if w := h.passWith(agent.NewHook([]string{"/does/not/exist"})).Warnings; len(w) != 1 || !strings.Contains(w[0], "no such file") {
		t.Fatalf("%q", w)
	}
}

// TestHookOfAnAgent runs beside the syncing, and its failure is in the status.
func TestHookOfAnAgent(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.Deliver("INBOX", message("old"))
	program, runs := hookFile(t)
	o := h.patient(newMachine("192.0.2.1"))
	o.Hook = agent.NewHook([]string{program, "{subject}"})
	g := h.run(o)
	h.eventually("a first pass", func() bool { return !g.Status()[0].LastSync.IsZero() })
	h.servers.Deliver("INBOX", message("fresh"))
	h.eventually("one run", func() bool { r := runs(); return len(r) == 1 && strings.HasPrefix(r[0], "<fresh>") })
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	h.servers.Deliver("INBOX", message("again"))
	h.eventually("the failure is told", func() bool {
		t := g.Status()[0].HookTrouble
		return t != nil && strings.Contains(t.What, "no such file")
	})
	h.eventually("and stops nothing", func() bool { return g.Status()[0].Trouble == nil && h.count("subject:again") == 1 })
}
