package message

import (
	"bytes"
	"slices"
	"strings"
)

// Limits on what is kept of a delivery report.
const (
	maxReported   = 1000    // recipients of one report
	maxReportPart = 1 << 20 // octets that are read of its fields
	maxReportText = 1000    // octets of one value
)

// Report is a delivery status notification (RFC 3464, RFC 6533): what some mail
// server says has become of a message. Anyone can write one, so it is a claim and no
// proof. The texts are decoded, but not cleaned for a terminal.
type Report struct {
	EnvID      string // Original-Envelope-Id (RFC 3461 ENVID), xtext undone; "" when absent
	MessageID  string // of the message that the report returns, with <>; "" when it returns none
	Reporter   string // Reporting-MTA without its type; "" when absent
	Recipients []Reported
}

// Action is what has become of a message for one recipient (RFC 3464 2.3.3).
type Action string

// The actions. Delayed is no failure: the reporter still tries.
const (
	ActionFailed    Action = "failed"
	ActionDelayed   Action = "delayed"
	ActionDelivered Action = "delivered"
	ActionRelayed   Action = "relayed"  // to a system that reports nothing
	ActionExpanded  Action = "expanded" // to the several addresses it stands for
)

// Reported is what a report says of one recipient.
type Reported struct {
	Original   string // Original-Recipient, as the sender gave it; "" when absent
	Final      string // Final-Recipient, as the reporter had it; "" when absent
	Action     Action
	Status     string // RFC 3463, such as 5.1.1; "" when absent
	Diagnostic string // Diagnostic-Code without its type: the words of the server that would not take it
	Remote     string // Remote-MTA without its type: that server; "" when absent
}

// Report reads the message as a delivery report; nil when it is none, or says nothing
// of any recipient. It is one by its form alone, a part of type message/delivery-status
// in a multipart at the top: the text of a bounce, and the subject, are never guessed at.
func (m *Message) Report() *Report {
	whole := m.reportPart()
	if whole == nil {
		return nil
	}
	r := &Report{}
	for _, p := range whole.Children {
		switch {
		case isStatusType(p.Type): // one, but for gateways that declare the text for readers as such, too
			r.readStatus(p.Data())
		case r.MessageID == "":
			r.MessageID = returnedID(p)
		}
	}
	if len(r.Recipients) == 0 {
		return nil
	}
	return r
}

// reportPart is the multipart that has the report's parts, or nil: the message's own, or
// a multipart/report to which a relay has added a footer. Some gateways say
// multipart/mixed where they should say multipart/report.
func (m *Message) reportPart() *Part {
	if m.Root == nil || !m.Root.IsMultipart() {
		return nil
	}
	if m.Root.isReport() {
		return m.Root
	}
	if m.Root.Type != "multipart/mixed" {
		return nil
	}
	for _, p := range m.Root.Children {
		if p.Type == "multipart/report" && p.IsMultipart() && p.isReport() {
			return p
		}
	}
	return nil
}

// isReport reports whether a part with fields of delivery status is directly below. A report
// of another type (a read receipt, a complaint) is none whatever is in it.
func (p *Part) isReport() bool {
	if kind := p.Params["report-type"]; kind != "" && !isStatusType("message/"+strings.ToLower(kind)) {
		return false
	}
	return slices.ContainsFunc(p.Children, func(c *Part) bool { return isStatusType(c.Type) })
}

func isStatusType(t string) bool {
	return t == "message/delivery-status" || t == "message/global-delivery-status"
}

// returnedID is the Message-ID of the message a part of the report returns, whole or its header alone.
func returnedID(p *Part) string {
	switch {
	case p.Message != nil:
		return p.Message.MessageID
	case p.Type == "text/rfc822-headers" || p.Type == "text/rfc822-header" || p.Type == "message/global-headers" || isMessageType(p.Type):
		return ParseHeader(p.Data()).MessageID
	}
	return ""
}

// readStatus reads groups of fields, an empty line between them: the first is about the
// message, the others about a recipient each (RFC 3464 2.1). The empty lines are
// often missing, or too many: what a field is about is told by its name, and a recipient
// ends where a field of the next begins.
func (r *Report) readStatus(data []byte) {
	data = unixLines(data[:min(len(data), maxReportPart)])
	var to reportedFields
	for group := range bytes.SplitSeq(data, []byte("\n\n")) {
		fields := readFields(bytes.TrimLeft(group, "\n")).fields
		if to.complete() && slices.ContainsFunc(fields, namesRecipient) {
			r.add(&to)
		}
		for _, f := range fields {
			if r.messageField(f) {
				continue
			}
			if to.begins(f) {
				r.add(&to)
			}
			to.take(f)
		}
	}
	r.add(&to)
}

// unixLines gives text LF as line ends, whatever it had: CRLF, bare CR, CR CR LF.
func unixLines(data []byte) []byte {
	var out []byte
	for pos := 0; pos < len(data); {
		line, next := cutLine(data, pos)
		out = append(append(out, line...), '\n')
		pos = next
	}
	return bytes.ReplaceAll(out, []byte("\r"), []byte("\n"))
}

func namesRecipient(f rawField) bool {
	return strings.EqualFold(f.name, "Final-Recipient") || strings.EqualFold(f.name, "Original-Recipient")
}

// messageField takes a field about the message as a whole.
func (r *Report) messageField(f rawField) bool {
	switch {
	case strings.EqualFold(f.name, "Original-Envelope-Id"):
		if r.EnvID == "" {
			r.EnvID = UndoXText(reportText(f.value))
		}
	case strings.EqualFold(f.name, "Reporting-MTA"):
		if r.Reporter == "" {
			r.Reporter = typed(f.value)
		}
	default:
		return false
	}
	return true
}

// add ends a recipient's fields and keeps what they say, when they say enough.
func (r *Report) add(f *reportedFields) {
	to := f.reported()
	*f = reportedFields{}
	if to.Action != "" && (to.Original != "" || to.Final != "") && len(r.Recipients) < maxReported {
		r.Recipients = append(r.Recipients, to)
	}
}

// reportedFields are the fields of one recipient; "" is one that has not come.
type reportedFields struct{ original, final, action, status, diagnostic, remote string }

func (f *reportedFields) field(name string) *string {
	switch strings.ToLower(name) {
	case "original-recipient":
		return &f.original
	case "final-recipient":
		return &f.final
	case "action":
		return &f.action
	case "status":
		return &f.status
	case "diagnostic-code":
		return &f.diagnostic
	case "remote-mta":
		return &f.remote
	}
	return nil
}

func (f *reportedFields) take(x rawField) {
	if p := f.field(x.name); p != nil && *p == "" {
		*p = x.value
	}
}

// begins reports whether a field is the next recipient's.
func (f *reportedFields) begins(x rawField) bool {
	switch strings.ToLower(x.name) {
	case "final-recipient":
		return f.final != ""
	case "original-recipient": // comes first (RFC 3464 2.3); where it does not, it is the same address
		return f.original != "" || f.final != "" && f.action != "" && !SameAddr(reportedAddr(f.final), reportedAddr(x.value))
	}
	return false
}

// complete reports whether the recipient may end at an empty line: what says most is there.
func (f *reportedFields) complete() bool {
	return (f.final != "" || f.original != "") && (f.action != "" || f.status != "")
}

func (f *reportedFields) reported() Reported {
	r := Reported{
		Original: reportedAddr(f.original), Final: reportedAddr(f.final),
		Status: statusCode(f.status), Diagnostic: typed(f.diagnostic), Remote: typed(f.remote),
	}
	r.Action = actionOf(f.action, r.Status)
	return r
}

// actionOf reads Action. Without one, a status of class 5 (a permanent failure, RFC 3463 3.1)
// or 2 says as much; one of class 4 does not tell a delay from a failure. An unknown one is nothing.
func actionOf(value, status string) Action {
	word, _, _ := strings.Cut(trimBlank(value), " ")
	switch a := Action(strings.ToLower(strings.TrimRight(word, ";,."))); a {
	case ActionFailed, ActionDelayed, ActionDelivered, ActionRelayed, ActionExpanded:
		return a
	case "expired": // SendGrid's word for having given up
		return ActionFailed
	case "":
		switch {
		case strings.HasPrefix(status, "5."):
			return ActionFailed
		case strings.HasPrefix(status, "2."):
			return ActionDelivered
		}
	}
	return ""
}
