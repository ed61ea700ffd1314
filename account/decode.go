package account

import (
	"errors"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Parse checks the configuration in data as Load does, but for the file's permissions. path is what
// errors call it, and where relative paths in it start.
func Parse(path string, data []byte) (*Config, error) {
	c, wrong := parse(path, data)
	if wrong != nil {
		return nil, wrong.trouble
	}
	return c, nil
}

// parse is Parse with the place of what is wrong.
func parse(path string, data []byte) (*Config, *fault) {
	r := &reader{file: path, dir: folder(path)}
	if len(data) > maxConfig {
		r.fail(pos{1, 1}, "", "more than %d octets are too many for a configuration", maxConfig)
		return nil, r.wrong
	}
	root, err := parseTree(data)
	if e, ok := errors.AsType[*tomlError](err); ok {
		r.fail(e.at, "", "%s", e.msg)
		return nil, r.wrong
	}
	c := r.config(root)
	if r.wrong != nil {
		return nil, r.wrong
	}
	c.Path, c.Warnings = path, r.warnings
	return c, nil
}

// folder is the absolute folder of a file.
func folder(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Dir(path)
}

// config reads the whole file.
func (r *reader) config(root *table) *Config {
	s := &section{r, "", root}
	s.known(keyNames(topKeys)...)
	c := &Config{
		SendDelay:  s.duration("send_delay", DefaultSendDelay),
		MaxMessage: s.size("max_message", DefaultMaxMessage),
		Editor:     s.str("editor"),
		OnNewMail:  s.newMail(),
	}
	c.Bell, _ = s.flag("bell")
	c.Contacts, c.AddressCommand = s.contacts(), s.addressCommand()
	c.Open = s.program("open", `open = ["xdg-open"]`)
	c.Mailcap = s.files("mailcap", "mailcap files", `mailcap = ["~/.mailcap"]`)
	c.Aliases = r.localAliases(s.table("aliases"))
	r.keys(s, c)
	r.loose(s.get("theme"), "theme")
	r.searches(s.get("search"), c)
	if t := s.table("account"); t != nil {
		for _, name := range t.keys {
			if a := r.account(name, t.vals[name]); a != nil {
				c.Accounts = append(c.Accounts, a)
			}
		}
	}
	return c
}

// localAliases reads [aliases]: local name or "*" → address.
func (r *reader) localAliases(t *table) map[string]string {
	out := map[string]string{}
	if t == nil {
		return out
	}
	s := &section{r, " in [aliases]", t}
	for _, k := range t.keys {
		out[strings.ToLower(k)] = s.address(k).Address
	}
	return out
}

// keys reads keys = "mutt" or [keys]. What is wrong there is a warning: no mail is lost to a key.
func (r *reader) keys(s *section, c *Config) {
	c.Keys = map[string]string{}
	v := s.get("keys")
	switch {
	case v == nil:
	case v.isString() && v.text == "mutt":
		c.KeyPreset = "mutt"
	case v.tbl == nil:
		r.warn(v.at, `keys must be "mutt" or a table; ignored`)
	default:
		for _, k := range v.tbl.keys {
			switch e := v.tbl.vals[k].val; {
			case k == "preset" && e.text == "mutt":
				c.KeyPreset = "mutt"
			case !e.isString() || HasControl(e.text) || k == "preset":
				r.warn(e.at, "%s in [keys] must be a string that names a key; ignored", k)
			default:
				c.Keys[k] = e.text
			}
		}
	}
}

// loose warns of everything in a table no part of this version reads.
func (r *reader) loose(v *value, name string) {
	if v == nil {
		return
	}
	if v.tbl == nil {
		r.warn(v.at, "%s is planned but not in this version; ignored", name)
		return
	}
	for _, k := range v.tbl.keys {
		r.warn(v.tbl.vals[k].at, "unknown key %q in [%s]; ignored", k, name)
	}
}

// searches reads [search]: name = "query". What is wrong there is a warning: no mail is lost to it.
func (r *reader) searches(v *value, c *Config) {
	if v == nil {
		return
	}
	if v.tbl == nil {
		r.warn(v.at, "search is a table: [search] invoices = \"subject:invoice\"; ignored")
		return
	}
	for _, k := range v.tbl.keys {
		e := v.tbl.vals[k]
		if !e.val.isString() || strings.TrimSpace(e.val.text) == "" || HasControl(e.val.text) || HasControl(k) || strings.TrimSpace(k) == "" || strings.ContainsRune(k, '"') {
			r.warn(e.at, "%q in [search] is not name = \"query\"; ignored", k)
			continue
		}
		c.Searches = append(c.Searches, SavedSearch{Name: k, Query: e.val.text})
	}
}

// address reads one mail address.
func (s *section) address(key string) mail.Address {
	text := s.str(key)
	if v := s.get(key); v != nil && v.isString() {
		return s.parseAddress(v, key, text)
	}
	return mail.Address{}
}

func (s *section) parseAddress(v *value, key, text string) mail.Address {
	a, err := mail.ParseAddress(text)
	if err != nil || HasControl(text) || HasControl(a.Name) || HasControl(a.Address) {
		s.fail(v.at, `write it as "ada@example.org" or "Ada Lovelace <ada@example.org>"`, "%s%s is not a mail address: %s", key, s.name, text)
		return mail.Address{}
	}
	return *a
}

func (s *section) duration(key string, def time.Duration) time.Duration {
	v := s.get(key)
	if v == nil {
		return def
	}
	if !v.isString() {
		s.wrongType(v, key, `a string such as "10s"`)
		return def
	}
	d, err := ParseDuration(v.text)
	if err != nil {
		s.fail(v.at, "", "%s%s: %q is %v", key, s.name, v.text, err)
	}
	return d
}

func (s *section) size(key string, def int64) int64 {
	v := s.get(key)
	if v == nil {
		return def
	}
	n, ok := v.integer()
	if !ok && !v.isString() {
		s.wrongType(v, key, `a size such as "64MiB"`)
		return def
	}
	var err error
	if !ok {
		n, err = ParseSize(v.text)
	} else if n < 1 {
		err = errSize
	}
	if err != nil {
		s.fail(v.at, "", "%s%s: %q is %v", key, s.name, v.text, err)
	}
	return n
}

// path reads a file name: relative to the configuration's folder, ~/ is the home folder.
func (s *section) path(key string) string {
	if s.str(key) == "" {
		return ""
	}
	return s.resolve(key, s.get(key))
}

// resolve is the file that a value names.
func (s *section) resolve(key string, v *value) string {
	p := v.text
	if rest, ok := strings.CutPrefix(p, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			s.fail(v.at, "", "%s%s: no home folder for %s", key, s.name, p)
			return ""
		}
		return filepath.Join(home, rest)
	}
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(s.dir, p)
}
