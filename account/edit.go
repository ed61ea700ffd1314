package account

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// NewAccount is what Add writes. Relative paths are relative to the working folder and
// are written absolute. At most one password source is given.
type NewAccount struct {
	Name, From, Incoming, Outgoing, TLSCA, PasswordCommand, PasswordEnv, PasswordFile string

	PasswordKeyring bool
}

// Add appends an account to the configuration file, which is made (0600, its folder 0700) when there
// is none. What is there stays as it is, comments and order too. The result is checked as a whole before
// anything is written. Errors are *Trouble: KindConfig for an account that exists or cannot be,
// KindCreate when the file cannot be written.
func Add(path string, spec NewAccount) error {
	data, err := with(path, spec)
	if err != nil {
		return err
	}
	return writeConfig(path, data)
}

// CheckNew gives the error that Add would give for what is wrong with an account or the file.
func CheckNew(path string, spec NewAccount) error {
	_, err := with(path, spec)
	return err
}

// with is the configuration with one more account.
func with(path string, spec NewAccount) ([]byte, error) {
	old, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	if cfg, err := Parse(path, old); err != nil {
		return nil, err
	} else if _, exists := cfg.Account(spec.Name); exists && spec.Name != "" {
		return nil, &Trouble{Kind: KindConfig, Account: spec.Name, What: "the account exists already in " + path, Hint: "mua account remove " + spec.Name}
	}
	text, err := spec.toml()
	if err != nil {
		return nil, err
	}
	data := old
	if len(data) > 0 {
		if data[len(data)-1] != '\n' {
			data = append(data, '\n')
		}
		data = append(data, '\n')
	}
	data = append(data, text...)
	cfg, wrong := parse(path, data)
	if wrong != nil {
		if wrong.at.line > bytes.Count(old, []byte("\n")) { // the new lines: they are in no file to look at
			return nil, &Trouble{Kind: KindConfig, Account: spec.Name, What: wrong.msg, Hint: wrong.trouble.Hint}
		}
		return nil, wrong.trouble
	}
	if _, ok := cfg.Account(spec.Name); !ok {
		return nil, &Trouble{Kind: KindConfig, Account: spec.Name, What: "the account could not be added to " + path}
	}
	return data, nil
}

// toml is the account as a table of the configuration.
func (n NewAccount) toml() (string, error) {
	ca, err := absolute(n.TLSCA)
	if err != nil {
		return "", err
	}
	file, err := absolute(n.PasswordFile)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[account.%s]\n", tomlKey(n.Name))
	for _, l := range [][2]string{{"from", n.From}, {"incoming", n.Incoming}, {"outgoing", n.Outgoing}, {"tls_ca", ca}} {
		if l[1] != "" {
			fmt.Fprintf(&b, "%-8s = %s\n", l[0], tomlString(l[1]))
		}
	}
	var sources []string
	for _, l := range [][2]string{{"command", n.PasswordCommand}, {"env", n.PasswordEnv}, {"file", file}} {
		if l[1] != "" {
			sources = append(sources, l[0]+" = "+tomlString(l[1]))
		}
	}
	if n.PasswordKeyring {
		sources = append(sources, "keyring = true")
	}
	if len(sources) > 0 {
		fmt.Fprintf(&b, "password = { %s }\n", strings.Join(sources, ", "))
	}
	return b.String(), nil
}

func absolute(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, "~/") {
		return path, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", &Trouble{Kind: KindIO, What: err.Error(), Err: err}
	}
	return abs, nil
}

// Remove takes an account's tables out of the configuration file and leaves the rest as it
// is, comments around them too. The account's mail is not touched. Errors are *Trouble: KindNotFound
// without such an account, KindConfig when the file does not allow it, KindCreate when it cannot be written.
func Remove(path, name string) error {
	old, err := readConfig(path)
	if err != nil {
		return err
	}
	cfg, err := Parse(path, old)
	if err != nil {
		return err
	}
	if _, ok := cfg.Account(name); !ok || name == "" {
		return &Trouble{Kind: KindNotFound, Account: name, What: "there is no such account in " + path}
	}
	data := without(old, name)
	left, err := Parse(path, data)
	if err == nil {
		if _, still := left.Account(name); still {
			err = errors.New("it is written as part of another line")
		} else if len(left.Accounts) != len(cfg.Accounts)-1 {
			err = errors.New("another account would go with it")
		}
	}
	if err != nil {
		return &Trouble{Kind: KindConfig, Account: name, What: "the account cannot be taken out of " + path + " safely: " + err.Error(), Hint: "remove it with an editor", Err: err}
	}
	return writeConfig(path, data)
}

// without cuts the expressions that belong to the account out of data: the header of its
// tables and each of its keys, whole lines, with the comment behind them.
func without(data []byte, name string) []byte {
	var p unstable.Parser
	p.Reset(data)
	var out []byte
	kept := 0 // data up to here is in out or cut
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		path, start, end := keyPath(e)
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = path
		case unstable.KeyValue:
			path = append(append([]string(nil), table...), path...)
			end = int(e.Raw.Offset + e.Raw.Length)
		}
		if len(path) < 2 || path[0] != "account" || path[1] != name {
			continue
		}
		start, end = wholeLines(data, start, end)
		out = append(out, data[kept:max(start, kept)]...)
		kept = max(kept, end)
	}
	return append(out, data[kept:]...)
}

// keyPath is the key of an expression with where it starts and ends.
func keyPath(e *unstable.Node) (path []string, start, end int) {
	for it := e.Key(); it.Next(); {
		k := it.Node()
		if k.Kind != unstable.Key {
			break
		}
		if len(path) == 0 {
			start = int(k.Raw.Offset)
		}
		end = int(k.Raw.Offset + k.Raw.Length)
		path = append(path, string(k.Data))
	}
	return path, start, end
}

// wholeLines widens a range to the lines it lies on.
func wholeLines(data []byte, start, end int) (int, int) {
	for start > 0 && data[start-1] != '\n' {
		start--
	}
	for end < len(data) && data[end] != '\n' {
		end++
	}
	return start, min(end+1, len(data))
}

// readConfig reads the file; a missing one is empty.
func readConfig(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, configIO(err)
	}
	return data, nil
}

// writeConfig replaces the file durably: another file beside it, fsync, rename. Where the path is a
// symbolic link, what it points to is replaced.
func writeConfig(path string, data []byte) (err error) {
	defer func() {
		if err != nil {
			err = &Trouble{Kind: KindCreate, What: "the configuration cannot be written: " + CleanWords(err.Error()), Kept: "It is as it was", Err: err}
		}
	}()
	if to, e := filepath.EvalSymlinks(path); e == nil {
		path = to
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".config-*.toml") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing left to remove
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the rename durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
