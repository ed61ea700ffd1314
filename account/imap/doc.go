// Package imap keeps an account's mailboxes in the store and on an IMAP server
// (RFC 3501, RFC 9051) in step: Session.Pull brings the server's news into the store,
// Session.Replay the person's wishes to the server.
//
// What it promises:
//
//   - Each batch is durable once stored, newest messages first; an interrupted pull goes on where
//     it stopped. SetSyncState records a mailbox's numbers only when everything below them is stored.
//     Its UIDVALIDITY alone is recorded before the first UID, with UIDNEXT 0: not complete.
//   - A mailbox whose numbers have not moved is not even selected. What has changed in one that was pulled before is
//     asked for right behind EXAMINE: new messages, changed flags, and what is gone, by QRESYNC or else by a search.
//   - ENVELOPE and BODYSTRUCTURE are never asked for: the store reads the messages.
//   - A message that the server or the decoder cannot deliver is isolated, named in
//     Pulled.Warnings and left out; the rest comes.
//   - A mailbox that suddenly lacks most of what it had is not mirrored until that is confirmed.
//   - No UID is used before UIDVALIDITY was compared in the session that uses it.
//   - A wish is settled in the store after the command that carried it out; when the
//     connection breaks before, it stays. An append asks for the Message-ID first, so that a message is
//     there once.
//   - The end of a context closes the connection at once; every wait is bounded by
//     account/wire's progress deadline, everything the server sends by it and by the guard.
//
// A Session is for one goroutine at a time. Errors are *account.Trouble.
package imap
