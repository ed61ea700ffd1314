package ui

import (
	"context"
	"errors"
	"strings"

	"mua/account"
	"mua/outbox"
)

// askWhen asks when the message is to go out, and spools it for then.
func (c *composer) askWhen() {
	id, ok := c.sendable(true)
	if !ok {
		return
	}
	c.u.prompt("Send when (18:30, fri 9:00, +2h):", "", &c.u.laters, completeTimes, func(p *prompt, answer string) {
		if strings.TrimSpace(answer) == "" {
			p.close()
			return
		}
		when, err := outbox.ParseTime(answer, c.u.now())
		if err != nil {
			p.fail(-1, noTime(err))
			return
		}
		p.close()
		c.spool(id, when)
	})
}

// noTime says in one line why an answer is no time to send at, and what would be one.
func noTime(err error) string {
	var t *account.Trouble
	switch {
	case !errors.As(err, &t):
		return oneLine(err.Error())
	case t.Hint == "":
		return oneLine(t.What)
	}
	return oneLine(t.What) + " · 18:00, tomorrow 8:00, fri 9:00, +2h are"
}

// completeTimes offers times as one may write them.
func completeTimes(_ context.Context, s string) []string {
	var out []string
	for _, t := range []string{"+1h", "+3h", "18:00", "tomorrow 8:00", "monday 8:00", "+1w"} {
		if strings.HasPrefix(t, strings.ToLower(strings.TrimLeft(s, " "))) {
			out = append(out, t)
		}
	}
	return out
}
