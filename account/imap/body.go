package imap

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
)

const (
	// piece is how much of a large message is asked for at once: the guard's limit for literals stays
	// small, and its progress is seen.
	piece = 4 << 20
	// maxWhole bounds a message that a person asks for in spite of max_message: it is read into memory
	// once to be parsed and stored.
	maxWhole = 512 << 20
)

// Unfetched says why a message could not be fetched, for the reader.
type Unfetched struct {
	Words string
	Later bool // a pull may change that: whoever wished for it is not told no
}

// Error is the words.
func (u *Unfetched) Error() string { return u.Words }

// FetchBodies fetches messages of which only the header is here, one after the other, whatever their
// size, and stores them. What cannot be had is in left, and does not stop the others; an error is the
// connection's or the store's.
func (s *Session) FetchBodies(ctx context.Context, list []store.RemoteBody) (fetched int, left map[store.MessageID]Unfetched, err error) {
	defer s.during(ctx)()
	left = map[store.MessageID]Unfetched{}
	names, err := s.namesThere(ctx)
	if err != nil {
		return 0, nil, s.local(err)
	}
	for i, b := range list {
		s.status(account.Pulling, b.MailboxName, i, len(list), true)
		raw, err := s.body(ctx, b, names[b.Mailbox])
		if why, ok := errors.AsType[*Unfetched](err); ok {
			if left[b.Message] = *why; why.Later {
				continue
			}
			if err := s.st.RefuseBody(ctx, b.Message, why.Words); err != nil {
				return fetched, left, s.local(err)
			}
			continue
		}
		if err != nil {
			return fetched, left, s.trouble(ctx, err)
		}
		if err := s.st.SetBodies(ctx, []store.Body{{Message: b.Message, Raw: raw, Opened: true}}); err != nil {
			return fetched, left, s.local(err)
		}
		fetched++
	}
	return fetched, left, nil
}

// namesThere are the names of the mailboxes on the server, which may not know yet of a rename.
func (s *Session) namesThere(ctx context.Context) (map[store.MailboxID]string, error) {
	there, err := s.st.MailboxesOnServer(ctx, s.id)
	names := make(map[store.MailboxID]string, len(there))
	for _, mb := range there {
		names[mb.ID] = mb.Name
	}
	return names, err
}

// body fetches one message whole.
func (s *Session) body(ctx context.Context, b store.RemoteBody, name string) ([]byte, error) {
	if b.Size > maxWhole {
		return nil, &Unfetched{Words: fmt.Sprintf("its %d MiB are more than can be read here (%d MiB)", b.Size>>20, maxWhole>>20)}
	}
	if err := s.stand(b, name); err != nil {
		return nil, err
	}
	raw, err := s.pieces(b)
	if err != nil && !s.l.alive() && s.l.poisoned() && ctx.Err() == nil {
		why := s.l.explain(err)
		if err := s.reconnect(ctx); err != nil {
			return nil, err
		}
		if t, ok := errors.AsType[*account.Trouble](why); ok {
			return nil, &Unfetched{Words: t.What}
		}
	}
	if refusal, ok := errors.AsType[*imap.Error](err); ok && s.l.alive() {
		return nil, &Unfetched{Words: "the server refuses: " + account.CleanWords(refusal.Text)}
	}
	return raw, err
}

// stand selects the message's mailbox by its name there, unless it is selected, and makes sure that its UID still means it.
func (s *Session) stand(b store.RemoteBody, name string) error {
	if s.l.mailbox != name || s.l.selected == nil {
		_, err := s.l.examine(name)
		if refusal, ok := errors.AsType[*imap.Error](err); ok && s.l.alive() {
			return &Unfetched{Words: fmt.Sprintf("the server refuses mailbox %s: %s", account.CleanWords(b.MailboxName), account.CleanWords(refusal.Text)), Later: true}
		}
		if err != nil {
			return err
		}
	}
	if s.l.selected.UIDValidity != b.UIDValidity {
		s.l.mailbox = "" // looked at anew next time
		return &Unfetched{Words: fmt.Sprintf("the server has numbered the messages of %s anew", account.CleanWords(b.MailboxName)), Later: true}
	}
	return nil
}

// pieces asks for a message piece by piece, the next one while the one before is on its way.
func (s *Session) pieces(b store.RemoteBody) ([]byte, error) {
	s.l.guard.SetLiteral(piece + literalSlack)
	var raw []byte
	ahead := []*fetching{s.l.fetchPiece(b.UID, 0)}
	for at := int64(0); ; at += piece {
		if at+piece < b.Size {
			ahead = append(ahead, s.l.fetchPiece(b.UID, at+piece))
		}
		msgs, err := ahead[0].wait()
		ahead = ahead[1:]
		part := bodyOf(msgs, b.UID)
		if err == nil && part == nil && len(raw) > 0 && int64(len(raw)) >= b.Size {
			return raw, nil // NIL for what lies behind the end
		}
		if err == nil && part == nil {
			err = &Unfetched{Words: "the server no longer has it, or does not deliver it"}
		}
		if err == nil && len(part) == 0 && len(raw) == 0 && b.Size > 0 {
			err = &Unfetched{Words: "the server delivers nothing of it"}
		}
		if err == nil && len(raw)+len(part) > maxWhole {
			err = &Unfetched{Words: "it is longer than the server said"}
		}
		if err != nil {
			for _, f := range ahead {
				<-f.done
			}
			return nil, err
		}
		if raw == nil && len(part) == piece {
			raw = make([]byte, 0, min(b.Size, maxWhole)) // the first piece came whole: the size is believed
		}
		if raw == nil {
			raw = part
		} else {
			raw = append(raw, part...)
		}
		if len(part) < piece {
			for _, f := range ahead { // the server said more than there is
				<-f.done
			}
			return raw, nil
		}
		if len(ahead) == 0 {
			ahead = append(ahead, s.l.fetchPiece(b.UID, at+piece)) // exactly so long, or longer than was said
		}
	}
}

// bodyOf is what came of the message with that UID; nil: nothing.
func bodyOf(msgs []message, uid uint32) []byte {
	for _, m := range msgs {
		if m.uid == uid && m.raw != nil {
			return m.raw
		}
	}
	return nil
}

// fetchPiece asks for a piece of a message.
func (l *link) fetchPiece(uid uint32, at int64) *fetching {
	over := l.busy(2*piece + headerAllowance + literalSlack)
	cmd := l.client.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{UID: true,
		BodySection: []*imap.FetchItemBodySection{{Peek: true, Partial: &imap.SectionPartial{Offset: at, Size: piece}}}})
	f := &fetching{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		defer over()
		f.err = l.collect(cmd, func(m message) { f.msgs = append(f.msgs, m) })
	}()
	return f
}
