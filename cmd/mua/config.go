package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"mua/store/message"
	"mua/store/query"
)

func newConfig(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Look at the configuration", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(&cobra.Command{
		Use: "check", Short: "Read the configuration and say whether it is right", Args: usageArgs(cobra.NoArgs),
		Long:    "Check reads the configuration file, connects to nothing, and ends with 78 when something is wrong.",
		Example: "  mua config check --config ./test.toml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.conf()
			if err != nil {
				return err
			}
			for _, saved := range c.Searches {
				if _, err := query.Parse(saved.Query, time.Now()); err != nil {
					words := fmt.Sprintf("the saved search %q is wrong: %v", saved.Name, err)
					a.talk("%s", message.CleanLine(words))
					c.Warnings = append(c.Warnings, words)
				}
			}
			if a.json {
				return a.emit(map[string]any{"file": c.Path, "accounts": len(c.Accounts), "warnings": list(c.Warnings), "ok": true})
			}
			_, err = fmt.Fprintf(a.out, "%s is right: %s\n", c.Path, counted(len(c.Accounts), "account", "accounts"))
			return err
		},
	})
	return cmd
}
