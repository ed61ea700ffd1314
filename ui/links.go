package ui

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/idna"

	"mua/account"
	"mua/outbox/compose"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/viewer"
)

// maxLinks is how many links of a message are offered.
const maxLinks = 200

// link is an address to open, with the words it stands behind.
type link struct{ url, words string }

// chooseLink offers the links of a message; which domain each leads to comes first.
func (u *App) chooseLink(r row) {
	st := u.o.Store
	u.modal(&u.drafting, func(ctx context.Context) func() {
		c, err := readContent(ctx, st, r.ID)
		if err != nil {
			return func() { u.oops("message", err) }
		}
		list := findLinks(c)
		return func() { u.offerLinks(list) }
	})
}

func (u *App) offerLinks(list []link) {
	if len(list) == 0 {
		u.remark("There is no link in this message")
		return
	}
	var options []option
	for _, l := range list {
		domain := linkDomain(l.url)
		words := l.url
		if l.words != "" && l.words != l.url {
			words = l.words + "  " + l.url
		}
		options = append(options, option{
			words: text("%s  ·  %s", domain, words), match: strings.ToLower(l.url + " " + l.words),
			do: func() { u.openLink(l.url) },
		})
	}
	u.pick("Open a link", options)
}

// findLinks collects the links of the text and of the HTML, each once, in order.
func findLinks(c content) []link {
	var out []link
	add := func(u, words string) {
		u = strings.TrimSpace(u)
		if len(out) < maxLinks && allowedScheme(u) && !slices.ContainsFunc(out, func(l link) bool { return l.url == u }) {
			out = append(out, link{u, strings.Join(strings.Fields(words), " ")})
		}
	}
	for _, l := range htmlLinks(c.msg.HTML()) {
		add(l.url, l.words)
	}
	for line := range strings.Lines(c.text.String()) {
		for _, s := range cells.FindLinks(line) {
			add(line[s.From:s.To], "")
		}
	}
	return out
}

// htmlLinks reads the targets of <a href>, with the words inside.
func htmlLinks(src string) []link {
	var out []link
	z := html.NewTokenizer(strings.NewReader(src))
	z.SetMaxBuf(1 << 20)
	href, words := "", ""
	for len(out) < maxLinks {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.TextToken:
			if href != "" && len(words) < 200 {
				words += string(z.Text())
			}
		case html.StartTagToken:
			name, more := z.TagName()
			for string(name) == "a" && more {
				var k, v []byte
				k, v, more = z.TagAttr()
				if string(k) == "href" {
					href, words = string(v), ""
				}
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "a" && href != "" {
				out = append(out, link{href, words})
				href = ""
			}
		}
	}
	return out
}

// allowedScheme reports whether a link may be opened: http, https and mailto.
func allowedScheme(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto":
		return true
	}
	return false
}

// linkDomain is where a link leads: the host as it is asked for, in ASCII, so
// that letters that look alike are told apart.
func linkDomain(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "?"
	}
	if strings.EqualFold(u.Scheme, "mailto") {
		return "mail to"
	}
	host := u.Hostname()
	if a, err := idna.Lookup.ToASCII(host); err == nil {
		host = a
	}
	return message.CleanLine(host).String()
}

// openLink hands a link to the desktop, without a shell; a mail address opens the composer.
func (u *App) openLink(s string) {
	if strings.HasPrefix(strings.ToLower(s), "mailto:") {
		d, err := compose.Mailto(s)
		if err != nil {
			u.oops("link", err)
			return
		}
		u.compose(d, 0)
		return
	}
	if !allowedScheme(s) || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		u.oops("link", &account.Trouble{Kind: account.KindData, What: "this link is not opened: only http, https and mailto are"})
		return
	}
	program := u.programs.Own
	if program == nil {
		program = u.programs.Desktop
	}
	if program == nil {
		u.oops("link", &account.Trouble{Kind: account.KindOther, What: "there is no desktop here to open the link", Hint: s})
		return
	}
	u.pump.Serial(func(context.Context) func() {
		err := u.detach("link", viewer.Command{Argv: append(slices.Clone(program), s)}, s, nil, func(error) {})
		return func() {
			if err != nil {
				u.oops("link", err)
				return
			}
			u.say("Opened %s", linkDomain(s))
		}
	})
}
