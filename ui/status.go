package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/store"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
)

// noticeTime is how long a notice stays at least; the next key after it takes it away.
const noticeTime = 4 * time.Second

// newsSource is the source of Options.News.
const newsSource = "news"

// failure is an error that stays in the status line until it is acknowledged.
type failure struct {
	source string // a failure replaces an earlier one of the same source
	words  string
}

// statusLine is what the two lines at the bottom say.
type statusLine struct {
	notice   message.Text
	noticeAt time.Time
	failures []failure
	accounts []account.Status
	seen     map[string]string // by account: the trouble last taken over
	asked    time.Time         // when the agent was asked for what the notice says; zero: the notice is of something else
	busy     bool              // it has begun since
}

// say shows a notice: what was just done.
func (u *App) say(format string, args ...any) {
	u.status.notice, u.status.noticeAt, u.status.asked = text(format, args...), u.now(), time.Time{}
}

// silence takes the notice away.
func (s *statusLine) silence() { s.notice = message.Text{} }

// remark shows a word about the key just typed; any key takes it away.
func (u *App) remark(format string, args ...any) {
	u.status.notice, u.status.noticeAt, u.status.asked = text(format, args...), time.Time{}, time.Time{}
}

// oops shows an error until it is acknowledged.
func (u *App) oops(source string, err error) {
	u.status.notice = message.Text{}
	if errors.Is(err, store.ErrNoBody) {
		u.say("Only the header of this message is here · %s fetches the rest", u.keys.Key(keys.Fetch, keys.Mail))
		return
	}
	u.status.fail(source, err)
}

func (s *statusLine) fail(source string, err error) {
	words := err.Error()
	var t *account.Trouble
	if !errors.As(err, &t) {
		if source == "not done" { // which says as much
			words = strings.TrimSuffix(words, ": "+store.ErrState.Error())
		}
		words = source + ": " + words
	}
	s.settled(source)
	at := len(s.failures)
	if at > 0 && s.failures[at-1].source == newsSource {
		at-- // what comes by the dozen does not hide what is told but once
	}
	s.failures = slices.Insert(s.failures, at, failure{source, words})
}

// acknowledge takes the shown failure away and tells its source; "" when there is none.
func (s *statusLine) acknowledge() string {
	n := len(s.failures)
	if n == 0 {
		return ""
	}
	source := s.failures[n-1].source
	s.failures = s.failures[:n-1]
	return source
}

// settled takes away what failed in something that has ended.
func (s *statusLine) settled(source string) {
	s.failures = slices.DeleteFunc(s.failures, func(f failure) bool { return f.source == source })
}

// acknowledge takes the error away that is shown.
func (u *App) acknowledge() {
	switch u.status.acknowledge() {
	case "":
		u.remark("There is no error to acknowledge")
	case newsSource:
		u.remark("%s shows it again", u.keys.Key(keys.GoConflicts, keys.Global))
		if seen := u.o.News.Seen; seen != nil {
			u.pump.Serial(func(context.Context) func() { seen(); return nil })
		}
	}
}

// touched is told of every key: an old notice goes.
func (s *statusLine) touched(now time.Time) {
	if now.Sub(s.noticeAt) > noticeTime {
		s.notice = message.Text{}
	}
}

// passing reports trouble that is tried again by itself, such as a connection that broke: a state, shown while it lasts.
func passing(a account.Status) bool { return a.Trouble != nil && a.Trouble.Retryable() }

// update takes the agent's word over. Trouble that only a person ends stays until it is acknowledged.
func (s *statusLine) update(list []account.Status) {
	s.accounts = list
	s.answered()
	if s.seen == nil {
		s.seen = map[string]string{}
	}
	for _, a := range list {
		if t := a.HookTrouble; t != nil && s.seen["on_new_mail "+a.Account] != t.Error() {
			s.seen["on_new_mail "+a.Account] = t.Error()
			s.fail("on_new_mail "+a.Account, t)
		}
		if a.Trouble == nil {
			delete(s.seen, a.Account)
			continue
		}
		words := a.Trouble.Error()
		if passing(a) || s.seen[a.Account] == words {
			continue
		}
		s.seen[a.Account] = words
		s.fail("account "+a.Account, a.Trouble)
	}
}

// sayAsked shows a notice that the agent was asked for something: it goes when that has ended, well or not.
func (u *App) sayAsked(format string, args ...any) {
	u.say(format, args...)
	u.status.asked, u.status.busy = u.now(), false
}

// answered takes away the notice of what was asked once the agent has been at it and rests again.
func (s *statusLine) answered() {
	if s.asked.IsZero() {
		return
	}
	resting := true
	for _, a := range s.accounts {
		resting = resting && a.Phase == account.Idle
		s.busy = s.busy || a.Phase != account.Idle || a.LastSync.After(s.asked)
	}
	if resting && s.busy {
		s.asked = time.Time{}
		s.silence()
	}
}

func (u *App) drawTop(s tcell.Screen, r cells.Rect) {
	l := u.below()
	left, right := l.Where()
	name := " mua "
	if u.o.Demo {
		name = " mua demo "
	}
	cells.Fill(s, r, u.look.bar)
	x := r.X + cells.Put(s, r.X, r.Y, r.W, text("%s", name), u.look.barStrong)
	room := r.X + r.W - x
	n := min(cells.Width(right)+1, max(room*2/3, room-cells.Width(left)-1))
	cells.PutFit(s, x, r.Y, max(0, room-n-1), text("%s", left), u.look.bar)
	cells.PutRight(s, r.X+r.W-n, r.Y, n, text("%s ", right), u.look.barStrong)
}

// maxFailureLines is how many lines the shown error may take.
const maxFailureLines = 3

// failureLines is the last error, set for the width of the screen.
func (u *App) failureLines() []cells.Line {
	st := &u.status
	n := len(st.failures)
	if n == 0 {
		return nil
	}
	words := "✗ " + st.failures[n-1].words
	if n > 1 {
		which := "earlier error"
		if st.failures[n-1].source == newsSource {
			which = "other error"
		}
		words += fmt.Sprintf(" (and %s)", count(n-1, which))
	}
	if k := u.keys.Key(keys.Acknowledge, u.top().Contexts()...); k != "" { // else it is a letter here
		words += " · " + k + " acknowledges"
	}
	lines := cells.Wrap(text("%s", words), u.w-2)
	return lines[:min(len(lines), maxFailureLines)]
}

// drawBottom draws the last error if there is one, the status and the hints.
func (u *App) drawBottom(s tcell.Screen, r cells.Rect) {
	lines := u.failureLines()
	for i, l := range lines {
		cells.Fill(s, r.Row(i), u.look.plain)
		cells.Put(s, r.X+1, r.Y+i, r.W-2, l.Text, u.look.warn)
	}
	u.drawStatus(s, r.Row(r.H-2))
	u.drawHints(s, r.Row(r.H-1))
}

// drawStatus draws what was done at the left and how things stand at the right, as much as there is room for.
func (u *App) drawStatus(s tcell.Screen, r cells.Rect) {
	left, end, style := u.talk()
	right := joinFitting(u.connection(), max(r.W/4, r.W-cells.Width(left+end)-3))
	x := r.X + r.W
	for i := len(right) - 1; i >= 0; i-- {
		t := text("%s ", right[i].words)
		if i < len(right)-1 {
			t = text("%s · ", right[i].words)
		}
		x -= cells.Width(t.String())
		cells.Put(s, x, r.Y, r.W, t, right[i].style)
	}
	room := x - r.X - 1
	n := max(0, min(cells.Width(left)+1, room-cells.Width(end)))
	cells.PutFit(s, r.X, r.Y, n, text(" %s", left), style)
	cells.PutFit(s, r.X+n, r.Y, room-n, text("%s", end), style)
}

// talk is the left of the status line: a notice, what can still be taken back, or why we are offline. Where there is not
// room for all, its end is shown nevertheless.
func (u *App) talk() (words, end string, st tcell.Style) {
	line := &u.status
	count := u.countdown()
	if line.notice.String() != "" && (count == "" || line.noticeAt.IsZero() || u.now().Sub(line.noticeAt) < noticeTime) {
		return line.notice.String(), "", u.look.good
	}
	if count != "" {
		return count, "", u.look.good
	}
	for _, a := range line.accounts {
		if passing(a) {
			if !a.NextTry.IsZero() && a.NextTry.After(u.now()) {
				end = "; next try in " + shortDuration(a.NextTry.Sub(u.now()))
			}
			return a.Trouble.Error(), end, u.look.dim
		}
	}
	return "", "", u.look.plain
}

// styled is a part of the status line.
type styled struct {
	words string
	style tcell.Style
}

// joinFitting leaves out parts from the front until the rest fits.
func joinFitting(parts []styled, w int) []styled {
	for len(parts) > 1 {
		n := 0
		for _, p := range parts {
			n += cells.Width(p.words) + 3
		}
		if n <= w {
			break
		}
		parts = parts[1:]
	}
	return parts
}

// connection is the right of the status line, the least important first.
func (u *App) connection() []styled {
	var out []styled
	if last := u.lastSync(); !last.IsZero() {
		out = append(out, styled{"synced " + ago(u.now().Sub(last)), u.look.dim})
	}
	out = append(out, u.outboxWords()...)
	if w := u.progress(); w != "" {
		return append(out, styled{w, u.look.accent})
	}
	if words := u.elsewhere(); words != "" {
		return append(out, styled{words, u.look.dim})
	}
	switch up, all, known := u.online(); {
	case len(u.status.accounts) == 0:
		out = append(out, styled{"no connection set up", u.look.dim})
	case !known:
		out = append(out, styled{"○ not connected yet", u.look.dim})
	case up == all:
		out = append(out, styled{"● online", u.look.good})
	case up == 0:
		out = append(out, styled{"○ offline", u.look.flagged})
	default:
		out = append(out, styled{fmt.Sprintf("◐ %d of %d online", up, all), u.look.flagged})
	}
	return out
}

// elsewhere says that another process keeps every account that receives in step.
func (u *App) elsewhere() string {
	words := ""
	for _, a := range u.status.accounts {
		acct, ok := u.o.Config.Account(a.Account)
		switch {
		case a.Elsewhere:
			words = "⇄ kept in step by another mua"
		case !ok || acct.Incoming != nil:
			return ""
		}
	}
	return words
}

// online counts the accounts that reach their servers; known: of one of them it has been tried.
func (u *App) online() (up, all int, known bool) {
	for _, a := range u.status.accounts {
		acct, ok := u.o.Config.Account(a.Account)
		if ok && acct.Incoming == nil && !a.Online && a.Trouble == nil {
			continue // one that only sends has nothing to connect for yet
		}
		known = known || a.Online || a.Elsewhere || a.Trouble != nil || !a.LastSync.IsZero()
		if all++; a.Online || a.Elsewhere {
			up++
		}
	}
	return up, all, known
}

// lastSync is the oldest of the accounts' last passes.
func (u *App) lastSync() time.Time {
	var last time.Time
	for _, a := range u.status.accounts {
		if !a.LastSync.IsZero() && (last.IsZero() || a.LastSync.Before(last)) {
			last = a.LastSync
		}
	}
	return last
}

func (u *App) outboxWords() []styled {
	c := u.stored.outbox
	var out []styled
	if n := c[store.Queued] + c[store.Sending] - u.stored.later; n > 0 {
		out = append(out, styled{fmt.Sprintf("outbox %d", n), u.look.plain})
	}
	if n := u.stored.later; n > 0 {
		out = append(out, styled{laterWords(n, u.stored.next, u.stored.last, u.now()), u.look.plain})
	}
	if n := c[store.Held]; n > 0 {
		out = append(out, styled{fmt.Sprintf("%d held", n), u.look.plain})
	}
	if n := c[store.Uncertain]; n > 0 {
		out = append(out, styled{fmt.Sprintf("%d uncertain", n), u.look.flagged})
	}
	if n := c[store.Failed]; n > 0 {
		out = append(out, styled{fmt.Sprintf("✗ %d failed", n), u.look.warn})
	}
	if u.stored.moved != "" {
		out = append(out, styled{"✗ sending waits for you", u.look.warn})
	}
	if n := u.stored.returned; n > 0 {
		out = append(out, styled{fmt.Sprintf("✗ %d returned", n), u.look.warn})
	}
	return out
}

// laterWords tells of n messages that wait for their times.
func laterWords(n int, first, last, now time.Time) string {
	when := clockOrDay(first, now)
	if when == clockOrDay(last, now) {
		return fmt.Sprintf("%d to send %s", n, when)
	}
	return fmt.Sprintf("%d later, first %s", n, when)
}

// progress says what the agent is doing now, with numbers where there are any.
func (u *App) progress() string {
	for _, a := range u.status.accounts {
		words := ""
		switch a.Phase {
		case account.Connecting:
			words = "connecting"
		case account.Replaying:
			words = "updating server"
		case account.Sending:
			words = "sending"
		case account.Pulling:
			words = "receiving " + a.Mailbox
		default:
			continue
		}
		if a.Total > 0 {
			words += fmt.Sprintf(" %d/%d", a.Done, a.Total)
		}
		if len(u.status.accounts) > 1 {
			words = a.Account + ": " + words
		}
		return "↻ " + strings.TrimSpace(words)
	}
	return ""
}

// drawHints shows the keys that work here, as many as fit, help last.
func (u *App) drawHints(s tcell.Screen, r cells.Rect) {
	cells.Fill(s, r, u.look.plain)
	if len(u.typed) > 0 {
		cells.Put(s, r.X+1, r.Y, r.W-1, text("%s …", strings.Join(u.typed, " ")), u.look.accent)
		return
	}
	contexts := u.top().Contexts()
	if len(contexts) == 0 {
		return
	}
	x := r.X + 1
	help := u.keys.Key(keys.Help, contexts...)
	end := r.X + r.W - cells.Width(help) - len("  help ")
	hints := keys.Hints(contexts[0])
	if l, ok := u.top().(interface{ Hints() []keys.Action }); ok {
		hints = l.Hints()
	}
	for _, a := range hints {
		e, ok := u.keys.Hint(a, contexts)
		if a == keys.Back && u.top() == layer(u.mail) && u.mail.atHome() {
			ok = ok && u.mail.empty() // else there is more to tell
			e.Hint = "leave"
		}
		if !ok {
			continue
		}
		n := cells.Width(e.Keys[0]) + 1 + cells.Width(e.Hint) + 2
		if x+n > end {
			break
		}
		x += cells.Put(s, x, r.Y, n, text("%s", e.Keys[0]), u.look.accent) + 1
		x += cells.Put(s, x, r.Y, n, text("%s", e.Hint), u.look.dim) + 2
	}
	if help != "" {
		x += cells.Put(s, x, r.Y, len(help)+1, text("%s", help), u.look.accent) + 1
		cells.Put(s, x, r.Y, 5, text("help"), u.look.dim)
	}
}
