package ui

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/gdamore/tcell/v2"

	"mua/account"
)

// books configures a folder of vCards with Mirabelle in it and a program that runs script.
func books(t *testing.T, script string) (dir string, config func(*account.Config)) {
	t.Helper()
	dir = t.TempDir()
	err := errors.Join(os.WriteFile(dir+"/a.vcf", []byte("BEGIN:VCARD\nFN:Mirabelle Cards\nEMAIL:mirabelle@cards.example\nEND:VCARD\n"), 0o600),
		os.WriteFile(dir+"/book", []byte("#!/bin/sh\n"+script), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	return dir, func(c *account.Config) {
		c.Contacts, c.AddressCommand = []string{dir}, []string{dir + "/book"}
	}
}

func TestCompletionFromAddressBooks(t *testing.T) {
	dir, config := books(t, `printf 'miro@book.example\tMiro Book\nMIRA@harbour.example\tOther\n'; printf '%s\n' "$1" >> "$0.asked"`)
	r := start(t, setup{samples: true, config: config})
	r.keys("m", "=mir")
	r.sees("Mirabelle Cards <mirabelle@cards.example>", "Mira Sund <mira@harbour.example>", "Miro Book <miro@book.example>")
	r.seesNot("Other")
	if asked, _ := os.ReadFile(dir + "/book.asked"); !strings.HasSuffix(string(asked), "mir\n") {
		t.Errorf("asked for %q", asked)
	}
	r.keys("Down", "Down", "Enter", "=mirab", "Enter")
	var to string
	r.on(func() { to = r.u.top().(*composer).value(toField) })
	if to != "Miro Book <miro@book.example>, Mirabelle Cards <mirabelle@cards.example>," {
		t.Errorf("To is %q", to)
	}
	// A card that is new is found by the next key, without starting anew.
	if err := os.WriteFile(dir+"/b.vcf", []byte("BEGIN:VCARD\nFN:Zacharias\nEMAIL:z@cards.example\nEND:VCARD\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.keys("=zach")
	r.sees("Zacharias <z@cards.example>")
}

// TestCompletionNeverWaits: a program that hangs is in nobody's way, and the next key ends it.
func TestCompletionNeverWaits(t *testing.T) {
	dir, config := books(t, `exec 3> "$0.pipe"; echo "$1" >&3; sleep 60`)
	if err := syscall.Mkfifo(dir+"/book.pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true, config: config})
	pipe, err := os.OpenFile(dir+"/book.pipe", os.O_RDWR, 0) // reading ends with no program that was ended
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	r.keys("m")
	for _, c := range "mira" {
		r.inject(tcell.KeyRune, c, tcell.ModNone)
	}
	for said := bufio.NewScanner(pipe); said.Text() != "mira" && said.Scan(); { // until the program runs
	}
	r.inject(tcell.KeyEnter, 0, tcell.ModNone)
	r.until("Mira Sund <mira@harbour.example>,")
	r.idle()
	r.seesNot("took more than")
}

func TestAddressBookTroubleIsToldOnce(t *testing.T) {
	_, config := books(t, "echo no database >&2; exit 3")
	r := start(t, setup{samples: true, config: config})
	r.keys("m", "=mi")
	r.sees("address_command: book: exit status 3: no database", "Mirabelle")
	r.keys("Esc", "Esc")
	r.on(func() { r.u.status.acknowledge() })
	r.keys("m", "=mi")
	r.seesNot("no database")
}

// TestBounceCompletesFromCards: the prompt that passes a message on knows the cards too.
func TestBounceCompletesFromCards(t *testing.T) {
	_, config := books(t, "")
	r := start(t, setup{samples: true, config: config})
	r.keys("b", "=mirab", "Tab")
	r.sees("Mirabelle Cards <mirabelle@cards.example>")
}
