package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/account/demo"
	"mua/store"
	"mua/ui"
)

func newDemo(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Try the UI on a built-in mail server with sample mail", Args: usageArgs(cobra.NoArgs),
		Long: `Demo starts a mail server inside this process (loopback only, random ports and
password), fills it with sample mail, and opens the UI on it. Reading, replying,
sending and receiving one's own message really work. Nothing outside a temporary
folder is touched, and it is removed at the end.`,
		Example: "  mua demo",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context()) },
	}
}

func (a *app) demo(ctx context.Context) error {
	if !isTerminal(a.in) || !isTerminal(a.out) {
		return usagef("the demo opens the terminal UI and needs a terminal")
	}
	dir, err := os.MkdirTemp("", "mua-demo-*")
	if err != nil {
		return ioTrouble("cannot make a temporary folder", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // best effort; it is in the temporary folder
	servers, err := demo.Start(ctx, demo.Options{Dir: dir, Samples: true, Now: time.Now})
	if err != nil {
		return ioTrouble("cannot start the demo's mail server", err)
	}
	defer servers.Close()
	c, err := account.Parse(filepath.Join(dir, "config.toml"), []byte(servers.Config("")))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, filepath.Join(dir, "data"), store.Options{})
	if err != nil {
		return err
	}
	a.store, a.quiet = s, true
	return a.runUI(ctx, c, s, ui.Options{Demo: true})
}
