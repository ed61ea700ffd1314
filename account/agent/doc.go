// Package agent keeps each account in step with its servers. Its contract:
//
//   - It alone connects: whatever a person wishes is a row in the store, and
//     whatever the servers say becomes a row in the store.
//   - A pass over an account replays the wishes, flushes the outbox, replays
//     what acceptance released (the Sent copy, \Answered), then pulls. Each
//     step's trouble is its own: a dead IMAP server does not stop the outbox,
//     a refused message does not stop the pull.
//   - One process syncs an account and one flushes it at any time; the locks
//     are the store's, freed by the kernel when a process dies.
//   - A refused login is never tried again by itself (servers lock people out);
//     everything else is, with jittered back-off, and at once when asked, when
//     another network appears, or when the machine wakes from sleep.
//   - Nothing here waits for a person, and nothing a person does waits for it.
package agent
