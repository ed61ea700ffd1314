package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
	"mua/store/query"
)

// Exit statuses of the contract (sysexits).
const (
	exitOK        = 0
	exitOther     = 1
	exitUsage     = 64
	exitData      = 65
	exitNotFound  = 66
	exitRefused   = 69
	exitCreate    = 73
	exitIO        = 74
	exitTemporary = 75
	exitLogin     = 77
	exitConfig    = 78
)

var kindStatus = map[account.Kind]int{
	account.KindOther: exitOther, account.KindUsage: exitUsage, account.KindData: exitData,
	account.KindNotFound: exitNotFound, account.KindRefused: exitRefused, account.KindCreate: exitCreate,
	account.KindIO: exitIO, account.KindTemporary: exitTemporary, account.KindNetwork: exitTemporary,
	account.KindLogin: exitLogin, account.KindConfig: exitConfig,
}

// asTrouble gives any error the reader's form, with what to do where storage is at fault.
func asTrouble(err error) *account.Trouble {
	t := troubleOf(err)
	hint := faultHint(err)
	if hint == "" || t.Hint != "" || t.Kind != account.KindIO {
		return t
	}
	with := *t
	with.Hint = hint
	return &with
}

func troubleOf(err error) *account.Trouble {
	var t *account.Trouble
	var q *query.Error
	switch {
	case errors.As(err, &t):
		return t
	case errors.As(err, &q):
		return &account.Trouble{Kind: account.KindUsage, What: caret(q), Err: err}
	case errors.Is(err, store.ErrNotFound):
		return &account.Trouble{Kind: account.KindNotFound, What: err.Error(), Err: err}
	case errors.Is(err, store.ErrNoBody):
		return &account.Trouble{Kind: account.KindTemporary, What: err.Error(), Hint: "mua sync", Err: err}
	case errors.Is(err, store.ErrName), errors.Is(err, store.ErrTaken), errors.Is(err, store.ErrNotEmpty):
		return mailboxTrouble(err)
	case errors.Is(err, store.ErrKeyConflict):
		return &account.Trouble{Kind: account.KindData, What: err.Error(), Err: err}
	case errors.Is(err, store.ErrState), errors.Is(err, store.ErrNothing), errors.Is(err, store.ErrNoRedo), errors.Is(err, store.ErrLocked):
		what := strings.TrimSuffix(err.Error(), ": "+store.ErrState.Error()) // which says nothing beside the rest
		return &account.Trouble{Kind: account.KindOther, What: what, Err: err}
	case errors.Is(err, store.ErrBusy):
		return &account.Trouble{Kind: account.KindTemporary, What: err.Error(), Err: err}
	case errors.Is(err, context.Canceled):
		return &account.Trouble{Kind: account.KindTemporary, What: "interrupted", Kept: "What was done before is kept", Err: err}
	}
	return &account.Trouble{Kind: account.KindIO, What: err.Error(), Err: err}
}

// caret shows a query with a mark under the place of its error.
func caret(e *query.Error) string {
	line := message.CleanLine(e.Query).String()
	pos := min(max(e.Pos, 0), len(e.Query))
	return fmt.Sprintf("%s\n  %s\n  %s^", e.Msg, line, strings.Repeat(" ", columns(e.Query[:pos])))
}

func exitStatus(err error) int {
	var s statusError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &s):
		return s.status
	}
	return kindStatus[asTrouble(err).Kind]
}

// statusError ends the command with a status whose reason is already on the page.
type statusError struct{ status int }

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// report says on stderr what went wrong.
func (a *app) report(err error) {
	var s statusError
	if err == nil || errors.As(err, &s) {
		return
	}
	t := asTrouble(err)
	if !a.json {
		fmt.Fprintf(a.err, "mua: %s\n", message.Clean(t.Error()))
		return
	}
	type object struct {
		Exit      int     `json:"exit"`
		Account   *string `json:"account"`
		Message   string  `json:"message"`
		Hint      *string `json:"hint"`
		Retryable bool    `json:"retryable"`
	}
	what := t.What
	if t.Kept != "" {
		what += ". " + t.Kept
	}
	b, err := json.Marshal(map[string]object{"error": {
		Exit: exitStatus(err), Account: orNull(t.Account), Message: what, Hint: orNull(t.Hint), Retryable: t.Retryable(),
	}})
	if err == nil {
		fmt.Fprintf(a.err, "%s\n", b)
	}
}

// orNull is null for an absent text.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func usagef(format string, args ...any) error {
	return &account.Trouble{Kind: account.KindUsage, What: fmt.Sprintf(format, args...)}
}

func ioTrouble(what string, err error) error {
	var t *account.Trouble
	if errors.As(err, &t) {
		return err
	}
	return &account.Trouble{Kind: account.KindIO, What: what + ": " + err.Error(), Err: err}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2
	hint := cmd.CommandPath() + " --help"
	if s := cmd.SuggestionsFor(name); len(s) > 0 {
		hint = cmd.CommandPath() + " " + s[0]
	}
	return &account.Trouble{Kind: account.KindUsage, What: fmt.Sprintf("there is no command %q", strings.TrimPrefix(cmd.CommandPath()+" ", "mua ")+name), Hint: hint}
}

// usageArgs makes a positional-argument error exit 64.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err == nil:
			return nil
		case cmd.HasSubCommands() && len(args) > 0:
			return unknownCommand(cmd, args[0])
		case len(args) == 0:
			err = fmt.Errorf("something is missing: %s", cmd.UseLine())
		default:
			err = fmt.Errorf("too many or too few words: %s", cmd.UseLine())
		}
		return usagef("%v (see: %s --help)", err, cmd.CommandPath())
	}
}

// worst keeps the first of 78 77 74 69 75 that occurred, in that order of weight.
func worst(errs ...error) error {
	for _, want := range []int{exitConfig, exitLogin, exitIO, exitRefused, exitTemporary} {
		for _, err := range errs {
			if err != nil && exitStatus(err) == want {
				return err
			}
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
