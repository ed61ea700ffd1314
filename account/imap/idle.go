package imap

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// Idle waits until the server tells of a change in the mailbox ("" is INBOX), the timeout ends, or
// wake is closed (nil: never); in all three cases the session can be used on. news means that a Pull
// of that mailbox is worth it; it is true at once when the mailbox has moved since the last pull.
// Every Options.Probe the server is asked whether it is still there, and has Options.Answer to say so: a
// connection that only looks alive is a Trouble within seconds. Without IDLE (RFC 2177) that question
// brings the news. Where the server offers NOTIFY (RFC 5465) the inbox is not watched alone: news in any mailbox end the
// wait. The end of ctx closes the connection.
func (s *Session) Idle(ctx context.Context, mailbox string, timeout time.Duration, wake <-chan struct{}) (news bool, err error) {
	defer s.during(ctx)()
	if mailbox == "" {
		mailbox = "INBOX"
	}
	mb, err := s.st.FindOnServer(ctx, s.id, mailbox)
	if err != nil {
		return false, s.local(err)
	}
	if err := s.notify(ctx, mb); err != nil {
		return false, s.trouble(ctx, err)
	}
	sel, err := s.l.examine(mb.Name)
	if err != nil {
		return false, s.trouble(ctx, err)
	}
	if moved(mb.Sync, sel) || s.elsewhere(ctx) {
		return true, nil
	}
	defer s.l.prompt(s.o.Answer)() // not for EXAMINE, which may be work for the server
	round := s.idle
	if !s.l.caps.Has(imap.CapIdle) {
		round = s.poll
	}
	end := time.Now().Add(timeout)
	for over := false; !over && !news; {
		left := time.Until(end)
		news, over, err = round(ctx, min(left, s.o.Probe), wake)
		if err != nil {
			return news, s.trouble(ctx, err)
		}
		over = over || left <= s.o.Probe
	}
	return news, nil
}

// prompt makes answers due within d, until the returned function is called.
func (l *link) prompt(d time.Duration) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.span
	l.span = min(d, before)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.span = before
	}
}

// moved tells whether SELECT's numbers differ from those of the last pull.
func moved(have store.SyncState, sel *imap.SelectData) bool {
	return have.UIDValidity != sel.UIDValidity || have.Messages != sel.NumMessages || have.HighestModSeq != sel.HighestModSeq ||
		sel.UIDNext != 0 && have.UIDNext != uint32(sel.UIDNext)
}

// idle is one IDLE; over says that wake or ctx ended it.
func (s *Session) idle(ctx context.Context, timeout time.Duration, wake <-chan struct{}) (news, over bool, err error) {
	begun := s.l.busy(0)
	cmd, err := s.l.client.Idle()
	begun() // the silence that follows is no fault
	if err != nil {
		return false, true, err
	}
	news, over = s.await(ctx, timeout, wake)
	defer s.l.busy(0)()
	if err := cmd.Close(); err != nil {
		return news, true, err
	}
	if err := cmd.Wait(); err != nil {
		return news, true, err
	}
	return news, over, ctx.Err()
}

// await waits for news, the timeout, wake, or the end of ctx or the connection; over: one of the last three.
func (s *Session) await(ctx context.Context, timeout time.Duration, wake <-chan struct{}) (news, over bool) {
	t := time.NewTimer(timeout)
	defer t.Stop()
	for {
		select {
		case <-s.l.news:
			return true, true
		case <-s.l.others:
			if s.elsewhere(ctx) {
				return true, true
			}
			continue
		case <-t.C:
			return false, false
		case <-wake:
		case <-ctx.Done():
		case <-s.l.client.Closed():
		}
		return false, true
	}
}

// poll waits and lets NOOP bring the news.
func (s *Session) poll(ctx context.Context, timeout time.Duration, wake <-chan struct{}) (news, over bool, err error) {
	if news, over = s.await(ctx, timeout, wake); news {
		return true, true, nil
	}
	if err := ctx.Err(); err != nil {
		return false, true, err
	}
	defer s.l.busy(0)()
	if err := s.l.client.Noop().Wait(); err != nil {
		return false, true, err
	}
	select {
	case <-s.l.news:
		return true, true, nil
	default:
		return false, over, nil
	}
}

// FindSent counts the messages with this Message-ID in the server's mailbox for sent mail: 0 when
// there is no such mailbox. It proves nothing where servers rewrite Message-IDs.
func (s *Session) FindSent(ctx context.Context, messageID string) (hits int, err error) {
	defer s.during(ctx)()
	mb, err := s.st.RoleMailbox(ctx, s.id, store.RoleSent, false)
	if errors.Is(err, store.ErrNotFound) || err == nil && mb.Local {
		if _, _, err := s.refreshList(ctx); err != nil { // it may only be unknown yet
			return 0, err
		}
		mb, err = s.st.RoleMailbox(ctx, s.id, store.RoleSent, false)
		if errors.Is(err, store.ErrNotFound) || err == nil && mb.Local {
			return 0, nil
		}
	}
	if err == nil {
		mb, err = s.st.OnServer(ctx, s.id, mb.ID)
	}
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil // still to be made
	}
	if err != nil {
		return 0, s.local(err)
	}
	if _, err := s.l.examine(mb.Name); err != nil {
		return 0, s.trouble(ctx, err)
	}
	found, err := s.l.byMessageID(messageID)
	if err != nil {
		return 0, s.trouble(ctx, err)
	}
	return int(min(found.count(), 1000)), nil
}

// byMessageID searches the selected mailbox for a Message-ID.
func (l *link) byMessageID(id string) (ranges, error) {
	id = strings.TrimSpace(id)
	if id == "" || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		return nil, nil // nothing that a search could name
	}
	set, err := l.search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}})
	if err != nil {
		return nil, err
	}
	return rangesOf(set), nil
}
