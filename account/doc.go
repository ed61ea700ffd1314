// Package account holds what is known of a person's mail accounts: their
// configuration, identities and secrets, and the words for their status and
// trouble. It speaks no protocol and stores no mail.
package account
