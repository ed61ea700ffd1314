package ui

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mua/account"
	"mua/store/message"
	"mua/ui/keys"
	"mua/ui/viewer"
)

// maxSaid is how much is read of what a program said before it failed, in bytes.
const maxSaid = 4 << 10

// viewingFolder is where attachments are that are open in other programs.
func (u *App) viewingFolder() string { return filepath.Join(u.o.Store.Dir(), "viewing") }

// removeViewed removes the attachments that earlier runs had open, but those that a program may still be about to read.
func (u *App) removeViewed() {
	root, now := u.viewingFolder(), u.now()
	u.viewing.Root = root
	u.pump.Serial(func(context.Context) func() {
		if err := viewer.RemoveLeft(root, now); err != nil {
			return func() { u.oops("recovery", err) }
		}
		return nil
	})
}

// open opens a part in the program for it.
func (p *parts) open(part *message.Part) {
	u, all := p.u, p.u.programs
	u.modal(&p.work, func(ctx context.Context) func() {
		name := viewer.FileName(part)
		typ := viewer.Type(part.Type, name)
		if viewer.IsProgram(name, typ, part.Data()) {
			return func() {
				u.remark("%s may be a program: mua does not open it · %s saves it", p.label(part), u.keys.Key(keys.Save, keys.Parts))
			}
		}
		how, ok := all.Choose(ctx, typ, part.Params)
		if !ok {
			return func() { p.offerSaving(part, typ, all.Desktop != nil) }
		}
		path, err := u.viewing.Put(how.Name(name), part.Data())
		return func() {
			if err != nil {
				u.oops("open", &account.Trouble{Kind: account.KindCreate, What: "a file to open cannot be made: " + err.Error(), Err: err})
				return
			}
			view := func() { p.view(how, how.Command(path), path, part) }
			if how.Kind == viewer.Window && viewer.MayCallHome(name, typ) {
				u.ask("A browser may fetch pictures of this from the network: whoever sent it learns that it was read, when and where.",
					[]choice{{"y", "open it", view}, {"n", "leave it", nil}})
				return
			}
			view()
		}
	})
}

// offerSaving says why a part is not opened.
func (p *parts) offerSaving(part *message.Part, typ string, desktop bool) {
	why := "there is no desktop here, and no mailcap file names a program for " + typ
	if desktop {
		why = "no mailcap file names a program for " + typ + ", and xdg-open is not installed"
	}
	p.u.ask(fmt.Sprintf("%s cannot be opened: %s.", p.label(part), why), []choice{
		{"s", "save it", func() { p.askSave(part) }}, {"n", "leave it", nil},
	})
}

// lingers is how long a program lives that has shown something itself: one that ends sooner may have handed the file over to
// another one, which reads it in its own time.
const lingers = 10 * time.Second

// view runs the program for a part, which is in the file path, as it needs to be run.
func (p *parts) view(how viewer.Choice, c viewer.Command, path string, part *message.Part) {
	u := p.u
	failed := func(err error) { u.oops("open", programTrouble(c.Argv[0], err, "", p.saveHint())) }
	switch how.Kind {
	case viewer.Terminal:
		err := u.onTerminal(c, func(err error) {
			if err != nil || how.Wait {
				waitForEnter(c.Argv[0], err)
			}
		})
		if err != nil {
			failed(err)
		}
	case viewer.Output:
		u.modal(&p.work, func(ctx context.Context) func() {
			out, err := outputOf(ctx, c)
			return func() {
				if err != nil {
					failed(err)
				}
				if strings.TrimSpace(out) != "" {
					u.page(p.label(part), out)
				}
			}
		})
	default:
		name, hint := p.label(part), p.saveHint()
		u.pump.Serial(func(context.Context) func() {
			began := u.now()
			lock, err := u.viewing.Lend(path, began)
			if err == nil {
				err = u.detach("open", c, hint, lock, func(err error) {
					if err != nil || u.now().Sub(began) >= lingers {
						u.viewing.Returned(path)
					}
				})
			}
			if err != nil {
				u.viewing.Returned(path)
			}
			return func() {
				if err != nil {
					u.oops("open", err)
					return
				}
				u.say("Opened %s with %s", name, filepath.Base(c.Argv[0]))
			}
		})
	}
}

func (p *parts) saveHint() string {
	return p.u.keys.Key(keys.Save, keys.Parts) + " saves the part"
}

// waitForEnter keeps on the terminal what a program wrote there.
func waitForEnter(program string, err error) {
	words := filepath.Base(program) + " has ended"
	if err != nil {
		words = filepath.Base(program) + ": " + err.Error()
	}
	fmt.Printf("\n%s · Enter goes back to mua ", words)
	for b := make([]byte, 1); ; {
		if n, err := os.Stdin.Read(b); err != nil || n == 1 && b[0] == '\n' {
			return
		}
	}
}

// outputOf runs a program and returns the beginning of what it writes.
func outputOf(ctx context.Context, c viewer.Command) (string, error) {
	if c.Input == "" {
		return runCommand(ctx, c, nil)
	}
	f, err := os.Open(c.Input)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return runCommand(ctx, c, f)
}

// detach starts a program that has a window of its own and may outlive mua; beside the loop. It inherits a file, if one is
// given. That it ends with an error is shown when it does; ended hears of every end, as long as mua runs.
func (u *App) detach(source string, c viewer.Command, hint string, hold *os.File, ended func(error)) error {
	said, err := os.CreateTemp("", "mua-said-") // a file, for a pipe would break when mua ends
	if err != nil {
		return programTrouble(c.Argv[0], err, "", hint)
	}
	os.Remove(said.Name())
	cmd := exec.Command(expandHome(c.Argv[0]), c.Argv[1:]...)
	cmd.Dir, cmd.Stderr, cmd.SysProcAttr = c.Dir, said, ownSession()
	if hold != nil {
		cmd.ExtraFiles = []*os.File{hold}
	}
	if c.Input != "" {
		f, err := os.Open(c.Input)
		if err != nil {
			said.Close()
			return programTrouble(c.Argv[0], err, "", hint)
		}
		defer f.Close()
		cmd.Stdin = f
	}
	if err := cmd.Start(); err != nil {
		said.Close()
		return programTrouble(c.Argv[0], err, "", hint)
	}
	go func() {
		defer said.Close()
		err := cmd.Wait()
		ended(err)
		if err != nil {
			words, _ := io.ReadAll(io.NewSectionReader(said, 0, maxSaid))
			u.pump.Post(fmt.Sprintf("program %d", cmd.Process.Pid), func() { u.oops(source, programTrouble(c.Argv[0], err, string(words), hint)) })
		}
	}()
	return nil
}

// programTrouble says that a program failed, with the first line of what it said.
func programTrouble(program string, err error, said, hint string) error {
	what := filepath.Base(program) + ": " + cause(err).Error()
	if first, _, _ := strings.Cut(strings.TrimSpace(said), "\n"); first != "" {
		what += ": " + text("%s", first).String()
	}
	return &account.Trouble{Kind: account.KindOther, What: what, Hint: hint, Err: err}
}
