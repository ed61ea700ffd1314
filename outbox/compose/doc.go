// Package compose makes finished messages: from a draft, from a reply or a
// forward, from a mailto URL, or from what a program pipes into sendmail.
//
// Contract:
//
//   - A [Finished] message can be sent as it is. Wire has CRLF line ends only, no
//     line over 998 octets, no Bcc and no bare CR, LF or NUL. It is ASCII, with
//     two exceptions: UTF-8 addresses when UTF8 is set (RFC 6531), and content
//     that a sendmail caller has signed (RFC 1847), which nobody may re-encode;
//     whoever submits it then declares BODY=8BITMIME when the server offers it.
//   - Copy is Wire with Bcc, for the Sent mailbox.
//   - Recipients and Sender are strict RFC 5321 mailboxes (RFC 6531 with UTF8),
//     domains in ASCII, no duplicates. What does not fit is refused as
//     account.KindData, naming the field and pointing at the place; nothing is
//     repaired by guessing.
//   - Attachments arrive byte for byte. An attached message is never put in base64
//     or quoted-printable (RFC 2046 5.2.1): what is not 7-bit in it is re-encoded
//     leaf by leaf, and where that would break a signature it travels as an opaque
//     .eml file instead.
//   - [Sendmail] keeps the caller's bytes, and [Resend] a message's, but for what
//     their comments list.
//   - Quoted text is cleaned of control characters (message.Clean).
//
// Nothing here touches the network, the store or the clock; only [ReadFile] reads
// files, and [Draft.Save] the clock when the draft has no date.
package compose
