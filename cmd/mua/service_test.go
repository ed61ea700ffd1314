package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// realProgram is a program of the system that a test needs, or the end of the test.
func realProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("MUA_REAL_SERVERS") == "require" {
			t.Fatalf("%s is not installed, and this run requires the real thing", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

// TestUnitsVerify: systemd itself finds nothing to say against the units, and
// finds the program, whatever the names.
func TestUnitsVerify(t *testing.T) {
	analyze := realProgram(t, "systemd-analyze")
	for _, name := range []string{"mua", `m%u a$HOME;x`} {
		home := t.TempDir()
		p := program{path: filepath.Join(home, name), flags: []string{"--data", `/a b/100%/$x "y" 'z' \n`}, env: []string{`PATH=/a "b":/bin%h`}, user: &user.User{}}
		if err := os.WriteFile(p.path, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		for unit, text := range map[string]string{
			"mua-sync.service": watchUnits(p)["mua-sync.service"], "mua-flush.service": timerUnits(p)["mua-flush.service"], "mua-flush.timer": timerUnits(p)["mua-flush.timer"],
		} {
			if err := os.WriteFile(filepath.Join(home, unit), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, unit := range []string{"mua-sync.service", "mua-flush.timer", "mua-flush.service"} {
			cmd := exec.Command(analyze, "--user", "--man=no", "verify", filepath.Join(home, unit))
			cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+home, "HOME="+home)
			if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), home) {
				t.Errorf("%s of %s: %v\n%s", unit, p.path, err, out)
			}
		}
	}
}

// TestShellWord: a shell gives every word back, and cron finds nothing to change in it.
func TestShellWord(t *testing.T) {
	sh := realProgram(t, "sh")
	for _, w := range []string{"plain", "", "two words", `it's`, `$HOME`, "`id`", `"`, `a;b&c|d`, "*", "~", "-n", "#", "é"} {
		out, err := exec.Command(sh, "-c", "printf %s "+shellWord(w)).Output()
		if err != nil || string(out) != w {
			t.Errorf("%q → %s → %q %v", w, shellWord(w), out, err)
		}
	}
	p := program{path: "/100%/mua", user: &user.User{}}
	if _, err := (cronLine{}).files(p); err == nil {
		t.Error("a crontab line with a bare %")
	}
	p.path = "/$x/mua"
	if _, err := (dispatcherScript{}).files(p); err == nil {
		t.Error("systemd-run would expand $x")
	}
}
