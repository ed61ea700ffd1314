package compose

import (
	"strings"

	"mua/store/message"
)

// Forward makes the draft of a forwarded message, without recipients. As an
// attachment raw goes along as it is, as message/rfc822. Otherwise its header in
// short and its text stand in the draft's text, cleaned of controls, and every
// part a reader could not show in that text is attached again.
func Forward(orig *message.Message, raw []byte, asAttachment bool) *Draft {
	d := &Draft{Subject: forwardSubject(orig.Subject)}
	if asAttachment {
		d.Attachments = []Attachment{{Name: forwardName(orig.Subject), Type: "message/rfc822", Data: raw}}
		return d
	}
	d.Text = forwardText(orig)
	d.Attachments = collectAttachments(orig.Root)
	return d
}

// forwardName names the attached message after its subject.
func forwardName(subject string) string {
	name := message.SafeName(cut(strings.TrimSpace(oneLine(subject)), 100))
	if subject == "" {
		name = "message"
	}
	return name + ".eml"
}

// forwardText is what stands in the draft for the original.
func forwardText(m *message.Message) string {
	var b strings.Builder
	b.WriteString("\n---------- Forwarded message ----------\n")
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	line("From", FormatAddresses(cleanAddresses(m.From)))
	if !m.Date.IsZero() {
		line("Date", m.Date.Format(dateLayout))
	}
	line("Subject", cleanName(m.Subject))
	line("To", FormatAddresses(cleanAddresses(m.To)))
	line("Cc", FormatAddresses(cleanAddresses(m.Cc)))
	b.WriteString("\n" + message.Clean(m.Text()).String())
	if !strings.HasSuffix(b.String(), "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

// collectAttachments gives every leaf that is not the text of the message; an
// attached message is one leaf.
func collectAttachments(root *message.Part) []Attachment {
	var out []Attachment
	walkLeaves(root, func(p *message.Part) {
		if p.Attachment || !isShownText(p) {
			out = append(out, attachmentOf(p))
		}
	})
	return out
}

// walkLeaves visits the leaves in order, without entering attached messages.
func walkLeaves(p *message.Part, visit func(*message.Part)) {
	switch {
	case p == nil:
	case p.IsMultipart():
		for _, c := range p.Children {
			walkLeaves(c, visit)
		}
	default:
		visit(p)
	}
}

// isShownText reports whether readers show the part as the message's own text.
func isShownText(p *message.Part) bool {
	return p.Disposition != "attachment" && p.Name == "" && (p.Type == "text/plain" || p.Type == "text/html")
}

// attachmentOf takes a part over as it is.
func attachmentOf(p *message.Part) Attachment {
	t := p.Type
	if cs := p.Params["charset"]; strings.HasPrefix(t, "text/") && isToken(cs) {
		t += "; charset=" + cs
	}
	return Attachment{Name: p.Name, Type: t, Data: p.Data()}
}
