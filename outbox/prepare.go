package outbox

import (
	"mua/account"
	"mua/store"
)

// Prepare fills in what an account's configuration decides about a message to
// be spooled: what becomes of it when it is uncertain (byDefault where the
// account does not say: ask for what a person writes, retry for a script's),
// the delivery reports asked for where nobody said, and where its Sent copy goes.
func Prepare(r *store.SpoolRequest, a *account.Account, byDefault store.Policy) {
	r.Policy = byDefault
	if a.Uncertain != "" {
		r.Policy = store.Policy(a.Uncertain)
	}
	if r.DSN == "" {
		r.DSN = a.DSN
	}
	r.SaveSent = !FilesSent(a)
	r.SentLocal = a.Incoming == nil || a.Incoming.Protocol != account.IMAP
}
