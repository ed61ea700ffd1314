// Package message turns the bytes of a message into what they mean.
//
// Contract:
//
//   - [Parse] and [ParseHeader] never fail and never panic. Whatever the bytes
//     are, the result is the best reading of them; what was wrong is told in
//     Defects, in words for a person.
//   - Everything is bounded: MIME depth 100, 1,000 parts, header 1 MiB. Time and
//     memory grow linearly with the input, also when it was made to hurt.
//   - The bytes given to Parse are kept by reference: parts that needed no
//     decoding are slices of them. Do not change them afterwards.
//   - Strings of a [Message] are valid UTF-8 but not cleaned. Only [Text] may
//     reach a terminal.
//   - Section ids of parts are those of IMAP (RFC 9051 section 6.4.5.1).
//   - A Message is not changed after Parse: it may be read by several goroutines.
//
// The package reads messages; building them is the work of outbox/compose.
package message
