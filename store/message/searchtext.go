package message

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSearchText bounds the text of one message that a search reads, in octets.
const maxSearchText = 8 << 20

// SearchText is what a search for words reads: what a reader sees (Text), then what else is text: attached
// texts, attached messages, and of alternatives not shown the lines with a word that is nowhere before.
func (m *Message) SearchText() string {
	if m.Root == nil {
		return ""
	}
	r := renderer{limit: maxSearchText}
	r.part(m.Root, nil)
	if r.out.Len() == 0 {
		r.attachedTexts(m.Root)
	}
	if len(r.shown) == 1 && r.shown[0] == m.Root {
		return r.out.String()
	}
	x := extra{renderer: &r}
	m.Root.walk(func(p *Part) {
		if p.Message != nil && p.Disposition == "attachment" {
			for _, name := range [...]string{"From", "To", "Cc", "Subject"} {
				x.add(p.Message.Get(name))
			}
		}
		if !p.IsMultipart() && p.Message == nil && !slices.Contains(r.shown, p) {
			x.leaf(p)
		}
	})
	return r.out.String()
}

// leaf adds the text of a part that is not shown.
func (x *extra) leaf(p *Part) {
	switch {
	case !p.Attachment && isHTML(p.Type):
		x.addNew(p.Text())
	case strings.HasPrefix(p.Type, "text/") || isShownText(p.Type):
		x.add(p.Text())
	case isTextFile(p) && bytes.IndexByte(p.Data(), 0) < 0:
		x.add(newlines(p.decoded(x.limit)))
	}
}

// isTextFile reports attachments that are text although their type does not begin with text/.
func isTextFile(p *Part) bool {
	switch p.Type {
	case "application/json", "application/xml", "application/x-sh", "application/sql", "application/javascript", "application/yaml", "application/toml":
		return true
	case "application/octet-stream":
		switch strings.ToLower(path.Ext(p.Name)) {
		case ".txt", ".md", ".csv", ".tsv", ".log", ".json", ".xml", ".yaml", ".yml", ".toml", ".ini", ".conf", ".tex", ".org", ".patch", ".diff", ".sql", ".sh", ".go", ".py", ".c", ".h":
			return true
		}
	}
	return strings.HasSuffix(p.Type, "+xml") && !strings.HasPrefix(p.Type, "image/") || strings.HasSuffix(p.Type, "+json")
}

// extra adds to a text what is not in it yet.
type extra struct {
	*renderer
	seen map[string]struct{} // words of what is there; nil: not yet looked at
}

func (x *extra) add(text string) {
	if room := x.limit - x.out.Len(); len(text) > room {
		text = strings.ToValidUTF8(text[:max(room, 0)], "")
	}
	if text != "" {
		x.out.WriteString("\n\n" + text)
	}
}

// addNew adds the lines with a new word.
func (x *extra) addNew(text string) {
	if text == "" || x.full() || sameWords(text, x.out.String()) {
		return
	}
	if x.seen == nil {
		x.seen = map[string]struct{}{}
		x.isNew(x.out.String())
	}
	apart := true
	for line := range strings.Lines(text) {
		if x.out.Len()+len(line) > x.limit {
			return
		}
		if !x.isNew(line) {
			apart = true
			continue
		}
		if apart {
			x.out.WriteString("\n\n")
		}
		x.out.WriteString(line)
		apart = false
	}
}

// isNew reports whether a text has a word that was in none before, and notes all of them.
func (x *extra) isNew(text string) (is bool) {
	for w := range strings.FieldsFuncSeq(text, isBetween) {
		if _, there := x.seen[w]; !there {
			x.seen[w] = struct{}{}
			is = true
		}
	}
	return is
}

// sameWords reports that two texts have the same words in the same order, as most alternatives have.
func sameWords(a, b string) bool {
	for {
		var v, w string
		v, a = cutWord(a)
		w, b = cutWord(b)
		if v != w {
			return false
		}
		if v == "" {
			return true
		}
	}
}

// cutWord gives the first word, "" when there is none, and what follows it.
func cutWord(s string) (word, rest string) {
	from := strings.IndexFunc(s, isInWord)
	if from < 0 {
		return "", ""
	}
	s = s[from:]
	to := strings.IndexFunc(s, isBetween)
	if to < 0 {
		to = len(s)
	}
	return s[:to], s[to:]
}

func isInWord(r rune) bool { return !isBetween(r) }

// isBetween reports what is in no word.
func isBetween(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}
