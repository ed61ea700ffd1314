package outbox

import (
	"fmt"
	"time"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

// Nobody says why nothing can send what an account has in the outbox as things are configured, and what would change
// that. Both are "" when it can be sent.
func Nobody(c *account.Config, name string) (why, repair string) {
	acct, ok := c.Account(name)
	switch {
	case !ok || acct.Name != name:
		return fmt.Sprintf("no account %q is configured", message.CleanLine(name)), "put it back"
	case acct.Outgoing == nil:
		return fmt.Sprintf("the account %q has no outgoing server", name), "give it one"
	}
	return "", ""
}

// Stranded reports whether an item is to be sent, and nobody can do that as things are configured.
func Stranded(c *account.Config, it store.Item) bool {
	if it.State != store.Queued {
		return false
	}
	why, _ := Nobody(c, it.AccountName)
	return why != ""
}

// DescribeUnder is [Describe], but for what no flush reaches as things are configured.
func DescribeUnder(c *account.Config, it store.Item, now time.Time) string {
	switch it.State {
	case store.Queued, store.Held, store.Sending, store.Uncertain:
	default: // done, or the person's turn: the configuration is not asked
		return Describe(it, now)
	}
	why, repair := Nobody(c, it.AccountName)
	other := command("edit", it)
	if len(it.InDoubt()) > 0 { // to be settled before it is written on
		other = command("resolve", it) + " --sent where it arrived"
	}
	switch {
	case why == "":
	case it.State == store.Queued:
		return fmt.Sprintf("nobody can send it: %s → %s, or %s", why, repair, other)
	case it.State == store.Held:
		return fmt.Sprintf("held, and once released nobody can send it: %s → %s, or %s", why, repair, other)
	case it.State == store.Sending:
		return fmt.Sprintf("being sent; should that have been broken off, nobody settles it: %s → %s", why, repair)
	case it.State == store.Uncertain:
		it.Waiting = WaitAnswer // no flush will settle it
	}
	return Describe(it, now)
}
