package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
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
			var wrong []error
			for _, saved := range c.Searches {
				if _, err := query.Parse(saved.Query, time.Now()); err != nil {
					wrong = append(wrong, savedTrouble(c.Path, saved.Name, err))
					a.report(wrong[len(wrong)-1])
				}
			}
			if err := worst(wrong...); err != nil {
				return statusError{exitStatus(err)}
			}
			if a.json {
				return a.emit(map[string]any{"file": c.Path, "accounts": len(c.Accounts), "warnings": list(c.Warnings), "ok": true})
			}
			_, err = fmt.Fprintf(a.out, "%s is right: %s\n", c.Path, counted(len(c.Accounts), "account", "accounts"))
			return err
		},
	})
	cmd.AddCommand(&cobra.Command{
		Use: "keys", Short: "List what the configuration may say", Args: usageArgs(cobra.NoArgs),
		Long:    "Keys lists every key of the configuration file, what holds without it, and what it is for.",
		Example: "  mua config keys",
		RunE:    func(*cobra.Command, []string) error { return a.configKeys() },
	})
	return cmd
}

func (a *app) configKeys() error {
	table := ""
	for _, k := range account.Keys() {
		if a.json {
			row := map[string]any{"table": orNull(k.Table), "key": k.Name, "default": k.Default, "about": k.About}
			if err := a.emit(row); err != nil {
				return err
			}
			continue
		}
		if k.Table != table {
			table = k.Table
			fmt.Fprintf(a.out, "\n[%s]\n", table)
		}
		if _, err := fmt.Fprintf(a.out, "%s\n    %s\n    default: %s\n", k.Name, k.About, k.Default); err != nil {
			return ioTrouble("cannot write to stdout", err)
		}
	}
	return nil
}

// savedTrouble says what is wrong with a saved search. Only check takes it for an error: no other command fails for it unless it uses it.
func savedTrouble(file, name string, err error) error {
	what := err.Error()
	if q, ok := errors.AsType[*query.Error](err); ok {
		what = caret(q)
	}
	return &account.Trouble{Kind: account.KindConfig, Err: err,
		What: fmt.Sprintf("%s: the saved search %q in [search] is wrong: %s", message.CleanLine(file), name, what)}
}
