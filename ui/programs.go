package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"mua/account"
	"mua/ui/viewer"
)

// maxOutput is how much of a program's output is shown, in bytes.
const maxOutput = 1 << 20

// programs are what may open a file or a link here.
func programs(c *account.Config) viewer.Programs {
	p := viewer.Programs{Own: c.Open, Mailcap: c.Mailcap}
	if p.Mailcap == nil {
		p.Mailcap = viewer.MailcapFiles()
	}
	switch {
	case runtime.GOOS == "darwin":
		p.Desktop = []string{"open"}
	case os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "":
		p.Desktop = []string{"xdg-open"}
	}
	return p
}

// source reads what a program is given.
type source func(context.Context) ([]byte, error)

// wholeMessage is a message as it is stored.
func (u *App) wholeMessage(r row) source {
	st := u.o.Store
	return func(ctx context.Context) ([]byte, error) { return st.Raw(ctx, r.ID) }
}

// askPipe asks for a command to give something to.
func (u *App) askPipe(label string, from source) {
	u.prompt(label, "", &u.pipes, nil, func(p *prompt, cmd string) {
		if _, err := splitCommand(cmd); err != nil {
			p.fail(-1, err.Error())
			return
		}
		p.close()
		u.pipe(from, cmd)
	})
}

// pipe runs a command, without a shell, with a message or a part of one as its
// input, and shows what it says. Leaving mua ends it.
func (u *App) pipe(from source, cmd string) {
	words, err := splitCommand(cmd)
	if err != nil {
		u.oops("pipe", err)
		return
	}
	u.say("Running %s …", words[0])
	u.pump.Start(&u.piping, func(ctx context.Context) func() {
		input, err := from(ctx)
		if err != nil {
			return func() { u.oops("pipe", err) }
		}
		out, err := runCommand(ctx, viewer.Command{Argv: words}, bytes.NewReader(input))
		return func() { u.piped(cmd, out, err) }
	})
}

// runCommand runs a program and returns the beginning of what it says.
func runCommand(ctx context.Context, c viewer.Command, input io.Reader) (string, error) {
	cmd := exec.CommandContext(ctx, expandHome(c.Argv[0]), c.Argv[1:]...)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = c.Dir, input, time.Second
	var out capped
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// capped keeps the beginning of what is written to it.
type capped struct{ bytes.Buffer }

func (c *capped) Write(p []byte) (int, error) {
	if room := maxOutput - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (u *App) piped(cmd, out string, err error) {
	// A program that does not read all of its input is no failure.
	var exit *exec.ExitError
	if err != nil && (errors.As(err, &exit) || strings.TrimSpace(out) == "") {
		u.oops("pipe", &account.Trouble{Kind: account.KindOther, What: fmt.Sprintf("%s: %v", cmd, err), Err: err})
	} else {
		u.say("Done: %s", cmd)
	}
	if strings.TrimSpace(out) != "" {
		u.page(cmd, out)
	}
}

// editorCommand is the person's editor as words.
func (u *App) editorCommand() []string {
	for _, s := range []string{u.o.Config.Editor, os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi"} {
		if words, err := splitCommand(s); err == nil {
			return words
		}
	}
	return []string{"vi"}
}

// onTerminal runs a program that needs the terminal; the loop waits for it, as
// it must: the screen is the program's. after is done before the screen comes back.
func (u *App) onTerminal(c viewer.Command, after func(error)) error {
	var err error
	ok := u.app.Suspend(func() {
		cmd := exec.Command(expandHome(c.Argv[0]), c.Argv[1:]...)
		cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, os.Stdin, os.Stdout, os.Stderr
		if c.Input != "" {
			var f *os.File
			if f, err = os.Open(c.Input); err != nil {
				return
			}
			defer f.Close()
			cmd.Stdin = f
		}
		err = cmd.Run()
		after(err)
	})
	if !ok {
		return errors.New("the terminal cannot be handed over")
	}
	return err
}

// suspend stops the program until the shell lets it go on.
func (u *App) suspend() { u.app.Suspend(stopSelf) }

// redraw draws everything anew, should another program have written over it.
func (u *App) redraw() { u.screen.Sync() }
