package main

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"mua/store"
	"mua/store/message"
)

// emit prints one JSON object on a line of stdout; what a terminal could take
// for a command (JSON escapes only some of it) is cleaned there.
func (a *app) emit(v any) error {
	var line strings.Builder
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	if err == nil {
		out := line.String()
		if isTerminal(a.out) {
			out = message.Clean(out).String()
		}
		_, err = io.WriteString(a.out, out)
	}
	if err != nil {
		return ioTrouble("cannot write to stdout", err)
	}
	return nil
}

// messageJSON is the contract's message object.
type messageJSON struct {
	ID          store.MessageID      `json:"id"`
	Account     string               `json:"account"`
	Mailbox     string               `json:"mailbox"`
	MessageID   *string              `json:"message_id"`
	Thread      *int64               `json:"thread"`
	Date        *string              `json:"date"`
	From        []message.Address    `json:"from"`
	To          []message.Address    `json:"to"`
	Cc          []message.Address    `json:"cc"`
	Subject     string               `json:"subject"`
	Flags       []string             `json:"flags"`
	Size        int64                `json:"size"`
	AlsoIn      []string             `json:"also_in"`
	Attachments []message.Attachment `json:"attachments"`
	Snippet     string               `json:"snippet"`
	Pending     []string             `json:"pending"`
}

func newMessageJSON(r store.Row) messageJSON {
	m := messageJSON{
		ID: r.ID, Account: r.AccountName, Mailbox: r.MailboxName, MessageID: orNull(r.MessageID),
		Date: timeJSON(r.Date), From: list(r.From), To: list(r.To), Cc: list(r.Cc), Subject: r.Subject,
		Flags: append(r.Flags.Names(), r.Keywords...), Size: r.Size, AlsoIn: list(r.AlsoIn),
		Attachments: list(r.Attachments), Snippet: r.Snippet, Pending: list(r.Pending),
	}
	if r.Thread != 0 {
		m.Thread = &r.Thread
	}
	return m
}

// list is never null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func timeJSON(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.Format(time.RFC3339)
	return &s
}

type addressJSON struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// outboxJSON is the contract's outbox object.
type outboxJSON struct {
	ID          store.OutboxID  `json:"id"`
	Account     string          `json:"account"`
	State       store.ItemState `json:"state"`
	From        addressJSON     `json:"from"`
	Recipients  []recipientJSON `json:"recipients"`
	Waiting     *string         `json:"waiting"`
	Subject     string          `json:"subject"`
	MessageID   string          `json:"message_id"`
	Size        int64           `json:"size"`
	Created     *string         `json:"created"`
	NotBefore   *string         `json:"not_before"`
	NextAttempt *string         `json:"next_attempt"`
	Attempts    int             `json:"attempts"`
	LastError   *string         `json:"last_error"`
	Key         *string         `json:"key"`
	Reports     []reportJSON    `json:"reports"`
	Story       []string        `json:"story,omitempty"`
}

type recipientJSON struct {
	Addr     string               `json:"addr"`
	State    store.RecipientState `json:"state"`
	Code     *int                 `json:"code"`
	Enhanced *string              `json:"enhanced"`
	Text     *string              `json:"text"`
	Attempts int                  `json:"attempts"`
}

func newOutboxJSON(it store.Item) outboxJSON {
	o := outboxJSON{
		ID: it.ID, Account: it.AccountName, State: it.State, From: addressJSON(it.From), Recipients: []recipientJSON{},
		Waiting: orNull(it.Waiting), Subject: it.Subject, MessageID: it.MessageID, Size: it.Size,
		Created: timeJSON(it.Created), NotBefore: timeJSON(it.NotBefore), NextAttempt: timeJSON(it.NextAttempt),
		Attempts: it.Attempts, LastError: orNull(it.LastError), Key: orNull(it.Key),
		Reports: reportsJSON(it.Reports),
	}
	for _, r := range it.Recipients {
		j := recipientJSON{Addr: r.Addr, State: r.State, Enhanced: orNull(r.Enhanced), Text: orNull(r.Text), Attempts: r.Attempts}
		if r.Code != 0 {
			j.Code = &r.Code
		}
		o.Recipients = append(o.Recipients, j)
	}
	return o
}
