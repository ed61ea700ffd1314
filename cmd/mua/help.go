package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"mua/store/query"
)

// strictCompletion makes a shell that is none exit 64.
func strictCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args = usageArgs(cobra.NoArgs)
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		c.Example = "  source <(mua completion bash)"
	}
}

// denials spells the -field:value of a query as NOT field:value where a query is
// taken, for as an option it means nothing.
func denials(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Parent() != root || !slices.Contains([]string{"list", "search", "export"}, cmd.Name()) {
		return args
	}
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		word, isDenied := strings.CutPrefix(arg, "-")
		field, _, isField := strings.Cut(word, ":")
		if isDenied && isField && slices.Contains(query.Fields(), strings.ToLower(field)) {
			out[i] = "NOT " + word
		}
	}
	return out
}
