package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"mua/account"
)

// program is how a service runs mua so that it does what this process would.
type program struct {
	path  string   // of the executable
	flags []string // global flags
	env   []string // NAME=value, beyond what every service has
	user  *user.User
}

// program describes this mua with the configuration and data it works on now.
func (a *app) program() (program, error) {
	var p program
	var err error
	if p.path, err = executable(); err != nil {
		return p, err
	}
	if p.user, err = user.Current(); err != nil {
		return p, ioTrouble("cannot tell who you are", err)
	}
	for _, f := range []struct{ flag, value, env string }{{"--config", a.configPath, "MUA_CONFIG"}, {"--data", a.dataDir, "MUA_DATA"}} {
		if f.value == "" {
			f.value = os.Getenv(f.env)
		}
		if f.value == "" {
			continue
		}
		full, err := filepath.Abs(f.value)
		if err != nil {
			return p, ioTrouble("cannot tell where "+f.value+" is", err)
		}
		p.flags = append(p.flags, f.flag, full)
	}
	if a.accountArg != "" {
		p.flags = append(p.flags, "-A", a.accountArg)
	}
	names := []string{"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"}
	if a.runsCommands() {
		names = append(names, "PATH") // a service's own is short
	}
	for _, name := range names {
		v := os.Getenv(name)
		if name == "PATH" {
			v = shortPath(v)
		}
		if v != "" {
			p.env = append(p.env, name+"="+v)
		}
	}
	for _, s := range append(append([]string{p.path, p.user.HomeDir}, p.flags...), p.env...) {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return p, usagef("%q has a control character: no service can be told of it", s)
		}
	}
	return p, nil
}

// shortPath drops what a $PATH names twice, and what depends on where one is.
func shortPath(v string) string {
	var out []string
	for _, dir := range filepath.SplitList(v) {
		if filepath.IsAbs(dir) && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return strings.Join(out, string(filepath.ListSeparator))
}

// argv is the command line of a mua command.
func (p program) argv(words ...string) []string {
	return append(append([]string{p.path}, p.flags...), words...)
}

// runsCommands reports whether an account's password comes from a command. A
// configuration that cannot be read says so when something is installed.
func (a *app) runsCommands() bool {
	c := a.config
	if c == nil {
		var err error
		if c, err = account.Load(a.configFile()); err != nil {
			return false
		}
	}
	for _, acct := range c.Accounts {
		if acct.Password.Command != "" || acct.OutgoingPassword.Command != "" {
			return true
		}
	}
	return false
}

// executable is the path of this program, by the name it has in $PATH where
// that leads to the same file: such a name outlives an upgrade.
func executable() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", ioTrouble("cannot tell where mua is", err)
	}
	named, err := exec.LookPath(filepath.Base(os.Args[0]))
	if err != nil {
		return exe, nil
	}
	if named, err = filepath.Abs(named); err != nil {
		return exe, nil
	}
	one, err1 := os.Stat(exe)
	two, err2 := os.Stat(named)
	if err1 == nil && err2 == nil && os.SameFile(one, two) {
		return named, nil
	}
	return exe, nil
}
