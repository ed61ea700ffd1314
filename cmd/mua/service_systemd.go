package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"mua/account"
)

// systemdUnit is a service by units of the systemd user manager. The first is
// the one to enable.
type systemdUnit struct {
	name  string
	units []string
	text  func(program) map[string]string
}

// systemdRuns reports whether systemd is this machine's first process (sd_booted(3)).
func systemdRuns() bool {
	if st, err := os.Lstat("/run/systemd/system"); err != nil || !st.IsDir() {
		return false
	}
	_, err := exec.LookPath("systemctl")
	return err == nil
}

func (u systemdUnit) kind() string { return u.name }

// unitDir is where a user's own units are.
func unitDir() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "systemd", "user"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &account.Trouble{Kind: account.KindConfig, What: "HOME is not set, so there is no telling where your units are", Err: err}
	}
	return filepath.Join(home, ".config", "systemd", "user"), nil
}

func (u systemdUnit) files(p program) ([]serviceFile, error) {
	dir, err := unitDir()
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(p.path, `"'\`) {
		return nil, usagef("systemd runs no program whose path has quotes or a backslash: %s", p.path)
	}
	var out []serviceFile
	for name, text := range u.text(p) {
		out = append(out, serviceFile{filepath.Join(dir, name), text})
	}
	slices.SortFunc(out, func(a, b serviceFile) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

func (u systemdUnit) how(files []serviceFile) []string {
	var names []string
	for _, f := range files {
		names = append(names, f.path)
	}
	return []string{
		"mua service install --kind " + u.name + "   (or write " + strings.Join(names, " and ") + " yourself, then:)",
		"systemctl --user daemon-reload",
		"systemctl --user enable --now " + u.units[0],
		"loginctl enable-linger   (to have it run while you are not logged in, too)",
	}
}

func (u systemdUnit) install(ctx context.Context, a *app, files []serviceFile, force bool) error {
	again := false
	for _, f := range files {
		done, err := writeUnit(f, force)
		if err != nil {
			return err
		}
		again = again || done == unitReplaced
		a.talk("%s %s", f.path, done)
	}
	if err := u.enable(ctx, again); err != nil {
		t := asTrouble(err)
		return &account.Trouble{Kind: t.Kind, What: t.What, Kept: "What was written is kept",
			Hint: "systemctl --user daemon-reload && systemctl --user enable --now " + u.units[0], Err: err}
	}
	if _, err := fmt.Fprintf(a.out, "%s\n", u.units[0]); err != nil {
		return ioTrouble("cannot write to stdout", err)
	}
	a.talk("%s is enabled and started; see: mua service status", u.units[0])
	if !lingers() {
		a.talk("it runs while you are logged in; to have it run always: loginctl enable-linger")
	}
	return nil
}

// enable makes the manager know the units and start them, now and at every
// login; again: another text may be running.
func (u systemdUnit) enable(ctx context.Context, again bool) error {
	steps := [][]string{{"daemon-reload"}, {"enable", "--now", u.units[0]}}
	if again {
		steps = append(steps, []string{"restart", u.units[0]})
	}
	for _, words := range steps {
		if _, err := command(ctx, "", append([]string{"systemctl", "--user"}, words...)...); err != nil {
			return err
		}
	}
	return nil
}

// lingers reports whether the user's manager runs without a login (logind's mark).
func lingers() bool {
	_, err := os.Stat(filepath.Join("/var/lib/systemd/linger", os.Getenv("USER")))
	return err == nil && os.Getenv("USER") != ""
}

// What writeUnit has done.
const (
	unitWritten  = "written"
	unitReplaced = "replaced"
	unitThere    = "is there already"
)

// writeUnit writes a file that is not there. One with other content is left
// alone unless force says otherwise.
func writeUnit(f serviceFile, force bool) (done string, err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return "", created(f.path, err)
	}
	err = writeNew(f.path, []byte(f.text))
	if !errors.Is(err, fs.ErrExist) {
		return unitWritten, err
	}
	now, err := os.ReadFile(f.path)
	if err == nil && string(now) == f.text {
		return unitThere, nil
	}
	if !force {
		return "", &account.Trouble{Kind: account.KindCreate, What: f.path + " exists already, and is not what would be written",
			Kept: "It was not changed", Hint: "mua service print shows what would be; --force replaces it"}
	}
	if err := os.Remove(f.path); err != nil { // it may be a link, to /dev/null where it was masked
		return "", created(f.path, err)
	}
	return unitReplaced, writeNew(f.path, []byte(f.text))
}

func (u systemdUnit) uninstall(ctx context.Context, a *app, force bool) error {
	dir, err := unitDir()
	if err != nil {
		return err
	}
	var there []string
	for _, name := range u.units {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return ioTrouble("cannot read "+path, err)
		case !strings.HasPrefix(string(text), unitMark) && !force:
			return &account.Trouble{Kind: account.KindOther, What: path + " was not written by mua", Kept: "It was not changed", Hint: "--force removes it all the same"}
		}
		there = append(there, path)
	}
	if len(there) == 0 {
		a.talk("%s is not installed", u.units[0])
		return nil
	}
	if _, err := command(ctx, "", "systemctl", "--user", "disable", "--now", u.units[0]); err != nil {
		a.talk("it could not be stopped: %s", asTrouble(err).Error())
	}
	for _, path := range there {
		if err := os.Remove(path); err != nil {
			return ioTrouble("cannot remove "+path, err)
		}
		fmt.Fprintf(a.out, "%s\n", path)
	}
	if _, err := command(ctx, "", "systemctl", "--user", "daemon-reload"); err != nil {
		a.talk("%s", asTrouble(err).Error())
	}
	return nil
}

func (u systemdUnit) state(ctx context.Context, files []serviceFile) serviceState {
	s := serviceState{Kind: u.name, Where: filepath.Join(filepath.Dir(files[0].path), u.units[0])}
	same := 0
	for _, f := range files {
		now, err := os.ReadFile(f.path)
		s.Installed = s.Installed || err == nil
		if err == nil && string(now) == f.text {
			same++
		}
	}
	s.Current = same == len(files)
	if !s.Installed {
		return s
	}
	out, err := command(ctx, "", "systemctl", "--user", "is-active", u.units[0]) // its status tells, too, and so does its word
	if out = strings.TrimSpace(out); out == "" && err != nil {
		out = "no systemd user manager answers"
	}
	s.Active = orNull(out)
	return s
}
