package main

import (
	"fmt"
	"strings"

	"mua/outbox"
	"mua/store"
	"mua/store/message"
)

// reportJSON is what a delivery report says of one recipient of an outbox item: a claim.
type reportJSON struct {
	Item       store.OutboxID   `json:"item"`
	Addr       string           `json:"addr"`
	Final      *string          `json:"final"` // the address its mail went on to; null when it is addr
	Action     message.Action   `json:"action"`
	Status     *string          `json:"status"`
	Diagnostic *string          `json:"diagnostic"`
	Reporter   *string          `json:"reporter"`
	Arrived    *string          `json:"arrived"`
	Message    *store.MessageID `json:"message"` // the report itself; null when it is no longer here
}

// reportsJSON is never null.
func reportsJSON(reports []store.Report) []reportJSON {
	out := []reportJSON{}
	for _, r := range reports {
		j := reportJSON{Item: r.Item, Addr: r.Addr, Final: orNull(r.Final), Action: r.Action, Status: orNull(r.Status), Diagnostic: orNull(r.Diagnostic),
			Reporter: orNull(r.Reporter), Arrived: timeJSON(r.Arrived)}
		if r.Message != 0 {
			j.Message = &r.Message
		}
		out = append(out, j)
	}
	return out
}

// reportLines are the delivery reports on a sent message, a line each, as they go below its header.
func reportLines(reports []store.Report) string {
	var b strings.Builder
	for _, r := range reports {
		fmt.Fprintf(&b, "%-10s%s  %s\n", "Report:", r.Arrived.Local().Format("2006-01-02 15:04"), outbox.TellReport(r))
	}
	return b.String()
}
