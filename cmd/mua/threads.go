package main

import (
	"context"
	"fmt"
	"strconv"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

// threadJSON is a line of list --threads: the message object of the newest message that matches, and its thread.
type threadJSON struct {
	messageJSON
	Messages int               `json:"messages"` // in all mailboxes but Trash and Junk, each once
	Unread   int               `json:"unread"`
	People   []message.Address `json:"people"` // who wrote, the oldest message's sender first
	IDs      []store.MessageID `json:"ids"`    // those of the listed mailboxes that match, the newest first
}

// fillThreads waits until all messages from before mua knew threads have theirs: once, some seconds.
func (a *app) fillThreads(ctx context.Context, s *store.Store) error {
	for first := true; ; first = false {
		more, err := s.FillThreads(ctx)
		if err != nil || !more {
			return err
		}
		if first {
			a.talk("sorting older mail into threads, once")
		}
	}
}

// printThread prints one thread: id of its newest message, flags, date, who wrote, how many, subject.
func (a *app) printThread(r store.Row, account bool) error {
	in := r.InThread
	if a.json {
		j := threadJSON{newMessageJSON(r), in.Messages, in.Unread, list(in.People), []store.MessageID{}}
		for _, m := range in.Here {
			j.IDs = append(j.IDs, m.ID)
		}
		return a.emit(j)
	}
	flags := []byte("   ")
	if in.Unread > 0 {
		flags[0] = 'N'
	}
	line := fmt.Sprintf("%6d %s %s  ", r.ID, flags, r.Date.Local().Format("2006-01-02 15:04"))
	if account {
		line += pad(message.CleanLine(r.AccountName).String(), 10) + "  "
	}
	number := ""
	if in.Messages > 1 {
		number = fmt.Sprintf("(%d)", in.Messages)
	}
	return a.printLine(line + pad(message.CleanLine(message.Senders(in.People, a.isMe)).String(), 22) + fmt.Sprintf(" %5s  ", number) + message.CleanLine(r.Subject).String())
}

// isMe reports whether an address is one of the person's own.
func (a *app) isMe(addr string) bool {
	c, err := a.conf()
	if err != nil {
		return false
	}
	for _, acct := range c.Accounts {
		if _, mine := acct.Identity(addr); mine {
			return true
		}
	}
	return false
}

// threadMessages are the messages of the threads that words name: each by its id, or by one of its messages.
func (a *app) threadMessages(ctx context.Context, args []string) (*store.Store, []store.MessageID, error) {
	s, words, err := a.openNamed(ctx, args)
	if err != nil {
		return nil, nil, err
	}
	if err := a.fillThreads(ctx, s); err != nil {
		return nil, nil, err
	}
	var ids []store.MessageID
	for _, w := range words {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil || n <= 0 { // mid:, or a wrong one
			id, err := a.messageID(ctx, s, w)
			if err != nil {
				return nil, nil, err
			}
			n = int64(id)
		}
		t, err := s.Thread(ctx, n, 0)
		if err != nil {
			return nil, nil, noThread(w, err)
		}
		for _, l := range t.Lines {
			if l.Row.ID != 0 {
				ids = append(ids, l.Row.ID)
			}
		}
	}
	return s, ids, nil
}

func noThread(word string, err error) error {
	return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no thread %s, and no message of that number", message.CleanLine(word)), Hint: "mua list --threads", Err: err}
}
