package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"mua/account"
	"mua/store"
)

const (
	maxMailboxes = 20_000
	statusAhead  = 32 // STATUS commands under way at once
)

// listed is one mailbox as LIST and STATUS tell of it.
type listed struct {
	store.RemoteMailbox
	attrs  []imap.MailboxAttr
	status *imap.StatusData // nil: unknown
}

// mailboxes lists the personal namespace with each mailbox's numbers.
func (s *Session) mailboxes() ([]listed, error) {
	l := s.l
	defer l.busy(0)()
	var ns *imapclient.NamespaceCommand
	if l.caps.Has(imap.CapNamespace) {
		ns = l.client.Namespace()
	}
	list, err := collectList(l.client.List("", "*", s.listOptions()))
	var foreign []string
	if ns != nil {
		if data, nsErr := ns.Wait(); nsErr == nil {
			foreign, s.prefix = prefixes(data), personal(data)
		}
	}
	if err != nil {
		return nil, err
	}
	kept := list[:0]
	for _, m := range list {
		if !under(m.Name, foreign) {
			kept = append(kept, m)
		}
	}
	assignRoles(kept)
	err = s.fillStatus(kept)
	s.l.forgetTold(kept)
	return kept, err
}

// listOptions asks for what the server can return with LIST.
func (s *Session) listOptions() *imap.ListOptions {
	caps := s.l.caps
	if !caps.Has(imap.CapListExtended) {
		return nil
	}
	o := &imap.ListOptions{ReturnSubscribed: true, ReturnSpecialUse: caps.Has(imap.CapSpecialUse)}
	if caps.Has(imap.CapListStatus) {
		o.ReturnStatus = s.statusOptions()
	}
	return o
}

func (s *Session) statusOptions() *imap.StatusOptions {
	return &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true, HighestModSeq: s.l.caps.Has(imap.CapCondStore)}
}

// collectList reads the answers to LIST, as many as make sense.
func collectList(cmd *imapclient.ListCommand) ([]listed, error) {
	var list []listed
	seen := map[string]bool{}
	for d := cmd.Next(); d != nil; d = cmd.Next() {
		if seen[d.Mailbox] || len(list) >= maxMailboxes {
			continue
		}
		seen[d.Mailbox] = true
		m := listed{attrs: d.Attrs, status: d.Status}
		m.Name = d.Mailbox
		if d.Delim != 0 {
			m.Separator = string(d.Delim)
		}
		for _, a := range d.Attrs {
			switch a {
			case imap.MailboxAttrNoSelect, imap.MailboxAttrNonExistent:
				m.NoSelect = true
			case imap.MailboxAttrSubscribed:
				m.Subscribed = true
			}
		}
		list = append(list, m)
	}
	return list, cmd.Close()
}

// prefixes are those of other people's and shared mailboxes.
func prefixes(d *imap.NamespaceData) []string {
	var out []string
	for _, list := range [][]imap.NamespaceDescriptor{d.Other, d.Shared} {
		for _, n := range list {
			if n.Prefix != "" {
				out = append(out, n.Prefix)
			}
		}
	}
	return out
}

// personal is what the names of all one's own mailboxes begin with; "": nothing, or it depends.
func personal(d *imap.NamespaceData) string {
	if len(d.Personal) != 1 {
		return ""
	}
	return d.Personal[0].Prefix
}

func under(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) || len(p) > 1 && name == p[:len(p)-1] {
			return true
		}
	}
	return false
}

// fillStatus asks for the numbers that LIST did not bring. A mailbox whose STATUS is refused stays
// without: it will be looked into, but for one that only has mailboxes under it. Dovecot lists that as if it were one.
func (s *Session) fillStatus(list []listed) error {
	type asked struct {
		at  int
		cmd *imapclient.StatusCommand
	}
	var queue []asked
	settle := func(a asked) error {
		data, err := a.cmd.Wait()
		if err == nil {
			list[a.at].status = data
		} else if !s.l.alive() {
			return err
		} else if e, ok := errors.AsType[*imap.Error](err); ok && missing(e) {
			list[a.at].NoSelect = hasUnder(list, list[a.at])
		}
		return nil
	}
	for i := range list {
		if list[i].status != nil || list[i].NoSelect {
			continue
		}
		if len(queue) == statusAhead {
			if err := settle(queue[0]); err != nil {
				return err
			}
			queue = queue[1:]
		}
		queue = append(queue, asked{i, s.l.client.Status(list[i].Name, s.statusOptions())})
	}
	for _, a := range queue {
		if err := settle(a); err != nil {
			return err
		}
	}
	return nil
}

func hasUnder(list []listed, m listed) bool {
	return m.Separator != "" && slices.ContainsFunc(list, func(x listed) bool { return strings.HasPrefix(x.Name, m.Name+m.Separator) })
}

// refreshList takes the server's mailboxes over into the store. It returns the account's mailboxes and
// what STATUS said by name.
func (s *Session) refreshList(ctx context.Context) ([]store.Mailbox, map[string]*imap.StatusData, error) {
	list, err := s.mailboxes()
	if err != nil {
		return nil, nil, s.trouble(ctx, err)
	}
	if len(list) == 0 {
		return nil, nil, &account.Trouble{Kind: account.KindTemporary, Account: s.acct.Name, Host: s.l.host,
			What: fmt.Sprintf("%s lists no mailboxes", s.l.host), Kept: "Everything here is kept"}
	}
	remote := make([]store.RemoteMailbox, len(list))
	status := make(map[string]*imap.StatusData, len(list))
	for i, m := range list {
		remote[i] = m.RemoteMailbox
		status[m.Name] = m.status
	}
	if err := s.followRenames(ctx, list); err != nil {
		return nil, nil, s.trouble(ctx, err)
	}
	mbs, err := s.st.SetMailboxes(ctx, s.id, remote)
	if err != nil {
		return nil, nil, s.local(err)
	}
	if err := s.st.SetPrefix(ctx, s.id, s.prefix); err != nil {
		return nil, nil, s.local(err)
	}
	s.listed = true
	return mbs, status, nil
}
