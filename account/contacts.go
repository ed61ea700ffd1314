package account

import (
	"slices"
	"strings"
)

const (
	maxContactFolders = 32
	maxCommandArgs    = 64
)

// contacts reads contacts = ["~/.contacts", …]: folders of vCards, or single files. That one is there is
// not asked: a laptop without its network drive still sends mail.
func (s *section) contacts() (paths []string) {
	const example = `contacts = ["~/.contacts"]`
	list := s.strs("contacts")
	for _, v := range list {
		if v.text == "" || HasControl(v.text) {
			s.fail(v.at, example, "contacts must list folders or .vcf files")
			continue
		}
		if p := s.resolve("contacts", v); !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	if len(list) > maxContactFolders {
		s.fail(s.get("contacts").at, example, "contacts may list %d folders at most", maxContactFolders)
	}
	return paths
}

// addressCommand reads address_command = "khard email --parsable %s", or the same as a list of words. It is never
// run by a shell, so what only a shell understands is refused instead of being handed to the program.
func (s *section) addressCommand() (argv []string) {
	const example = `address_command = ["khard", "email", "--parsable", "%s"]`
	v := s.get("address_command")
	switch {
	case v == nil:
		return nil
	case v.isString():
		if strings.ContainsAny(v.text, "'\"\\$`|&;<>()*?\n") {
			s.fail(v.at, "write it as a list of words: "+example, "address_command is run without a shell, which would be needed for %s", v.text)
		}
		argv = strings.Fields(v.text)
	default:
		for _, e := range s.strs("address_command") {
			argv = append(argv, e.text)
		}
	}
	switch {
	case slices.ContainsFunc(argv, HasControl):
		s.fail(v.at, "", "address_command holds a control character")
	case len(argv) == 0 || len(argv) > maxCommandArgs || argv[0] == "" || strings.HasPrefix(argv[0], "-") || strings.Contains(argv[0], "%s"):
		s.fail(v.at, example, "address_command must be a program and its arguments, at most %d words", maxCommandArgs)
	}
	return argv
}
