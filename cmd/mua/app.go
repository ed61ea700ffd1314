package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mua/account"
	"mua/account/agent"
	"mua/account/wire"
	"mua/store"
)

// stdio is what a command may read and write.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// app is one invocation: its streams, global flags, and what commands share.
type app struct {
	stdio
	configPath string
	dataDir    string
	accountArg string
	json       bool
	quiet      bool
	verbose    bool
	noColor    bool
	brief      bool // the store is opened for a few calls only
	reads      bool // the command writes nothing: it does with a store that may not be written
	noAside    bool // a damaged mail.db stays where it is

	config *account.Config // loaded once
	noConf error           // why it was not
	store  *store.Store    // opened once
	closed bool
	aside  string // the new name of a damaged mail.db that was set aside here

	drawing   bool // a line of progress is on stderr
	stdinRead bool // what was on stdin is nowhere else
}

// run executes one command line and returns its exit status.
func run(ctx context.Context, args []string, io stdio) int {
	a := &app{stdio: io}
	defer a.close()
	args = commandLine(args)
	root := newRoot(a, args)
	root.SetArgs(denials(root, args))
	err := root.ExecuteContext(ctx)
	a.report(err)
	return exitStatus(err)
}

// commandLine turns the names mua also goes by into its commands.
func commandLine(args []string) []string {
	switch filepath.Base(args[0]) {
	case "sendmail":
		return append([]string{"sendmail"}, args[1:]...)
	case "mailq":
		return append([]string{"sendmail", "-bp"}, args[1:]...)
	case "newaliases":
		return append([]string{"sendmail", "-bi"}, args[1:]...)
	}
	return args[1:]
}

// newRoot is the program for a command line: see addCommands.
func newRoot(a *app, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "mua [COMMAND]",
		Short: "A mail client for the terminal that works fully offline",
		Long: `mua reads, searches, triages and writes mail in a terminal with no network.
Everything lands in a local database at once; when the network is back, mua
sends what is in the outbox, replays what you did, and fetches what is new.

Without a command it opens the terminal UI; try it with: mua demo`,
		Args:             cobra.ArbitraryArgs,
		SilenceErrors:    true,
		SilenceUsage:     true,
		TraverseChildren: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && strings.HasPrefix(strings.ToLower(args[0]), "mailto:") {
				return a.openUI(cmd.Context(), args[0])
			}
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return a.openUI(cmd.Context(), "")
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v (see: %s --help)", err, cmd.CommandPath())
	})
	root.SetHelpCommand(newHelp(root))
	f := root.PersistentFlags()
	f.StringVar(&a.configPath, "config", "", "configuration `FILE` (default $MUA_CONFIG, else $XDG_CONFIG_HOME/mua/config.toml)")
	f.StringVar(&a.dataDir, "data", "", "data `DIR` (default $MUA_DATA, else $XDG_DATA_HOME/mua)")
	f.StringVarP(&a.accountArg, "account", "A", "", "use this `ACCOUNT` (default: the first, or all where that makes sense)")
	f.BoolVar(&a.json, "json", false, "print JSON, one object a line")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but the answer")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "protocol log on stderr, secrets redacted")
	f.BoolVar(&a.noColor, "no-color", os.Getenv("NO_COLOR") != "", "no colours")
	addCommands(root, a, args)
	return root
}

// newHelp is mua help COMMAND; a command that there is not is an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || cmd.HasSubCommands() && len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			return cmd.Help()
		},
	}
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// conf loads the configuration once, or fails to, and shows its warnings.
func (a *app) conf() (*account.Config, error) {
	if a.config == nil && a.noConf == nil {
		a.config, a.noConf = a.loadConf()
	}
	return a.config, a.noConf
}

func (a *app) loadConf() (*account.Config, error) {
	if a.configPath == "" {
		if err := homeless("configuration", "--config FILE", "MUA_CONFIG", "XDG_CONFIG_HOME"); err != nil {
			return nil, err
		}
	}
	c, err := account.Load(a.configFile())
	if err != nil {
		return nil, err
	}
	for _, w := range c.Warnings {
		a.talk("%s", w)
	}
	return c, nil
}

// homeless says so when the default place of something is below a home folder
// that nobody has named, as in the poor environment of some daemons.
func homeless(what, flag string, env ...string) error {
	for _, name := range append(env, "HOME") {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	return &account.Trouble{
		Kind: account.KindConfig, What: "HOME is not set, so there is no telling where your " + what + " is",
		Hint: "set HOME, or " + strings.Join(env, " or ") + ", or give " + flag,
	}
}

func (a *app) configFile() string {
	if a.configPath != "" {
		return a.configPath
	}
	return account.DefaultPath()
}

// dataFolder is where the mail is.
func (a *app) dataFolder() (string, error) {
	if a.dataDir != "" {
		return a.dataDir, nil
	}
	if err := homeless("mail", "--data DIR", "MUA_DATA", "XDG_DATA_HOME"); err != nil {
		return "", err
	}
	return account.DefaultData(), nil
}

// stateFolder is where marks and dead letters go; "" when there is no such place.
func stateFolder() string {
	if homeless("state", "", "XDG_STATE_HOME") != nil {
		return "" // better no mark than one in /
	}
	return account.DefaultState()
}

// open opens the store once. A mail.db that is damaged is set aside, and the error says so.
func (a *app) open(ctx context.Context) (*store.Store, error) {
	if a.store != nil {
		return a.store, nil
	}
	dir, err := a.dataFolder()
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		return nil, &account.Trouble{Kind: account.KindIO, What: dir + " is a file, not a data folder", Hint: "a backup is restored as mail.db in an empty folder; mua doctor --file looks at it"}
	}
	o := store.Options{Brief: a.brief, State: stateFolder()}
	s, err := store.Open(ctx, dir, o)
	if a.reads && store.Unwritable(err) {
		s, err = a.readAsItIs(ctx, dir, o, err)
	}
	if err != nil {
		if s, err = a.afterDamage(ctx, dir, o, err); err != nil {
			return nil, err
		}
	}
	a.store = s
	return s, nil
}

func (a *app) close() {
	if a.store != nil && !a.closed {
		a.closed = true
		if err := a.store.Close(); err != nil {
			a.talk("closing the mail store: %v", err)
		}
	}
}

// theAccount is the account of -A, else the default one.
func (a *app) theAccount() (*account.Account, error) {
	c, err := a.conf()
	if err != nil {
		return nil, err
	}
	acct, ok := c.Account(a.accountArg)
	if !ok {
		return nil, a.noAccount(a.accountArg)
	}
	return acct, nil
}

// unconfigured reports whether there is no configuration, and none was named: then local is the only account.
func (a *app) unconfigured() bool {
	if a.configPath != "" {
		return false
	}
	_, err := a.conf()
	return errors.Is(err, fs.ErrNotExist)
}

func (a *app) noAccount(name string) error {
	if name == "" {
		return &account.Trouble{Kind: account.KindConfig, What: "no account is configured", Hint: "mua account add --help"}
	}
	return &account.Trouble{Kind: account.KindConfig, What: fmt.Sprintf("no account is called %q", name), Hint: "mua account list"}
}

// storeAccount is the store's id of -A, or 0 for all accounts.
func (a *app) storeAccount(ctx context.Context, s *store.Store) (store.AccountID, error) {
	all, err := s.Accounts(ctx)
	if err != nil {
		return 0, err
	}
	if a.accountArg == "" {
		if len(all) > 1 {
			return 0, nil
		}
		boxes, err := s.Mailboxes(ctx, 0)
		if err == nil && len(boxes) == 0 { // nothing can be here: an empty answer would hide why
			_, err = a.conf()
		}
		return 0, err
	}
	return a.accountCalled(ctx, s, all, a.accountArg)
}

// accountCalled is the store's id of an account, which the configuration may have though nothing of it is here.
func (a *app) accountCalled(ctx context.Context, s *store.Store, all []store.Account, name string) (store.AccountID, error) {
	for _, acct := range all {
		if acct.Name == name {
			return acct.ID, nil
		}
	}
	c, err := a.conf()
	if err != nil {
		return 0, err
	}
	if _, ok := c.Account(name); !ok {
		return 0, a.noAccount(name)
	}
	return s.EnsureAccount(ctx, name)
}

// agentOptions are the agent's for this invocation.
func (a *app) agentOptions(c *account.Config, s *store.Store) agent.Options {
	o := agent.Options{Config: c, Store: s, Unattended: a.unattended(), Hook: agent.NewHook(c.OnNewMail), Version: buildVersion()}
	if a.verbose {
		o.Wire.Trace = a.err
	}
	return o
}

// unattended reports whether cron, a timer or a script runs this: nobody sits at a terminal.
func (a *app) unattended() bool { return !isTerminal(a.in) && !isTerminal(a.err) }

func (a *app) wireOptions() wire.Options {
	if a.verbose {
		return wire.Options{Trace: a.err}
	}
	return wire.Options{}
}

// talk writes a line for a person to stderr.
func (a *app) talk(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, "mua: "+format+"\n", args...)
	}
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width of the terminal that stdout is, or 0.
func (a *app) width() int {
	f, ok := a.out.(*os.File)
	if !ok {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// lines reads the non-empty lines of stdin.
func (a *app) lines() ([]string, error) {
	var out []string
	sc := bufio.NewScanner(a.in)
	for sc.Scan() {
		if l := strings.TrimSpace(sc.Text()); l != "" {
			out = append(out, l)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, ioTrouble("cannot read stdin", err)
	}
	return out, nil
}

// flagDuration reads a duration as the contract spells them: Go's, and d, w.
func flagDuration(name, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := account.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, usagef("--%s %q is not a duration such as 30s, 5m or 14d", name, s)
	}
	return d, nil
}
