package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/account/agent"
	"mua/store/message"
)

func newService(a *app) *cobra.Command {
	var kind string
	var force bool
	cmd := &cobra.Command{
		Use:   "service [print|install|uninstall|status]",
		Short: "Have the outbox sent without the terminal UI",
		Long: `Service sets up what sends by itself: what cron jobs and scripts have put in the
outbox then leaves without a UI. Without a subcommand it prints what it would
install. The kinds:

  watch       a systemd user unit: mua sync --watch, which sends at once and fetches
  timer       a systemd user timer: mua outbox flush, every five minutes
  cron        a line in your crontab: mua outbox flush, every five minutes
  dispatcher  a script for NetworkManager: mua outbox flush when the network comes up;
              beside one of the others, and only printed: installing it needs root

The default is watch where systemd runs, else cron. Accounts: all, or that of -A.
--config and --data (and $MUA_CONFIG, $MUA_DATA) are taken over.`,
		Example: `  mua service
  mua service install
  mua service install --kind timer
  mua service print --kind dispatcher > 90-mua
  mua service status`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.servicePrint(kind) },
	}
	cmd.PersistentFlags().StringVar(&kind, "kind", "", "`KIND` of service: watch, timer, cron or dispatcher (default: what fits this machine)")
	sub := func(use, short, example string, run func(context.Context) error) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Example: example, Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context()) }}
		cmd.AddCommand(c)
		return c
	}
	sub("print", "Print what install would write", "  mua service print --kind cron",
		func(context.Context) error { return a.servicePrint(kind) })
	install := sub("install", "Write it and start it", "  mua service install\n  mua service install --kind timer -A work",
		func(ctx context.Context) error { return a.serviceInstall(ctx, kind, force) })
	install.Flags().BoolVar(&force, "force", false, "replace what is there and differs")
	uninstall := sub("uninstall", "Stop it and remove it", "  mua service uninstall --kind timer",
		func(ctx context.Context) error { return a.serviceUninstall(ctx, kind, force) })
	uninstall.Flags().BoolVar(&force, "force", false, "remove it even if mua has not written it")
	sub("status", "Say what is installed and whether it works", "  mua service status --json", a.serviceStatus)
	return cmd
}

// service is one way to have mua send by itself.
type service interface {
	kind() string
	// files is what install writes for a program.
	files(p program) ([]serviceFile, error)
	install(ctx context.Context, a *app, files []serviceFile, force bool) error
	uninstall(ctx context.Context, a *app, force bool) error
	// state says how it is, given what would be installed now.
	state(ctx context.Context, files []serviceFile) serviceState
	// how says in words what install does, for those who rather do it themselves.
	how(files []serviceFile) []string
}

// serviceFile is a text and where it goes.
type serviceFile struct{ path, text string }

// serviceState is a row of mua service status.
type serviceState struct {
	Kind      string  `json:"kind"`
	Installed bool    `json:"installed"`
	Current   bool    `json:"current"` // it is what install would write now
	Active    *string `json:"active"`  // systemd's word for it; null where that cannot be told
	Where     string  `json:"where"`
}

func services() []service {
	return []service{
		systemdUnit{name: "watch", units: []string{"mua-sync.service"}, text: watchUnits},
		systemdUnit{name: "timer", units: []string{"mua-flush.timer", "mua-flush.service"}, text: timerUnits},
		cronLine{}, dispatcherScript{},
	}
}

// serviceOf finds a kind by its name; "" is what fits this machine.
func serviceOf(name string) (service, error) {
	if name == "" {
		name = "cron"
		if systemdRuns() {
			name = "watch"
		}
	}
	var known []string
	for _, s := range services() {
		if s.kind() == name {
			return s, nil
		}
		known = append(known, s.kind())
	}
	return nil, usagef("--kind %q is not one of %s", name, strings.Join(known, ", "))
}

func (a *app) servicePrint(kind string) error {
	s, files, err := a.serviceFiles(kind)
	if err != nil {
		return err
	}
	if a.json {
		type file struct {
			Path string `json:"path"`
			Text string `json:"text"`
		}
		var list []file
		for _, f := range files {
			list = append(list, file{f.path, f.text})
		}
		return a.emit(map[string]any{"kind": s.kind(), "files": list, "install": s.how(files)})
	}
	for i, f := range files {
		if len(files) > 1 {
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			fmt.Fprintf(a.out, "# %s\n", f.path)
		}
		if _, err := fmt.Fprint(a.out, f.text); err != nil {
			return ioTrouble("cannot write to stdout", err)
		}
	}
	a.talk("kind %s; to have it:", s.kind())
	for _, line := range s.how(files) {
		a.talk("  %s", line)
	}
	return nil
}

func (a *app) serviceFiles(kind string) (service, []serviceFile, error) {
	s, err := serviceOf(kind)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.program()
	if err != nil {
		return nil, nil, err
	}
	if strings.Contains(p.path, "/go-build") {
		a.talk("this mua was built for one run (%s): install it first, with go install", p.path)
	}
	files, err := s.files(p)
	return s, files, err
}

func (a *app) serviceInstall(ctx context.Context, kind string, force bool) error {
	accts, err := a.accountsNamed(nil)
	if err != nil {
		return err
	}
	if len(accts) == 0 {
		return a.noAccount("")
	}
	s, files, err := a.serviceFiles(kind)
	if err != nil {
		return err
	}
	for _, acct := range accts {
		a.warnSecrets(acct)
	}
	return s.install(ctx, a, files, force)
}

// warnSecrets says when a service will not find a password that is there now.
func (a *app) warnSecrets(acct *account.Account) {
	for _, secret := range []account.Secret{acct.Password, acct.OutgoingPassword} {
		if secret.Env != "" {
			a.talk("%s: its password comes from $%s, which a service does not have: use a command, a file or the keyring", acct.Name, secret.Env)
		}
	}
}

func (a *app) serviceUninstall(ctx context.Context, kind string, force bool) error {
	s, err := serviceOf(kind)
	if err != nil {
		return err
	}
	return s.uninstall(ctx, a, force)
}

func (a *app) serviceStatus(ctx context.Context) error {
	p, err := a.program()
	if err != nil {
		return err
	}
	for _, s := range services() {
		files, err := s.files(p)
		if err != nil {
			a.report(err)
			continue
		}
		if err := a.printState(s.state(ctx, files)); err != nil {
			return err
		}
	}
	return a.tellUnsent(ctx)
}

func (a *app) printState(s serviceState) error {
	if a.json {
		return a.emit(s)
	}
	words := "not installed"
	if s.Installed {
		words = "installed"
		if s.Active != nil {
			words += ", " + message.CleanLine(*s.Active).String()
		}
		if !s.Current {
			words += ", but not as this mua would install it"
		}
	}
	_, err := fmt.Fprintf(a.out, "%s\t%s\t%s\n", s.Kind, words, s.Where)
	return err
}

// tellUnsent names the accounts whose outbox nothing sends by itself at present.
func (a *app) tellUnsent(ctx context.Context) error {
	accts, err := a.accountsNamed(nil)
	if err != nil {
		return err
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	for _, acct := range accts {
		if acct.Outgoing != nil && !agent.SomebodyFlushes(ctx, a.agentOptions(a.config, st), acct) {
			a.talk("%s: nothing sends its outbox by itself at present", acct.Name)
		}
	}
	return nil
}

// command runs a program of the system and returns what it said. The error is a
// trouble with its words.
func command(ctx context.Context, stdin string, argv ...string) (out string, err error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	var said strings.Builder
	cmd.Stderr = &said
	b, err := cmd.Output()
	if err == nil {
		return string(b), nil
	}
	words := strings.TrimSpace(said.String())
	if words == "" {
		words = err.Error()
	}
	return string(b), &account.Trouble{
		Kind: account.KindTemporary, What: fmt.Sprintf("%s: %s", strings.Join(argv, " "), account.CleanWords(words)), Err: err,
	}
}

// shellCommand writes a command line as a shell reads it.
func shellCommand(argv ...string) string {
	var out []string
	for _, w := range argv {
		out = append(out, shellWord(w))
	}
	return strings.Join(out, " ")
}

// shellWord quotes what a POSIX shell would not take as it is. No backslash is
// used: cron reads those, too.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@:,=", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}
