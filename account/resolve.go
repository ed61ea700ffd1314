package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// Bounds of a secret's source.
const (
	secretTime   = 30 * time.Second // a password command, or the keyring
	secretLength = 64 << 10         // octets of its output, or of a password file
	secretWait   = time.Second      // for a command's children after it ended
)

// keyringService is the name under which secrets are in the system's keyring.
const keyringService = "mua"

// errTooLong says that a source gave more than a secret can be.
var errTooLong = errors.New("more than 64 KiB")

// IncomingLogin resolves the credentials for Incoming. Nothing is cached: a command runs each
// time. Errors are *Trouble: KindConfig when nothing is configured, KindLogin when the source gives
// nothing (a failing command's first line of stderr is in it).
func (a *Account) IncomingLogin(ctx context.Context) (Credentials, error) {
	if a.Incoming == nil {
		return Credentials{}, &Trouble{Kind: KindConfig, Account: a.Name, What: "the account has no incoming server"}
	}
	return a.login(ctx, a.Incoming, a.Password, "password", a.Name)
}

// OutgoingLogin resolves the credentials for Outgoing as IncomingLogin does; None with auth = "none".
func (a *Account) OutgoingLogin(ctx context.Context) (Credentials, error) {
	switch {
	case a.Outgoing == nil:
		return Credentials{}, &Trouble{Kind: KindConfig, Account: a.Name, What: "the account has no outgoing server"}
	case a.NoAuth:
		return Credentials{None: true}, nil
	case a.OutgoingPassword.Set():
		return a.login(ctx, a.Outgoing, a.OutgoingPassword, "outgoing_password", keyringUser(a.Name, "outgoing"))
	}
	return a.login(ctx, a.Outgoing, a.Password, "password", a.Name)
}

func (a *Account) login(ctx context.Context, e *Endpoint, s Secret, key, ring string) (Credentials, error) {
	if !s.Set() {
		return Credentials{}, &Trouble{
			Kind: KindConfig, Account: a.Name, Host: e.Host, What: "no password is configured for " + e.Host,
			Hint: `password = { command = "…" } in [account.` + tomlKey(a.Name) + "]",
		}
	}
	text, t := s.read(ctx, ring)
	if t != nil {
		t.Account, t.Host = a.Name, e.Host
		t.What = key + ": " + t.What
		if s.Keyring && t.Kind == KindLogin {
			t.Hint = "mua login " + a.Name
			if ring != a.Name {
				t.Hint += " --outgoing"
			}
		}
		return Credentials{}, t
	}
	return Credentials{User: e.User, Password: text, Mechanism: s.Mechanism}, nil
}

// read fetches the secret from its source.
func (s Secret) read(ctx context.Context, ring string) (string, *Trouble) {
	switch {
	case s.Command != "":
		return fromCommand(ctx, s.Command)
	case s.Env != "":
		return fromEnv(s.Env)
	case s.File != "":
		return fromFile(s.File)
	case s.Keyring:
		return fromKeyring(ctx, ring)
	}
	return s.Plain, nil
}

func noSecret(err error, format string, args ...any) *Trouble {
	return &Trouble{Kind: KindLogin, What: CleanWords(fmt.Sprintf(format, args...)), Err: err}
}

func fromEnv(name string) (string, *Trouble) {
	if v := os.Getenv(name); v != "" {
		return v, nil
	}
	return "", &Trouble{Kind: KindConfig, What: "the environment variable " + name + " is not set"}
}

func fromFile(path string) (string, *Trouble) {
	// To open a pipe waits for its writer, and nothing can end that wait.
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return "", &Trouble{
			Kind: KindConfig, What: CleanWords(path + " is a pipe"),
			Hint: "password = { command = \"cat …\" } reads from anything, for 30 s at most",
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", &Trouble{Kind: KindConfig, What: CleanWords(err.Error()), Err: err}
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return "", &Trouble{
			Kind: KindConfig, What: fmt.Sprintf("%s holds a password and others may read it (mode %04o)", path, info.Mode().Perm()), Hint: "chmod 600 " + path,
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, secretLength+1))
	if err != nil {
		return "", &Trouble{Kind: KindConfig, What: CleanWords(err.Error()), Err: err}
	}
	line, ok := firstLine(data)
	if !ok {
		return "", noSecret(nil, "the first line of %s is empty or too long", path)
	}
	return line, nil
}

// firstLine is the first line of data without its end; ok is false when it is empty or too long.
func firstLine(data []byte) (string, bool) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	return string(line), len(line) > 0 && len(line) <= secretLength
}

// fromCommand runs the person's own command. It stays in our process group, so that a pinentry on this
// terminal works.
func fromCommand(ctx context.Context, command string) (string, *Trouble) {
	limited, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	cmd := exec.CommandContext(limited, "/bin/sh", "-c", command)
	out, talk := &bounded{max: secretLength, over: errTooLong}, &bounded{max: 4 << 10}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, talk, secretWait
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", &Trouble{Kind: KindTemporary, What: "interrupted while the command ran", Err: ctx.Err()}
	case limited.Err() != nil:
		return "", noSecret(limited.Err(), "the command did not end within %s", secretTime)
	case out.full:
		return "", noSecret(errTooLong, "the command printed more than 64 KiB")
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		words := ""
		if line, ok := firstLine(bytes.TrimLeft(talk.data, "\r\n")); ok {
			words = ": " + line
		}
		return "", noSecret(err, "the command failed (%v)%s", err, words)
	}
	line, ok := firstLine(out.data)
	if !ok {
		return "", noSecret(nil, "the command printed no password on its first line")
	}
	return line, nil
}

// bounded keeps the first max octets; more is an error when over is set, else forgotten.
type bounded struct {
	data []byte
	max  int
	over error
	full bool // there was more
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.max - len(b.data)
	b.data = append(b.data, p[:min(room, len(p))]...)
	if b.full = b.full || len(p) > room; b.full && b.over != nil {
		return room, b.over
	}
	return len(p), nil
}

// keyringUser is the name of a side's secret in the keyring.
func keyringUser(account, side string) string {
	if side == "outgoing" {
		return account + "/outgoing"
	}
	return account
}

// fromKeyring asks the system's keyring, which may ask the person to unlock it.
func fromKeyring(ctx context.Context, user string) (string, *Trouble) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() { // the library knows no context; when it hangs, this goroutine alone hangs with it
		text, err := keyring.Get(keyringService, user)
		got <- answer{text, err}
	}()
	limit := time.NewTimer(secretTime)
	defer limit.Stop()
	select {
	case a := <-got:
		switch {
		case errors.Is(a.err, keyring.ErrNotFound), a.err == nil && a.text == "":
			return "", noSecret(a.err, "the keyring has no password for %s", user)
		case a.err != nil:
			return "", noSecret(a.err, "the keyring cannot be read: %v", a.err)
		}
		return a.text, nil
	case <-limit.C:
		return "", noSecret(nil, "the keyring did not answer within %s", secretTime)
	case <-ctx.Done():
		return "", &Trouble{Kind: KindTemporary, What: "interrupted while the keyring was asked", Err: ctx.Err()}
	}
}

// StoreKeyring puts a password into the system's keyring, for side "incoming" (used for both unless the
// account has an outgoing_password) or "outgoing". Errors are *Trouble.
func StoreKeyring(account, side, password string) error {
	if strings.TrimSpace(account) == "" || password == "" || HasControl(password) {
		return &Trouble{Kind: KindUsage, Account: account, What: "an empty password, or one with control characters, cannot be stored"}
	}
	if err := keyring.Set(keyringService, keyringUser(account, side), password); err != nil {
		return &Trouble{Kind: KindLogin, Account: account, What: "the keyring did not take the password: " + CleanWords(err.Error()), Err: err}
	}
	return nil
}
