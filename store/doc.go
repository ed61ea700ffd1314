// Package store is the database of mua: every SQL statement of the project is
// here, nobody else sees a table.
//
// What callers may rely on:
//
//   - A method that changes something returns nil only when the change is on
//     disk (WAL, synchronous=FULL). A commit that failed is in doubt; Spool,
//     Claim, DotPending and EndAttempt read again before they report.
//   - "database is locked" is never returned: writers queue, also between
//     processes, and a reader never waits for a writer. Only a writer that
//     finds the database busy for [busyLimit] gives up, with words.
//   - A [MessageID] names one copy in one mailbox. It survives moves and changes
//     of UIDVALIDITY and is never used again. Copies share their raw bytes.
//   - What the person sees of a copy (mailbox, flags) and what the server has
//     confirmed are kept apart. The difference is the wish, journaled in the
//     action table and kept minimal: see txn.settle.
//   - What is deleted, here or by a server, stays for 30 days as a tombstone.
//   - Times have millisecond precision. Texts of messages are stored as decoded
//     and are not cleaned for a terminal.
//
// The data folder must not be on a network file system: WAL needs shared memory.
package store
