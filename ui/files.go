package ui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mua/account"
)

// splitCommand splits a command into words as a shell would, without doing
// anything else a shell does: quotes and backslashes keep spaces.
func splitCommand(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quote, escaped := false, rune(0), false
	for _, r := range s {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, in = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case r == ' ' || r == '\t':
			if in {
				words = append(words, word.String())
				word.Reset()
			}
			in = false
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if quote != 0 || escaped {
		return nil, &account.Trouble{Kind: account.KindUsage, What: "a quote in the command is not closed"}
	}
	if in {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, &account.Trouble{Kind: account.KindUsage, What: "no command"}
	}
	return words, nil
}

// expandHome makes a path of one that may begin with ~.
func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			return home + rest
		}
	}
	return path
}

// cause is what went wrong, without the path and the system call that a reader knows or need not know.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// completePath completes the name of a file; folders end in a slash.
func completePath(s string) []string {
	dir, name := filepath.Split(s)
	look := expandHome(dir)
	if look == "" {
		look = "."
	}
	list, err := os.ReadDir(look)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range list {
		n := e.Name()
		if !strings.HasPrefix(n, name) || n[0] == '.' && name == "" {
			continue
		}
		if info, err := os.Stat(filepath.Join(look, n)); err == nil && info.IsDir() {
			n += "/"
		}
		out = append(out, dir+n)
	}
	return out
}

// downloads is where attachments are offered to be saved: ~/Downloads, else the working folder.
func downloads() string {
	if home, err := os.UserHomeDir(); err == nil {
		if info, err := os.Stat(filepath.Join(home, "Downloads")); err == nil && info.IsDir() {
			return "~/Downloads/"
		}
	}
	return "./"
}

// freeName is path, or path with a number before its extension when that exists.
func freeName(path string) string {
	ext := filepath.Ext(path)
	stem := strings.TrimSuffix(path, ext)
	for i := 1; i < 1000; i++ {
		if _, err := os.Lstat(expandHome(path)); errors.Is(err, fs.ErrNotExist) {
			return path
		}
		path = fmt.Sprintf("%s-%d%s", stem, i, ext)
	}
	return path
}

// inFolder is path, or a file called name in it when it is a folder.
func inFolder(path, name string) string {
	if info, err := os.Stat(expandHome(path)); err == nil && info.IsDir() {
		return strings.TrimSuffix(path, "/") + "/" + name
	}
	return path
}

// saveNew writes a file that must not exist yet, and syncs it. A failed write leaves none.
func saveNew(path string, data []byte) error {
	path = expandHome(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return &account.Trouble{Kind: account.KindCreate, What: "exists already: " + path, Kept: "It was not changed", Err: err}
	}
	if err != nil {
		return &account.Trouble{Kind: account.KindCreate, What: "cannot save " + path + ": " + cause(err).Error(), Err: err}
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(path)
		return &account.Trouble{Kind: account.KindIO, What: "cannot save: " + err.Error(), Err: err}
	}
	return nil
}
