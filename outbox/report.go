package outbox

import (
	"fmt"
	"slices"
	"strings"

	"mua/store"
	"mua/store/message"
)

// A delivery report (RFC 3464) comes by mail, and mail can be written by anyone: what it
// says is told as what it says, and never taken for the recipient's state.

// claimed goes with everything that only a report says.
const claimed = "a claim, not proof"

// TellReport says in one line, without its time, what a report says and where it lies.
func TellReport(r store.Report) string {
	return message.CleanLine(tellReport(r)).String()
}

func tellReport(r store.Report) string {
	s := reporter(r) + ": " + reported(r) + " (" + claimed + ")"
	if r.Message != 0 {
		s += fmt.Sprintf(" → mua show %d", r.Message)
	}
	return s
}

func reporter(r store.Report) string {
	if r.Reporter == "" {
		return "report"
	}
	return "report from " + r.Reporter
}

// reported is what became of the message for the recipient, and why.
func reported(r store.Report) string {
	to := r.Addr
	if r.Final != "" {
		to += ", which went on to " + r.Final + ","
	}
	var s string
	switch r.Action {
	case message.ActionFailed:
		s = "could not be delivered to " + strings.TrimSuffix(to, ",")
	case message.ActionDelayed:
		s = "not yet delivered to " + strings.TrimSuffix(to, ",") + ", still being tried"
	case message.ActionDelivered:
		s = "delivered to " + strings.TrimSuffix(to, ",")
	case message.ActionRelayed:
		s = "passed on for " + to + " to a server that may not report"
	case message.ActionExpanded:
		s = "passed on to the addresses that " + to + " stands for"
	default:
		s = string(r.Action) + " for " + strings.TrimSuffix(to, ",")
	}
	if why := reportedReason(r); why != "" && r.Action != message.ActionDelivered {
		s += ": " + why
	}
	return s
}

// reportedReason is the status and the words, the status not twice.
func reportedReason(r store.Report) string {
	if strings.Contains(r.Diagnostic, r.Status) { // also when there is none
		return r.Diagnostic
	}
	return strings.TrimSpace(r.Status + " " + r.Diagnostic)
}

// describeReports is what the reports on an item that a server has accepted add to how it
// stands: those of failure, else for each recipient what came last.
func describeReports(it store.Item) string {
	last := map[string]store.Report{}
	failed, failedAddrs := store.Report{}, []string(nil)
	for _, r := range it.Reports {
		last[r.Addr] = r
		if r.Action != message.ActionFailed {
			continue
		}
		failed = r
		if !slices.Contains(failedAddrs, r.Addr) {
			failedAddrs = append(failedAddrs, r.Addr)
		}
	}
	if len(failedAddrs) > 0 {
		if n := len(failedAddrs); n > 1 {
			return fmt.Sprintf("; but reports of failure came for %s, the last a %s", counted(n, "recipient"), tellReport(failed))
		}
		return "; but a " + tellReport(failed)
	}
	for _, action := range []message.Action{message.ActionDelayed, message.ActionDelivered} {
		for _, r := range it.Recipients {
			if l, ok := last[r.Addr]; ok && l.Action == action {
				return "; a " + tellReport(l)
			}
		}
	}
	return ""
}
