package account

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/adrg/xdg"
)

// Defaults of Config.
const (
	DefaultSendDelay  = 10 * time.Second
	DefaultMaxMessage = 64 << 20
	DefaultSessions   = 4
)

// maxSessions bounds the sessions key: a server that takes more from one client is not a person's.
const maxSessions = 16

// maxConfig bounds the file, in octets.
const maxConfig = 1 << 20

// Load reads and checks a configuration file. Errors are *Trouble of KindConfig: with
// FILE:LINE:COL where there is a place and the nearest valid key as a hint; a missing file says how to
// start; a file that holds a plain password must be its owner's alone.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Trouble{Kind: KindConfig, What: "there is no configuration yet (" + path + ")", Hint: "mua account add", Err: err}
	}
	if err != nil {
		return nil, configIO(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, configIO(err)
	}
	c, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, configIO(err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && info.Mode().IsRegular() && c.holdsPlain() {
		return nil, &Trouble{
			Kind: KindConfig, What: fmt.Sprintf("%s holds a plain password and others may read it (mode %04o)", path, mode), Hint: "chmod 600 " + path,
		}
	}
	return c, nil
}

func configIO(err error) error {
	return &Trouble{Kind: KindConfig, What: "cannot read the configuration: " + CleanWords(err.Error()), Err: err}
}

func (c *Config) holdsPlain() bool {
	for _, a := range c.Accounts {
		if a.Password.Plain != "" || a.OutgoingPassword.Plain != "" {
			return true
		}
	}
	return false
}

// DefaultPath is where the configuration is when no flag says otherwise:
// $MUA_CONFIG, else mua/config.toml in the XDG configuration folder
// ($XDG_CONFIG_HOME, on Linux else ~/.config).
func DefaultPath() string {
	if p := os.Getenv("MUA_CONFIG"); p != "" {
		return p
	}
	return xdgFolder(func() string { return filepath.Join(xdg.ConfigHome, "mua", "config.toml") })
}

// DefaultState is the folder for what may be lost but not restored with the data: mua in the
// XDG state folder ($XDG_STATE_HOME, on Linux else ~/.local/state).
func DefaultState() string {
	return xdgFolder(func() string { return filepath.Join(xdg.StateHome, "mua") })
}

// DefaultData is the data folder when no flag says otherwise: $MUA_DATA, else
// mua in the XDG data folder ($XDG_DATA_HOME, on Linux else ~/.local/share).
func DefaultData() string {
	if p := os.Getenv("MUA_DATA"); p != "" {
		return p
	}
	return xdgFolder(func() string { return filepath.Join(xdg.DataHome, "mua") })
}

// folders guards the library's folders, which are its globals, and has the environment that they were read in: at first the
// one of the program's start.
var folders = struct {
	sync.Mutex
	read []string
}{read: os.Environ()}

// xdgFolder gives one of the library's folders by the environment as it is now.
func xdgFolder(which func() string) string {
	folders.Lock()
	defer folders.Unlock()
	if now := os.Environ(); !slices.Equal(now, folders.read) {
		folders.read = now
		xdg.Reload()
	}
	return which()
}
