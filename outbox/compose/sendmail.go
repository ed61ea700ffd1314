package compose

import (
	"bytes"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/store/message"
)

// defaultMaxBytes bounds a piped message where the caller gives no bound.
const defaultMaxBytes = 64 << 20

// SendmailOptions are the options of the sendmail command.
type SendmailOptions struct {
	Recipients     []string          // arguments: addresses or local names; with ReadRecipients they are added
	ReadRecipients bool              // -t: recipients from To, Cc, Bcc (Resent-… when there are any)
	IgnoreDots     bool              // -i: a lone dot does not end the message
	From           string            // -f: envelope sender; "<>" is the null reverse-path, "" is not given, nor is a name without @
	FullName       string            // -F: name for a From that has to be made
	Aliases        map[string]string // local name → addresses or further names; "*" catches the rest
	Identity       mail.Address      // author and envelope sender where the message and -f say nothing
	// Own finds the identity that an address is, when it is one of the person's own:
	// a header From that is, is also the envelope sender. nil: none is.
	Own      func(addr string) (mail.Address, bool)
	Now      time.Time // for a missing Date
	MaxBytes int64     // 0: 64 MiB
}

// Sendmail reads a whole message and makes it ready to send. Lines end in LF or
// CRLF; a lone dot ends the message unless IgnoreDots; a leading mbox "From " line
// is dropped; what does not begin with a header field is all body.
//
// Every octet is kept as written, but for this:
//
//   - line ends become CRLF, a bare CR in the body too; in the header it becomes a space;
//   - Date, Message-ID and From are added where missing;
//   - Bcc and Resent-Bcc are left out of Wire, not of Copy;
//   - a local name without a domain in an address field becomes what it stands for:
//     in From and Sender the Identity (with the name given), elsewhere its alias,
//     where there is one, and the members of a group then stand without it; a From without
//     any address becomes the Identity, too;
//   - header fields with 8-bit text or over-long lines become encoded words, RFC 2231
//     parameters and folded lines;
//   - bodies that are 8-bit without saying so, or not as they say, or have NUL or lines
//     over 998 octets, are encoded leaf by leaf: text in quoted-printable or base64, with
//     a charset where it declares none, the rest in base64. The content of multipart/signed stays as it is, 8-bit if
//     need be; when it cannot travel at all the message is refused, for an invalid
//     signature at the other end is worse than a message here.
//
// Errors are *account.Trouble: KindUsage without any recipient argument or
// ReadRecipients; KindData for a bad address, a local name without an alias, an
// alias that leads back to itself, no recipient in the header, too many octets;
// KindIO when reading fails.
func Sendmail(r io.Reader, o SendmailOptions) (*Finished, error) {
	if len(o.Recipients) == 0 && !o.ReadRecipients {
		return nil, &account.Trouble{Kind: account.KindUsage, What: "sendmail needs recipients, or -t to read them from the message"}
	}
	raw, err := readAll(r, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	in := &intake{o: o}
	in.read(raw)
	if in.odd {
		return nil, badData("a header field of the message holds NUL, or CR that ends no line")
	}
	if err := in.givenSender(); err != nil {
		return nil, err
	}
	if err := in.envelope(); err != nil {
		return nil, err
	}
	if err := in.complete(); err != nil {
		return nil, err
	}
	return in.finish()
}

// readAll reads the message, bounded.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, &account.Trouble{Kind: account.KindIO, What: fmt.Sprintf("cannot read the message: %v", err), Err: err}
	}
	if int64(len(raw)) > limit {
		return nil, &account.Trouble{Kind: account.KindData, What: fmt.Sprintf("the message is larger than %d octets", limit),
			Kept: "Nothing was spooled", Hint: "max_message in the configuration allows more"}
	}
	return raw, nil
}

// intake is a piped message on its way to being finished.
type intake struct {
	o          SendmailOptions
	fields     []rawField // as written
	body       []byte     // CRLF
	recipients []string
	sender     string
	utf8       bool
	odd        bool // a field holds NUL, or CR that ends no line
}

// read splits the message into fields and body.
func (in *intake) read(raw []byte) {
	if !in.o.IgnoreDots {
		raw = untilDot(raw)
	}
	if bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		_, raw = nextLine(raw)
	}
	fields, body := splitEntity(raw)
	for i, f := range fields {
		clean := spaceBareCR(f.raw)
		in.odd = in.odd || bytes.IndexByte(f.raw, 0) >= 0 || !bytes.Equal(clean, f.raw)
		fields[i].raw = clean
	}
	in.fields = fields
	in.body = crlf(body)
	if len(in.body) > 0 && !bytes.HasSuffix(in.body, []byte("\r\n")) {
		in.body = append(bytes.Clone(in.body), '\r', '\n')
	}
}

// untilDot gives what stands before the first line that is a single dot.
func untilDot(b []byte) []byte {
	for at := 0; at < len(b); {
		line, _ := nextLine(b[at:])
		if string(bytes.TrimRight(line, "\r\n")) == "." {
			return b[:at]
		}
		at += len(line)
	}
	return b
}

// spaceBareCR makes a space of every CR that does not belong to a CRLF.
func spaceBareCR(b []byte) []byte {
	if hasOnlyCRLF(b) {
		return b
	}
	out := bytes.Clone(b)
	for i, c := range out {
		if c == '\r' && (i+1 >= len(out) || out[i+1] != '\n') {
			out[i] = ' '
		}
	}
	return out
}

// complete adds the fields that a message must have and gives local names in
// address fields a domain.
func (in *intake) complete() error {
	if err := in.qualify(); err != nil {
		return err
	}
	if from := valueOf(in.fields, "From"); !strings.Contains(from, "@") {
		name := in.o.FullName
		if from != "" { // no address, but perhaps a name
			name = cleanName(strings.ToValidUTF8(message.DecodeHeader(from), "\uFFFD"))
		}
		from := in.identity(name)
		if from.Addr == "" {
			return badData("the message has no From, and no account gives one")
		}
		if err := checkValue("-F", from.Name); err != nil {
			return err
		}
		in.fields = setField(in.fields, addressesField("From", []message.Address{from}))
	}
	if valueOf(in.fields, "Date") == "" {
		in.fields = setField(in.fields, newField("Date", in.o.Now.Format(dateLayout)))
	}
	if valueOf(in.fields, "Message-ID") == "" {
		in.fields = setField(in.fields, newField("Message-ID", NewMessageID(in.from().Addr)))
	}
	return nil
}

// identity is who writes when the message does not say: the address of -f, else
// self, in the form of the wire, with the given name or the identity's own.
func (in *intake) identity(name string) message.Address {
	who := in.self()
	if strings.Contains(in.o.From, "@") && !strings.EqualFold(in.o.From, who.Address) {
		who = mail.Address{Address: in.o.From}
	}
	wire, err := canonical(who.Address)
	if err != nil {
		return message.Address{}
	}
	if name == "" {
		name = who.Name
	}
	return message.Address{Name: name, Addr: wire}
}

// self is the identity in whose name the message goes: that of -f, of whoever resends
// it or of the header's author, where it is one of the person's own, else the default.
func (in *intake) self() mail.Address {
	if in.o.Own != nil {
		for _, addr := range []string{in.o.From, in.author("Resent-From").Addr, in.from().Addr} {
			if id, ok := in.o.Own(addr); ok {
				return id
			}
		}
	}
	return in.o.Identity
}

// qualify rewrites address fields that hold local names.
func (in *intake) qualify() error {
	for i, f := range in.fields {
		if !isAddressField(f.name) {
			continue
		}
		text, ok := guessUTF8(f.value())
		if !ok {
			continue
		}
		p := &addressParser{s: text, bare: true, groups: true, field: true}
		list, err := p.list()
		if err != nil || !slices.ContainsFunc(list, func(a message.Address) bool { return !strings.Contains(a.Addr, "@") }) {
			continue
		}
		again, changed := in.qualified(strings.ToLower(f.name), list)
		if changed {
			in.fields[i] = addressesField(f.name, again)
		}
	}
	return nil
}

// qualified gives a list of addresses with local names replaced.
func (in *intake) qualified(field string, list []message.Address) (out []message.Address, changed bool) {
	author := strings.HasSuffix(field, "from") || strings.HasSuffix(field, "sender")
	for _, a := range list {
		a.Name = decodeName(a.Name)
		if strings.Contains(a.Addr, "@") {
			out = append(out, a)
			continue
		}
		if author {
			if id := in.identity(a.Name); id.Addr != "" {
				out, changed = append(out, id), true
				continue
			}
		}
		found, err := in.expand(a)
		if err != nil {
			out = append(out, a)
			continue
		}
		if len(found) == 1 && a.Name != "" {
			found[0].Name = a.Name
		}
		out, changed = append(out, found...), true
	}
	return out, changed
}

// from is the author that the header names.
func (in *intake) from() message.Address { return in.author("From") }

// author is the first address of a field.
func (in *intake) author(field string) message.Address {
	text, ok := guessUTF8(valueOf(in.fields, field))
	if !ok {
		text = strings.ToValidUTF8(valueOf(in.fields, field), "\uFFFD")
	}
	p := &addressParser{s: text}
	list, err := p.list()
	if err != nil || len(list) == 0 {
		list = message.ParseAddressList(text)
	}
	if len(list) == 0 {
		return message.Address{}
	}
	return message.Address{Name: decodeName(list[0].Name), Addr: list[0].Addr}
}

// finish encodes what cannot travel and makes the two forms of the message.
func (in *intake) finish() (*Finished, error) {
	r := recoder{declared: true}
	fields, body := r.message(in.fields, in.body, 0)
	if r.stuck {
		return nil, badData("the message has signed or oddly encoded content that mail cannot carry: a line over %d octets, or NUL", maxLine)
	}
	f := &Finished{
		From: in.from(), Sender: in.sender, Recipients: in.recipients,
		MessageID: messageIDOf(fields), Subject: subjectOf(fields), Date: in.o.Now,
		UTF8: in.utf8 || r.utf8,
	}
	if date, err := mail.ParseDate(valueOf(fields, "Date")); err == nil {
		f.Date = date
	}
	public := slices.DeleteFunc(slices.Clone(fields), func(f rawField) bool { return f.is("Bcc") || f.is("Resent-Bcc") })
	f.Wire = append(renderFields(public), body...)
	f.Copy = f.Wire
	if len(public) != len(fields) {
		f.Copy = append(renderFields(fields), body...)
	}
	return f, nil
}

// messageIDOf gives the message's id, or "" when the one it has is none.
func messageIDOf(fields []rawField) string {
	id := strings.TrimSpace(valueOf(fields, "Message-ID"))
	if isMessageID(id) {
		return id
	}
	return ""
}

func subjectOf(fields []rawField) string {
	return strings.TrimSpace(message.DecodeHeader(valueOf(fields, "Subject")))
}
