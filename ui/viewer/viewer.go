// Package viewer finds the program that opens a part of a message, and makes the file it is given.
//
// What it keeps to: a part is opened only where a person asks for it, and never one that a
// desktop might run. The file has a name of our making, in a folder that is ours alone. The
// program is one that the person or the system named, in the configuration or in a mailcap
// file (RFC 1524); it is run by its words, and a shell is used only for a mailcap line that
// cannot do without. Into such a line goes nothing from the message but that name.
package viewer

import (
	"context"
	"mime"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Kind says what a program needs.
type Kind int

// The kinds.
const (
	Window   Kind = iota // it has a window of its own
	Terminal             // it needs the terminal
	Output               // what it writes is to be shown
)

// Programs are what may open a file here.
type Programs struct {
	Own     []string // opens everything, with the file as its last word; nil: none
	Mailcap []string // mailcap files; what cannot be read says nothing
	Desktop []string // opens what no line of them is for, with the file as its last word; nil: there is no desktop
}

// Choice is the program for a part.
type Choice struct {
	Kind   Kind
	Wait   bool   // it may only write and end: what it wrote would be gone
	suffix string // the file's name must end so
	line   *line  // of a mailcap file; nil: words
	words  []string
	typ    string
	params map[string]string
}

// Command is a program to run, without a shell that is not among its words.
type Command struct {
	Argv  []string
	Dir   string // to run it in; "" is where we are
	Input string // the file it reads from; "" is none
}

// Choose finds the program for a media type and its parameters; false when there is none.
// It runs the tests that mailcap lines ask for.
func (p Programs) Choose(ctx context.Context, typ string, params map[string]string) (Choice, bool) {
	if len(p.Own) > 0 {
		return Choice{words: p.Own}, true
	}
	for _, l := range readAll(p.Mailcap) {
		c := Choice{Kind: l.kind(), suffix: l.suffix, line: l, typ: typ, params: params}
		if c.Kind == Window && p.Desktop == nil {
			c.Kind, c.Wait = Terminal, true // there is nowhere else
		}
		if l.matches(typ) && c.runs() && l.passes(ctx) {
			return c, true
		}
	}
	if len(p.Desktop) > 0 && installed(p.Desktop[0]) {
		return Choice{words: p.Desktop}, true
	}
	return Choice{}, false
}

// runs reports whether there is a command for the choice, and its program is here.
func (c Choice) runs() bool {
	words, ok := c.line.words("", c.typ, c.params)
	return ok && installed(words[0])
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// Name is what the file must be called for the program, where it would be called name.
func (c Choice) Name(name string) string {
	if strings.HasSuffix(strings.ToLower(name), strings.ToLower(c.suffix)) {
		return name
	}
	return name + c.suffix
}

// Command is what opens a file, made by Folder.Put under a name from Name.
func (c Choice) Command(path string) Command {
	if c.line == nil {
		return Command{Argv: append(slices.Clone(c.words), path)}
	}
	words, _ := c.line.words(path, c.typ, c.params) // runs has asked whether there are any
	cmd := Command{Argv: words}
	if c.line.shell {
		cmd.Dir = filepath.Dir(path) // its name alone stands in the line
	}
	if !c.line.named {
		cmd.Input = path
	}
	return cmd
}

// Type is the media type that a program is looked for by: where the message only says that there are
// octets, that of the name's extension.
func Type(typ, name string) string {
	if typ != "application/octet-stream" && typ != "" {
		return typ
	}
	if t, _, err := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(name))); err == nil {
		return t
	}
	return "application/octet-stream"
}
