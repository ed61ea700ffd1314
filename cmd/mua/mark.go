package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mua/store"
)

func newMark(a *app) *cobra.Command {
	var c store.FlagChange
	set := map[string]store.Flags{"seen": store.Seen, "flagged": store.Flagged, "answered": store.Answered}
	unset := map[string]store.Flags{"unseen": store.Seen, "unflagged": store.Flagged}
	on := map[string]*bool{}
	cmd := &cobra.Command{
		Use: "mark ID...|-", Short: "Change flags of messages, here at once and on the server with the next sync",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		Example: "  mua mark 12 13 --seen\n  mua list from:boss -n 0 --json | jq .id | mua mark - --flagged",
		RunE: func(cmd *cobra.Command, args []string) error {
			for name, f := range set {
				if *on[name] {
					c.Add |= f
				}
			}
			for name, f := range unset {
				if *on[name] {
					c.Remove |= f
				}
			}
			if c.Add&c.Remove != 0 {
				return usagef("a flag cannot be set and taken away at once")
			}
			if c.Add|c.Remove == 0 && len(c.AddKeywords)+len(c.RemoveKeywords) == 0 {
				return usagef("say what to change: --seen --unseen --flagged --unflagged --answered --keyword K --no-keyword K")
			}
			for _, k := range slices.Concat(c.AddKeywords, c.RemoveKeywords) {
				if !isKeyword(k) {
					return usagef("%q is not a keyword: letters, digits and marks of ASCII, without spaces and ( ) { } [ ] %% * \" \\", k)
				}
			}
			return a.act(cmd.Context(), args, "marked", func(ctx context.Context, s *store.Store, ids []store.MessageID) error {
				_, err := s.MarkFlags(ctx, ids, c)
				return err
			})
		},
	}
	fl := cmd.Flags()
	for _, m := range []map[string]store.Flags{set, unset} {
		for name := range m {
			on[name] = fl.Bool(name, false, "mark as "+name)
		}
	}
	fl.StringArrayVar(&c.AddKeywords, "keyword", nil, "add keyword `K`")
	fl.StringArrayVar(&c.RemoveKeywords, "no-keyword", nil, "take keyword `K` away")
	return cmd
}

// isKeyword reports whether a server can hold a keyword: a flag-keyword of RFC 9051
// is an atom; a curly or square bracket in it confuses real clients.
func isKeyword(k string) bool {
	return k != "" && len(k) <= 255 && strings.IndexFunc(k, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){}[]%*"\`, r)
	}) < 0
}

// act does one thing to messages and says so, one line or object each.
func (a *app) act(ctx context.Context, args []string, done string, do func(context.Context, *store.Store, []store.MessageID) error) error {
	s, ids, err := a.messageIDs(ctx, args)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	if err := do(ctx, s, ids); err != nil {
		return err
	}
	if !a.json {
		what := "messages"
		if len(ids) == 1 {
			what = "message"
		}
		a.talk("%s %d %s", done, len(ids), what)
		return nil
	}
	for _, id := range ids {
		if to, err := s.MovedTo(ctx, id); err == nil && to != 0 {
			id = to
		}
		row, err := s.Row(ctx, id)
		if err != nil { // deleted for good: there is no row any more
			if err := a.emit(map[string]any{"id": id, "done": done}); err != nil {
				return err
			}
			continue
		}
		if err := a.emit(newMessageJSON(row)); err != nil {
			return fmt.Errorf("message %d: %w", id, err)
		}
	}
	return nil
}
