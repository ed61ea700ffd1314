package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/store/addressbook"
	"mua/store/message"
)

func newAddress(a *app) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "address [QUERY]", Short: "Find known addresses, in the format of mutt's query_command",
		Long: `Finds addresses by the beginning of any word of a name or an address: those that mail was sent to and came from,
those in the vCards of contacts and those that address_command knows. Most used first; last come those whose domain
alone begins so.

  contacts = ["~/.contacts"]                              # folders of .vcf files, or single ones
  address_command = "khard email --parsable %s"           # or abook --mutt-query, notmuch address, …

The command is run without a shell, with the query as one argument, for two seconds at most; it answers in lines of
ADDRESS<TAB>NAME, or of NAME <ADDRESS>. The terminal asks the same sources while you type.`,
		Example: "  mua address ada\n  set query_command = \"mua address %s\"   # in a muttrc",
		RunE: func(cmd *cobra.Command, args []string) error {
			book, err := a.addressBook(cmd)
			if err != nil {
				return err
			}
			found, missed, err := book.Find(cmd.Context(), strings.Join(args, " "), limit)
			if err != nil {
				return err
			}
			for _, m := range missed {
				a.talk("%s", message.CleanLine(m.Error()))
			}
			if !a.json {
				fmt.Fprintf(a.out, "%s found\n", counted(len(found), "address", "addresses"))
			}
			for _, e := range found {
				if err := a.showAddress(e); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 100, "at most `N` addresses")
	return cmd
}

// addressBook is what the configuration names; without one, what mail has taught.
func (a *app) addressBook(cmd *cobra.Command) (*addressbook.Book, error) {
	a.reads = true
	s, err := a.open(cmd.Context())
	if err != nil {
		return nil, err
	}
	c, err := a.conf()
	if errors.Is(err, fs.ErrNotExist) {
		return addressbook.New(s, nil, nil), nil
	}
	if err != nil {
		return nil, err
	}
	return addressbook.New(s, c.Contacts, c.AddressCommand), nil
}

func (a *app) showAddress(e addressbook.Entry) error {
	if a.json {
		return a.emit(map[string]any{"addr": e.Addr, "name": e.Name, "count": e.Count, "last": timeJSON(e.Last), "listed": e.Listed, "note": orNull(e.Note)})
	}
	var notes []string
	if e.Note != "" {
		notes = append(notes, e.Note)
	} else if e.Listed {
		notes = append(notes, "address book")
	}
	if !e.Last.IsZero() {
		notes = append(notes, "last "+e.Last.Local().Format(time.DateOnly))
	}
	_, err := fmt.Fprintf(a.out, "%s\t%s\t%s\n", message.CleanLine(e.Addr), message.CleanLine(e.Name), strings.Join(notes, ", "))
	return err
}
