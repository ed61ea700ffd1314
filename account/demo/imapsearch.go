package demo

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Search implements imapserver.Session. Texts are compared with the octets as
// they are (bodies) and with the decoded fields (headers).
func (s *imapSession) Search(kind imapserver.NumKind, c *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	if err := s.refused("SEARCH"); err != nil {
		return nil, err
	}
	v := s.selected()
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	var data imap.SearchData
	var seqs imap.SeqSet
	var uids imap.UIDSet
	for i, m := range v.messages {
		seq := v.tracker.EncodeSeqNum(uint32(i) + 1)
		if seq == 0 || !v.match(seq, m, c) {
			continue
		}
		num := seq
		if kind == imapserver.NumKindUID {
			num = uint32(m.uid)
		}
		seqs.AddNum(seq)
		uids.AddNum(m.uid)
		if data.Min == 0 {
			data.Min = num
		}
		data.Max = num
		data.Count++
	}
	data.All = seqs
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	return &data, nil
}

func (v *view) match(seq uint32, m *message, c *imap.SearchCriteria) bool {
	for _, set := range c.SeqNum {
		if !contains(v.static(set), seq, m.uid) {
			return false
		}
	}
	for _, set := range c.UID {
		if !contains(v.static(set), seq, m.uid) {
			return false
		}
	}
	for _, f := range c.Flag {
		if !m.has(f) {
			return false
		}
	}
	for _, f := range c.NotFlag {
		if m.has(f) {
			return false
		}
	}
	size := int64(len(m.raw))
	if c.Larger != 0 && size <= c.Larger || c.Smaller != 0 && size >= c.Smaller ||
		!between(m.received, c.Since, c.Before) || !m.matchText(c) {
		return false
	}
	for i := range c.Not {
		if v.match(seq, m, &c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !v.match(seq, m, &c.Or[i][0]) && !v.match(seq, m, &c.Or[i][1]) {
			return false
		}
	}
	return true
}

// between compares days, disregarding time and zone (RFC 9051 6.4.4).
func between(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

func (m *message) matchText(c *imap.SearchCriteria) bool {
	if len(c.Header)+len(c.Text)+len(c.Body) == 0 && c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	head, text := split(m.raw)
	fields := headerFields(head)
	if !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
		sent, err := mail.ParseDate(strings.Join(fields["date"], ""))
		if err != nil || !between(sent, c.SentSince, c.SentBefore) {
			return false
		}
	}
	for _, h := range c.Header {
		found := false
		for _, value := range fields[strings.ToLower(h.Key)] {
			found = found || fold(value, h.Value)
		}
		if !found {
			return false
		}
	}
	for _, t := range c.Body {
		if !fold(string(text), t) {
			return false
		}
	}
	for _, t := range c.Text {
		if !fold(string(m.raw), t) {
			return false
		}
	}
	return true
}

func fold(s, sub string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(sub)) }

// headerFields are the unfolded, decoded fields by lower-case name.
func headerFields(head []byte) map[string][]string {
	fields := map[string][]string{}
	last := ""
	for line := range bytes.Lines(head) {
		text := strings.TrimRight(string(line), "\r\n")
		if name, value, ok := strings.Cut(text, ":"); ok && !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "\t") {
			last = strings.ToLower(strings.TrimSpace(name))
			fields[last] = append(fields[last], strings.TrimSpace(value))
		} else if n := len(fields[last]); n > 0 {
			fields[last][n-1] += " " + strings.TrimSpace(text)
		}
	}
	dec := mime.WordDecoder{}
	for _, values := range fields {
		for i, v := range values {
			if d, err := dec.DecodeHeader(v); err == nil {
				values[i] = d
			}
		}
	}
	return fields
}
