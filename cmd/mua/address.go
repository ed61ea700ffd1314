package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/store/message"
)

func newAddress(a *app) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "address [QUERY]", Short: "Find known addresses, in the format of mutt's query_command",
		Example: "  mua address ada\n  set query_command = \"mua address %s\"   # in a muttrc",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			found, err := s.Contacts(cmd.Context(), strings.Join(args, " "), limit)
			if err != nil {
				return err
			}
			if !a.json {
				fmt.Fprintf(a.out, "%s found\n", counted(len(found), "address", "addresses"))
			}
			for _, c := range found {
				if a.json {
					err = a.emit(map[string]any{"addr": c.Addr, "name": c.Name, "count": c.Count, "last": timeJSON(c.Last)})
				} else {
					_, err = fmt.Fprintf(a.out, "%s\t%s\tlast %s\n", message.CleanLine(c.Addr), message.CleanLine(c.Name), c.Last.Local().Format(time.DateOnly))
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 100, "at most `N` addresses")
	return cmd
}
