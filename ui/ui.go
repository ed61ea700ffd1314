// Package ui is the terminal: views over what the store says, keys, commands.
//
// The rules everything here keeps:
//
//   - Key and mouse handlers touch what is shown and start tasks, nothing else.
//     They never wait: reading the store, parsing, files and programs are tasks
//     (ui/pump) whose results come back to the event loop.
//   - One goroutine, the pump's, alone calls QueueUpdateDraw (in run.go; a test
//     bans it elsewhere). It hands over all results that are ready in one go and
//     drops those that are out of date or late. No lock is held while posting.
//   - Everything in App and below it is touched on the event loop only. Tasks
//     are given copies.
//   - What strangers wrote reaches the screen as message.Text through ui/cells,
//     which knows no markup; tview's tag-interpreting drawing is not used for it.
//   - The network is never asked because something is shown. Wishes go into the
//     store; the agent is only told to look.
package ui

import (
	"context"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
)

// Agent keeps the accounts in step with their servers. All methods return at once.
type Agent interface {
	// Sync asks for a whole pass of an account ("": all) now.
	Sync(account string)
	// Flush asks for what is due in the outbox of an account ("": all) to be sent now.
	Flush(account string)
	// Status tells how each account stands.
	Status() []account.Status
	// Watch returns a channel that gets a value soon after Status has changed; cancel ends it.
	Watch() (changed <-chan struct{}, cancel func())
}

// News is what happened before the UI was opened, and stays of concern.
type News struct {
	Err  error  // nil: nothing; it can always be read over the conflicts
	Read bool   // it was acknowledged in an earlier run; else it is shown, before all other errors, until it is
	Seen func() // called, beside the loop, when it is acknowledged; nil: nobody asks
}

// Options of Run.
type Options struct {
	Config  *account.Config
	Store   *store.Store
	Agent   Agent            // nil: nothing is sent or received while the UI runs
	Now     func() time.Time // nil: time.Now
	Screen  tcell.Screen     // nil: the terminal
	NoColor bool             // attributes only; $NO_COLOR is honoured anyway
	Demo    bool             // says so in the top line
	Compose *compose.Draft   // opens in the composer
	News    News             // what happened before the UI was opened
	// Leaving is told, on the loop, which messages are sent before the UI ends; nil: nobody asks. When the person stays
	// after all and leaves later, it is told again.
	Leaving func(ids []store.OutboxID)
}

// Run shows the terminal UI until the person leaves it or ctx ends.
func Run(ctx context.Context, o Options) error {
	u, err := newApp(ctx, o)
	if err != nil {
		return err
	}
	return u.run(ctx)
}
