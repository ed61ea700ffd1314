package imap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

// mailboxes carries out the wishes for mailboxes that are possible now, in order. A refusal is recorded with the
// server's words and does not stop the rest.
func (r *replay) mailboxes() error {
	actions, err := r.s.st.PendingMailboxActions(r.ctx, r.s.id)
	if err != nil {
		return r.s.local(err)
	}
	for _, a := range actions {
		r.s.status(account.Replaying, account.CleanWords(a.Name), 0, 0, true)
		words, err := r.mailbox(a)
		if err != nil {
			return err
		}
		// The server has answered: that is recorded even if ctx has ended meanwhile.
		if err := r.s.st.FinishMailboxAction(context.WithoutCancel(r.ctx), a.ID, words); err != nil {
			return r.s.local(err)
		}
		if words == "" {
			r.done++
		} else {
			r.refused++
		}
	}
	if len(actions) > 0 {
		r.s.listed = false
	}
	return nil
}

// mailbox carries out one wish; words are the server's when it refuses.
func (r *replay) mailbox(a store.MailboxAction) (words string, err error) {
	if err := r.leave(a.Name); err != nil {
		return "", err
	}
	switch a.Kind {
	case store.MailboxCreate:
		err = r.createMailbox(a)
	case store.MailboxRename:
		err = r.renameMailbox(a)
	case store.MailboxDelete:
		words, err = r.deleteMailbox(a)
	case store.MailboxSubscribe:
		defer r.s.l.busy(0)()
		err = r.s.l.client.Subscribe(a.Name).Wait()
	case store.MailboxUnsubscribe:
		defer r.s.l.busy(0)()
		err = r.s.l.client.Unsubscribe(a.Name).Wait()
	default:
		return "unknown kind of wish: " + string(a.Kind), nil
	}
	no, refused := errors.AsType[*imap.Error](err)
	if !refused || !r.s.l.alive() || temporary(no) {
		return words, err
	}
	return refusal(no), nil
}

// leave makes sure that a mailbox about to be renamed or deleted is not the selected one.
func (r *replay) leave(name string) error {
	l := r.s.l
	if l.mailbox != name {
		return nil
	}
	_, err := l.examine("INBOX")
	return err
}

func (r *replay) createMailbox(a store.MailboxAction) error {
	defer r.s.l.busy(0)()
	err := r.s.l.client.Create(a.Name, nil).Wait()
	if e, ok := errors.AsType[*imap.Error](err); ok && e.Code == imap.ResponseCodeAlreadyExists {
		err = nil // by whomever
	}
	if err == nil {
		_ = r.s.l.client.Subscribe(a.Name).Wait() // for others; not needed
	}
	return err
}

// renameMailbox is RENAME. One that was begun before and not answered may be done.
func (r *replay) renameMailbox(a store.MailboxAction) error {
	done := r.s.l.busy(0)
	err := r.s.l.client.Rename(a.Name, a.Target, nil).Wait()
	done()
	if e, ok := errors.AsType[*imap.Error](err); ok && a.Tries > 0 && missing(e) && r.s.l.alive() {
		if _, there := r.messagesIn(a.Target); there == nil {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return r.resubscribe(a)
}

// resubscribe takes the subscriptions along to the new name: servers keep them by name (RFC 9051 6.3.6).
func (r *replay) resubscribe(a store.MailboxAction) error {
	mbs, err := r.s.st.Mailboxes(r.ctx, r.s.id)
	if err != nil {
		return r.s.local(err)
	}
	defer r.s.l.busy(0)()
	for _, m := range mbs {
		rest, under := strings.CutPrefix(m.Name, a.Target)
		if !m.Subscribed || m.Local || !under || rest != "" && (m.Separator == "" || !strings.HasPrefix(rest, m.Separator)) {
			continue
		}
		_ = r.s.l.client.Unsubscribe(a.Name + rest).Wait() // for others; not needed
		_ = r.s.l.client.Subscribe(m.Name).Wait()
	}
	return nil
}

// deleteMailbox is DELETE, but only of a mailbox without messages: what is in one may be here only as its header, and
// may have come since.
func (r *replay) deleteMailbox(a store.MailboxAction) (words string, err error) {
	n, err := r.messagesIn(a.Name)
	if e, ok := errors.AsType[*imap.Error](err); ok && missing(e) {
		return "", nil // gone already
	}
	if err != nil {
		return "", err
	}
	if n > 0 {
		return fmt.Sprintf("the server has %d messages in it that were not here", n), nil
	}
	defer r.s.l.busy(0)()
	err = r.s.l.client.Delete(a.Name).Wait()
	if e, ok := errors.AsType[*imap.Error](err); ok && missing(e) {
		err = nil
	}
	if err == nil {
		_ = r.s.l.client.Unsubscribe(a.Name).Wait() // or it stays in others' lists
	}
	return "", err
}

// messagesIn asks how many messages the server has in a mailbox.
func (r *replay) messagesIn(name string) (uint32, error) {
	defer r.s.l.busy(0)()
	st, err := r.s.l.client.Status(name, &imap.StatusOptions{NumMessages: true, UIDValidity: true}).Wait()
	if err != nil {
		return 0, err
	}
	if st.NumMessages == nil { // not to be taken for none
		return 0, &account.Trouble{Kind: account.KindTemporary, Account: r.s.acct.Name, Host: r.s.l.host,
			What: r.s.l.host + " does not tell how many messages are in " + account.CleanWords(name), Kept: "It stays as it is"}
	}
	return *st.NumMessages, nil
}
