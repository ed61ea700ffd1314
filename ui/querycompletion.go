package ui

import (
	"context"
	"slices"
	"strings"

	"mua/account"
	"mua/store/query"
)

// completeQuery completes the last word of a query: a field, or the value of one.
func (u *App) completeQuery(ctx context.Context, s string) []string {
	head, word := lastWord(s)
	if field := openField(head); field != "" {
		return prefixed(head, quoted(u.completeValue(ctx, field, strings.Trim(word, `"`))))
	}
	field, value, isField := strings.Cut(word, ":")
	if !isField {
		return prefixed(head, startingWith(fieldOffers(), word))
	}
	field = strings.ToLower(field)
	value = strings.Trim(value, `"`)
	return prefixed(head+field+":", quoted(u.completeValue(ctx, field, value)))
}

// lastWord splits a query before the word being typed, which may be an unfinished quotation.
func lastWord(s string) (head, word string) {
	at, open := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			open = !open
		case !open && strings.IndexByte(" (", s[i]) >= 0, !open && s[i] == '-' && i == at:
			at = i + 1
		}
	}
	return s[:at], s[at:]
}

// openField is the field whose parentheses are open at the end of a query, "" when there is none.
func openField(head string) string {
	open, at, quote := []string{""}, 0, false
	for i := range len(head) {
		switch c := head[i]; {
		case c == '"':
			quote = !quote
		case quote:
		case c == '(':
			field := open[len(open)-1]
			if name, ok := strings.CutSuffix(strings.ToLower(head[at:i]), ":"); ok && slices.Contains(query.Fields(), name) {
				field = name
			}
			open, at = append(open, field), i+1
		case c == ')' && len(open) > 1:
			open, at = open[:len(open)-1], i+1
		case c == ' ', c == '-' && i == at:
			at = i + 1
		}
	}
	return open[len(open)-1]
}

// fieldOffers are the fields, those that take few values with them.
func fieldOffers() []string {
	var out []string
	for _, f := range query.Fields() {
		switch f {
		case "is", "has":
			for _, v := range query.Values(f) {
				out = append(out, f+":"+v)
			}
		default:
			out = append(out, f+":")
		}
	}
	return out
}

// completeValue completes the value of a field.
func (u *App) completeValue(ctx context.Context, field, value string) []string {
	switch field {
	case "in":
		return u.completePlace(ctx, value)
	case "from", "to", "cc":
		if value == "" {
			return nil
		}
		list, err := u.o.Store.Contacts(ctx, value, 20)
		if err != nil {
			return nil
		}
		var out []string
		for _, c := range list {
			out = append(out, text("%s", c.Addr).String())
		}
		return out
	case "account":
		var out []string
		for _, a := range u.o.Config.Accounts {
			out = append(out, a.Name)
		}
		return startingWith(append(out, "local"), value)
	case "keyword":
		list, err := u.o.Store.Keywords(ctx)
		if err != nil {
			return nil
		}
		for i, k := range list {
			list[i] = text("%s", k).String()
		}
		return startingWith(list, value)
	}
	return startingWith(query.Values(field), value)
}

// completePlace completes a mailbox, a saved search or a role.
func (u *App) completePlace(ctx context.Context, s string) []string {
	return u.completeOpen(ctx, s, "inbox", "sent", "drafts", "trash", "junk", "archive", "any")
}

// completeOpen completes a mailbox or a saved search, or one of more.
func (u *App) completeOpen(ctx context.Context, s string, more ...string) []string {
	out := u.completeMailbox(ctx, s)
	var names []string
	for _, x := range u.o.Config.Searches {
		names = append(names, x.Name)
	}
	for _, n := range startingWith(append(names, more...), s) {
		if !slices.ContainsFunc(out, func(x string) bool { return strings.EqualFold(x, n) }) {
			out = append(out, n)
		}
	}
	return out
}

// startingWith leaves those that begin with what is typed, whatever the case.
func startingWith(list []string, typed string) []string {
	var out []string
	for _, s := range list {
		if len(s) >= len(typed) && strings.EqualFold(s[:len(typed)], typed) {
			out = append(out, s)
		}
	}
	return out
}

// quoted puts quotation marks where a query needs them.
func quoted(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		if out[i] = s; strings.ContainsAny(s, " ()") {
			out[i] = `"` + s + `"`
		}
	}
	return out
}

// inQuery is the query that names a mailbox or saved search.
func inQuery(name string) string { return "in:" + quoted([]string{name})[0] }

// savedOptions offer the saved searches among the mailboxes.
func (u *App) savedOptions() []option {
	var out []option
	for _, s := range u.o.Config.Searches {
		out = append(out, option{text("%s", s.Name), text("search"), strings.ToLower(s.Name + " search"), func() { u.openSaved(s) }})
	}
	return out
}

// openSaved shows what a saved search selects.
func (u *App) openSaved(s account.SavedSearch) {
	u.home()
	u.mail.search(inQuery(s.Name))
}

// findSaved finds a saved search by name.
func (u *App) findSaved(name string) (account.SavedSearch, bool) {
	i := slices.IndexFunc(u.o.Config.Searches, func(s account.SavedSearch) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return account.SavedSearch{}, false
	}
	return u.o.Config.Searches[i], true
}
