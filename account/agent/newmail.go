package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

const (
	hookTime    = 10 * time.Second // a run may take
	hookGrace   = time.Second      // for its output to end when it was killed
	hookWord    = 200              // characters of a value taken from mail
	hookSenders = 3                // senders named
	hookOutput  = 300              // octets of what it says that are told should it fail
)

// Hook runs the person's program on new mail (on_new_mail), one run at a time, without a shell,
// without input. What comes from mail is one clean line of at most 200 characters, never read for
// placeholders again, and never the beginning of an option. The environment says it as well:
// MUA_ACCOUNT, MUA_MAILBOX, MUA_FROM, MUA_SUBJECT, MUA_COUNT, and MUA_ID, the newest message's id.
type Hook struct {
	argv  []string
	limit time.Duration

	mu   sync.Mutex // held during a run
	told string     // the failure told last
}

// NewHook makes a hook of on_new_mail; nil when there is none.
func NewHook(argv []string) *Hook {
	if len(argv) == 0 {
		return nil
	}
	return &Hook{argv: argv, limit: hookTime}
}

// run tells the program of one account's new mail. A failure is returned once, until it has gone
// well or failed otherwise. The end of ctx ends the program.
func (h *Hook) run(ctx context.Context, acct string, news store.Arrivals) *account.Trouble {
	if h == nil || len(news.Rows) == 0 || ctx.Err() != nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.exec(ctx, hookValues(acct, news), news.Rows[0].ID)
	if err == nil || ctx.Err() != nil {
		h.told = ""
		return nil
	}
	t := &account.Trouble{Kind: account.KindOther, Account: acct, Err: err,
		What: "on_new_mail: " + account.CleanWords(err.Error()), Kept: "The mail is here"}
	if t.What == h.told {
		return nil
	}
	h.told = t.What
	return t
}

func (h *Hook) exec(ctx context.Context, values map[string]string, id store.MessageID) error {
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	var args []string
	for _, a := range h.argv[1:] {
		args = append(args, fillArgument(a, values))
	}
	program := h.argv[0]
	if rest, ok := strings.CutPrefix(program, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			program = filepath.Join(home, rest)
		}
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = hookGrace
	cmd.Env = append(os.Environ(), "MUA_ID="+strconv.FormatInt(int64(id), 10))
	for name, v := range values {
		cmd.Env = append(cmd.Env, "MUA_"+strings.ToUpper(name)+"="+v)
	}
	said := &firstOctets{}
	cmd.Stdout, cmd.Stderr = said, said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil:
		return nil // it ended well, and left something running behind
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s took more than %s and was ended", h.argv[0], h.limit)
	case errors.As(err, &exit):
		return errors.New(strings.TrimSuffix(fmt.Sprintf("%s: %v: %s", h.argv[0], err, strings.TrimSpace(said.String())), ": "))
	}
	return err
}

// fillArgument fills an argument in. One that begins with what a stranger wrote cannot become an option.
func fillArgument(a string, values map[string]string) string {
	out := account.FillNewMail(a, func(word string) string { return values[word] })
	if strings.HasPrefix(out, "-") && !strings.HasPrefix(a, "-") {
		out = " " + out
	}
	return out
}

// hookValues are the placeholders' values: of the newest message, but for the senders and the number.
func hookValues(acct string, news store.Arrivals) map[string]string {
	newest := news.Rows[0]
	return map[string]string{
		"account": hookLine(acct), "mailbox": hookLine(newest.MailboxName), "from": hookLine(senders(news.Rows)),
		"subject": hookLine(newest.Subject), "count": strconv.Itoa(news.Count),
	}
}

// senders names who wrote, the newest first.
func senders(rows []store.Row) string {
	var names []string
	seen := map[string]bool{}
	for _, r := range rows {
		if len(r.From) == 0 {
			continue
		}
		name := message.CleanLine(r.From[0].Name).String()
		if strings.TrimSpace(name) == "" {
			name = r.From[0].Addr
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		if len(names) == hookSenders {
			return strings.Join(names, ", ") + " …"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// hookLine is one clean line, cut.
func hookLine(s string) string {
	r := []rune(strings.TrimSpace(message.CleanLine(s[:min(len(s), 16*hookWord)]).String()))
	if len(r) > hookWord {
		return string(r[:hookWord-1]) + "…"
	}
	return string(r)
}

// firstOctets keeps the beginning of what is written to it.
type firstOctets struct{ bytes.Buffer }

func (f *firstOctets) Write(p []byte) (int, error) {
	if room := hookOutput - f.Len(); room > 0 {
		f.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// tellNews hands new mail to the hook without waiting for it; what comes during a run is the next run's.
func (g *Agent) tellNews(acct string, news store.Arrivals) {
	if g.o.Hook == nil || news.Count == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := g.news[acct]
	waiting.Count += news.Count
	waiting.Rows = append(news.Rows, waiting.Rows...)
	waiting.Rows = waiting.Rows[:min(len(waiting.Rows), 2*len(news.Rows)+hookSenders)]
	g.news[acct] = waiting
	select {
	case g.told <- struct{}{}:
	default:
	}
}

// runHook runs the hook for what tellNews was told, until ctx ends.
func (g *Agent) runHook(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.told:
		}
		for _, k := range g.keepers {
			g.mu.Lock()
			news := g.news[k.a.Name]
			delete(g.news, k.a.Name)
			g.mu.Unlock()
			if t := g.o.Hook.run(ctx, k.a.Name, news); t != nil {
				g.change(k.a.Name, func(s *account.Status) { s.HookTrouble = t })
			}
		}
	}
}
