package submit

import (
	"fmt"
	"strings"
)

// Reports of delivery (RFC 3461) are asked for only where the server offers DSN:
// without it the message goes all the same, and only no report will come.

// wantsReports tells whether this transaction may ask for reports.
func (t *transaction) wantsReports(s *Session) bool { return t.env.DSN != "" && s.ext.has("DSN") }

// mailReports are MAIL's parameters (RFC 3461 4.3, 4.4): headers are enough of the
// message in a report, and ENVID brings the report home.
func (t *transaction) mailReports(s *Session) string {
	if !t.wantsReports(s) || t.env.DSN == "NEVER" {
		return ""
	}
	p := " RET=HDRS"
	if t.env.EnvID != "" {
		p += " ENVID=" + xtext(t.env.EnvID)
	}
	return p
}

// rcptReports are RCPT's parameters (RFC 3461 4.1, 4.2). An address beyond ASCII
// goes without ORCPT: its form for that is RFC 6533's, which few servers read.
func (t *transaction) rcptReports(s *Session, r *recipient) string {
	if !t.wantsReports(s) {
		return ""
	}
	p := " NOTIFY=" + t.env.DSN
	if t.env.DSN != "NEVER" && !r.path.utf8 {
		p += " ORCPT=rfc822;" + xtext(r.path.text)
	}
	return p
}

// xtext encodes a parameter's value (RFC 3461 4).
func xtext(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < '!' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
