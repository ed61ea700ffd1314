package pop3

import (
	"context"
	"errors"
	"os"

	"mua/account"
)

// maxCuts is how many sessions of a pull may end in the middle before the pull does.
const maxCuts = 4

// suspicion is about a message that the server was sending when the connection ended.
type suspicion int

const (
	fetchLast suspicion = iota + 1 // once: it may have been the network
	leaveOut                       // twice: no other message shall wait for it
)

// mayGoOn decides after a session that ended in the middle whether another one helps: there was progress, or
// the message at which it ended is left out from now on. A message that the server cannot send, or sends
// without end, so never keeps the others from coming.
func (s *Session) mayGoOn(ctx context.Context, err error, done int) bool {
	t, ok := errors.AsType[*account.Trouble](err)
	key := s.brokeAt
	s.brokeAt = ""
	if s.cuts++; !ok || key == "" || s.cuts > maxCuts || ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return false // silence is not tried again: it costs a minute each time
	}
	switch {
	case s.suspects[key] == fetchLast:
		s.suspects[key], s.lastCut = leaveOut, t
	case done > 0:
		if s.suspects == nil {
			s.suspects = map[string]suspicion{}
		}
		s.suspects[key] = fetchLast
	default:
		return false
	}
	return true
}

// order puts what is suspect last, and takes out what is left out.
func (s *Session) order(w *work) {
	if len(s.suspects) == 0 {
		return
	}
	var good, bad []task
	for _, t := range w.fetch {
		switch s.suspects[t.key] {
		case leaveOut:
			w.out++
		case fetchLast:
			bad = append(bad, t)
		default:
			good = append(good, t)
		}
	}
	w.fetch = append(good, bad...)
}
