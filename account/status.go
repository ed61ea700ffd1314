package account

import "time"

// Phase is what an account's connection is doing.
type Phase string

// The phases, in the order they come.
const (
	Idle       Phase = "idle" // nothing under way
	Connecting Phase = "connecting"
	Replaying  Phase = "replaying" // local wishes → server
	Sending    Phase = "sending"   // outbox
	Pulling    Phase = "pulling"   // server → store
)

// Status is one account as the status line shows it.
type Status struct {
	Account  string
	Online   bool // the last attempt reached the server
	Phase    Phase
	Mailbox  string // being pulled; may be ""
	Done     int    // messages done of Total in this phase
	Total    int
	LastSync time.Time // end of the last pass that succeeded; zero: never
	NextTry  time.Time // zero: none planned
	Trouble  *Trouble  // last trouble, until the next success
	// Elsewhere says that another process keeps the account in step: what it brings is seen in the store.
	Elsewhere bool
	// HookTrouble is why on_new_mail failed last.
	HookTrouble *Trouble
}
