package main

import "github.com/spf13/cobra"

// maker is what makes a command of the root, by its name: with all its flags and those below it.
type maker struct {
	name string
	make func(*app) *cobra.Command
}

func commands() []maker {
	return []maker{
		{"send", newSend}, {"reply", newReply}, {"forward", newForward}, {"resend", newResend}, {"sendmail", newSendmail},
		{"outbox", newOutbox}, {"sync", newSync}, {"service", newService},
		{"list", newList}, {"search", newSearch}, {"index", newIndex}, {"show", newShow}, {"mailboxes", newMailboxes}, {"mailbox", newMailbox},
		{"mark", newMark}, {"move", newMove}, {"copy", newCopy}, {"archive", newArchive}, {"delete", newDelete},
		{"recover", newRecover}, {"undo", newUndo}, {"redo", newRedo}, {"conflicts", newConflicts},
		{"import", newImport}, {"export", newExport}, {"address", newAddress}, {"account", newAccount}, {"login", newLogin},
		{"config", newConfig}, {"doctor", newDoctor}, {"backup", newBackup}, {"demo", newDemo}, {"version", newVersion}, {"man", newMan},
	}
}

// addCommands adds the command that a command line begins with, and no other: making them all takes a tenth of the time of
// a quick one. All are added, and --version, where it begins otherwise (a flag, help, completion, a word that may be a
// mistaken name), and for man, which writes a page about each.
func addCommands(root *cobra.Command, a *app, args []string) {
	all := commands()
	for _, c := range all {
		if len(args) > 0 && c.name == args[0] && c.name != "man" {
			root.AddCommand(c.make(a))
			root.CompletionOptions.DisableDefaultCmd = true
			return
		}
	}
	for _, c := range all {
		root.AddCommand(c.make(a))
	}
	strictCompletion(root)
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
}
