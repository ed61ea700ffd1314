package account

import (
	"slices"
	"strings"
)

const (
	maxFiles       = 32 // that a list of them names
	maxCommandArgs = 64
)

// contacts reads contacts = ["~/.contacts", …]: folders of vCards, or single files.
func (s *section) contacts() []string {
	return s.files("contacts", "folders or .vcf files", `contacts = ["~/.contacts"]`)
}

// files reads a list of files or folders, nil when the key is missing. That one is there is not asked: a
// laptop without its network drive still sends mail.
func (s *section) files(key, what, example string) (paths []string) {
	list := s.strs(key)
	if s.get(key) != nil {
		paths = []string{}
	}
	for _, v := range list {
		if v.text == "" || HasControl(v.text) {
			s.fail(v.at, example, "%s must list %s", key, what)
			continue
		}
		if p := s.resolve(key, v); !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	if len(list) > maxFiles {
		s.fail(s.get(key).at, example, "%s may list %d %s at most", key, maxFiles, what)
	}
	return paths
}

// addressCommand reads address_command = "khard email --parsable %s".
func (s *section) addressCommand() []string {
	return s.program("address_command", `address_command = ["khard", "email", "--parsable", "%s"]`)
}

// program reads a program with its arguments, in one string or as a list of words. It is never run by a
// shell, so what only a shell understands is refused instead of being handed to the program.
func (s *section) program(key, example string) (argv []string) {
	v := s.get(key)
	switch {
	case v == nil:
		return nil
	case v.isString():
		if strings.ContainsAny(v.text, "'\"\\$`|&;<>()*?\n") {
			s.fail(v.at, "write it as a list of words: "+example, "%s is run without a shell, which would be needed for %s", key, v.text)
		}
		argv = strings.Fields(v.text)
	default:
		for _, e := range s.strs(key) {
			argv = append(argv, e.text)
		}
	}
	switch {
	case slices.ContainsFunc(argv, HasControl):
		s.fail(v.at, "", "%s holds a control character", key)
	case len(argv) == 0 || len(argv) > maxCommandArgs || argv[0] == "" || strings.HasPrefix(argv[0], "-") || strings.Contains(argv[0], "%s"):
		s.fail(v.at, example, "%s must be a program and its arguments, at most %d words", key, maxCommandArgs)
	}
	return argv
}
