package main

import (
	"context"
	"fmt"
	"strings"

	"mua/account"
)

// cronLine is a service by a line in the user's crontab.
type cronLine struct{}

// cronMark ends the line, a comment to the shell: by it mua knows its own.
const cronMark = "# mua service"

// cronLongest is what Vixie cron, Debian's, takes as a command (MAX_COMMAND).
const cronLongest = 998

func (cronLine) kind() string { return "cron" }

// files is the line. What it says goes nowhere: cron would mail it, by way of
// mua perhaps, and the next flush would have something to say of that mail.
func (cronLine) files(p program) ([]serviceFile, error) {
	words := []string{"*/5 * * * *"}
	for _, e := range p.env {
		name, value, _ := strings.Cut(e, "=")
		words = append(words, name+"="+shellWord(value))
	}
	words = append(words, shellCommand(p.argv("outbox", "flush", "--timer")...), ">/dev/null 2>&1", cronMark)
	line := strings.Join(words, " ")
	if strings.ContainsAny(line, `%\`) {
		return nil, usagef("a crontab gives %% and \\ a meaning of its own: give mua, its configuration and its data paths without them")
	}
	if len(line) > cronLongest {
		return nil, usagef("the line would have %d octets, and cron takes %d: run this with a shorter PATH", len(line), cronLongest)
	}
	return []serviceFile{{"crontab", line + "\n"}}, nil
}

func (cronLine) how([]serviceFile) []string {
	return []string{"mua service install --kind cron   (or add the line yourself: crontab -e)"}
}

// crontab reads the user's crontab. Only where it is known to be missing is it
// taken for empty: what is written back replaces all of it.
func crontab(ctx context.Context) (string, error) {
	text, err := command(ctx, "", "env", "LC_ALL=C", "crontab", "-l")
	if err == nil {
		return text, nil
	}
	words := strings.ToLower(asTrouble(err).What)
	if strings.Contains(words, "no crontab for") || strings.Contains(words, "can't open") && strings.Contains(words, "no such file") {
		return "", nil
	}
	return "", err
}

// mine splits a crontab into mua's lines and the others.
func (cronLine) mine(text string) (ours, others []string) {
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		if strings.HasSuffix(strings.TrimSpace(line), cronMark) {
			ours = append(ours, line)
		} else {
			others = append(others, line)
		}
	}
	return ours, others
}

func (c cronLine) install(ctx context.Context, a *app, files []serviceFile, force bool) error {
	text, err := crontab(ctx)
	if err != nil {
		return cronTrouble(err, "add the line yourself: mua service print --kind cron")
	}
	ours, others := c.mine(text)
	switch {
	case len(ours) == 1 && ours[0] == files[0].text:
		a.talk("the line is in your crontab already")
		return nil
	case len(ours) > 0 && !force:
		return &account.Trouble{Kind: account.KindCreate, What: "your crontab has another line of mua: " + strings.TrimSpace(ours[0]),
			Kept: "It was not changed", Hint: "--force replaces it"}
	}
	if _, err := command(ctx, strings.Join(others, "")+files[0].text, "crontab", "-"); err != nil {
		return cronTrouble(err, "add the line yourself: mua service print --kind cron")
	}
	if _, err := fmt.Fprint(a.out, files[0].text); err != nil {
		return ioTrouble("cannot write to stdout", err)
	}
	a.talk("the line is in your crontab: the outbox is sent every five minutes")
	return nil
}

func (c cronLine) uninstall(ctx context.Context, a *app, _ bool) error {
	text, err := crontab(ctx)
	if err != nil {
		return cronTrouble(err, "crontab -e")
	}
	ours, others := c.mine(text)
	if len(ours) == 0 {
		a.talk("there is no line of mua in your crontab")
		return nil
	}
	if _, err := command(ctx, strings.Join(others, ""), "crontab", "-"); err != nil {
		return cronTrouble(err, "crontab -e")
	}
	_, err = fmt.Fprint(a.out, strings.Join(ours, ""))
	return err
}

func cronTrouble(err error, hint string) error {
	t := asTrouble(err)
	return &account.Trouble{Kind: account.KindIO, What: t.What, Kept: "The crontab was not changed", Hint: hint, Err: err}
}

func (c cronLine) state(ctx context.Context, files []serviceFile) serviceState {
	s := serviceState{Kind: c.kind(), Where: "crontab"}
	text, err := crontab(ctx)
	if err != nil {
		return s
	}
	ours, _ := c.mine(text)
	s.Installed = len(ours) > 0
	s.Current = len(ours) == 1 && ours[0] == files[0].text
	return s
}
