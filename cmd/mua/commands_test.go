package main

import (
	"testing"

	"github.com/spf13/cobra"
)

// TestCommandAlone: each command is found by the name it has in the list, by no other, and says of itself and
// takes the same when it is the only one that is made.
func TestCommandAlone(t *testing.T) {
	all := newRoot(&app{}, nil)
	known := map[string]bool{"help": true, "completion": true}
	for _, c := range commands() {
		known[c.name] = true
		alone := newRoot(&app{}, []string{c.name})
		if n := len(alone.Commands()); n != 1 && c.name != "man" {
			t.Errorf("%s: %d commands were made", c.name, n)
		}
		same(t, find(t, all, c.name), find(t, alone, c.name))
	}
	for _, c := range all.Commands() {
		if !known[c.Name()] || len(c.Aliases) > 0 {
			t.Errorf("%s (or %v) is not in the list by that name", c.Name(), c.Aliases)
		}
	}
}

func find(t *testing.T, root *cobra.Command, name string) *cobra.Command {
	t.Helper()
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	t.Fatalf("there is no command %s", name)
	return nil
}

// same compares what two trees of commands say.
func same(t *testing.T, want, got *cobra.Command) {
	t.Helper()
	if want.UsageString() != got.UsageString() || want.Long != got.Long {
		t.Errorf("%s says\n%s\nand alone\n%s", want.CommandPath(), want.UsageString(), got.UsageString())
	}
	if len(want.Commands()) != len(got.Commands()) {
		t.Fatalf("%s has %d commands below it, and alone %d", want.CommandPath(), len(want.Commands()), len(got.Commands()))
	}
	for i, c := range want.Commands() {
		same(t, c, got.Commands()[i])
	}
}
