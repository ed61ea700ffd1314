// Package outbox holds the rules of the spool: what is sent when, what an
// answer means, when an item is tried again, and what is done when nobody can
// know whether the server has it. Its rows and their SQL are in package store;
// one submission session is package outbox/submit.
//
// # The contract
//
// An item is frozen when it is spooled: its bytes, Message-ID, Date, sender and
// recipients never change, and every attempt sends the same bytes. An item is
//
//	queued → sending → (dot pending) → sent | partial | failed | queued | uncertain
//
// or held or cancelled by the person. Nothing is ever silently dropped and
// nothing is ever silently sent twice:
//
//   - Only the process that holds the account's flush lock claims items. The
//     kernel frees the lock when a process dies, so an item found sending by the
//     next holder has no owner and is settled by the phase it had reached.
//   - An attempt is one mail transaction (RFC 5321 3.3). It is claimed durably
//     before the connection is used, and that the final dot is about to be
//     written is committed before it is written.
//   - An attempt that ended before the dot was pending has delivered nothing:
//     the item is queued again.
//   - An attempt that ended after it without an answer is uncertain. Where the
//     server itself files what it accepts, exactly one hit for the Message-ID in
//     its Sent mailbox settles the item as sent; no hit proves nothing, and a hit
//     proves nothing either once an earlier transaction of the item was accepted.
//     Otherwise the item's policy decides: ask leaves it uncertain until the
//     person resolves it; retry (RFC 5321 3.8 treats a lost connection as 451)
//     queues it again, once, with the same bytes and Message-ID, and its story
//     says so; lost after the dot a second time, it waits for the person too.
//   - A spool in another file than the one it was sent from last, or behind its
//     mark in the state folder, is a copy or a restored one: nothing of it is sent
//     before the person confirms it.
//
// Outcomes are per recipient. 2xx is accepted, 4xx deferred, 5xx refused; only
// deferred and untried recipients are offered again. 452 or 552 after accepted
// recipients means too many for one transaction (RFC 5321 4.5.3.1.10): the rest
// goes in the next one at once. An item is sent when every recipient accepted,
// failed when every one is refused, partial when some are accepted and the rest
// refused; while any is deferred it is queued, and whoever is in doubt is left out of what is
// sent until that is resolved: to try the item again is not to send to them again.
//
// Whose trouble it is decides what is counted. No network, a failed TLS
// handshake, a refused login, a server that turns everybody away: these are the
// account's. They consume no attempt of any item, are said once, end the pass,
// and leave the items queued, waiting for the network or for the login. A login
// the server refused is not tried again by itself (no lock-outs): see
// [Flusher.Force] and [Flusher.Changed]. A connection that breaks on an item is
// the item's trouble, unless the connection had carried others before: then the
// item is offered once more on a fresh one. Later items go on over a fresh
// connection, so that one bad item stops nobody.
//
// A deferred item is tried again after 1, 5, 15 and 30 minutes, then every 2
// hours, each ±20 %. It is given up, visibly, at the first attempt that is
// deferred again 5 days after its first deferral; time in which no attempt
// reached the server does not count. Its text is then kept in Drafts, addressed to those who have
// not got it. (One that ends by the person's word alone, [store.Store.Resolve], keeps none: the
// person can take it back.)
//
// A pass has one session, reused for the whole queue, or several (Account.Sessions
// at most) when an item spends its time waiting for the server; an item's result and
// the next one's claim are one commit. A further session that the server does not
// want is done without.
//
// A delivery report (RFC 3464) that comes back by mail is joined to its item when it arrives
// (package store), by ENVID or Message-ID and a recipient. Anyone can write one, so it is told
// in the item's story as a claim and changes no state; delayed is no failure.
//
// When the context of a pass ends, nothing new is claimed and an item whose dot
// is not pending is broken off and queued again; a pending dot's answer is still
// awaited for [Flusher.Grace].
package outbox
