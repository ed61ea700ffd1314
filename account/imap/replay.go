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

const (
	maxRounds  = 100 // of Replay: what one wish brings about makes the next one possible
	maxSplits  = 128 // commands spent on finding which wishes of a group are refused
	maxAppends = 1 << 30
)

// Replay carries the pending wishes to the server, in order for each message, as few commands as
// that allows. Each command's outcome is recorded before the next. A refusal is recorded with the
// server's words and does not stop the rest; a broken connection does, and what was not answered stays.
func (s *Session) Replay(ctx context.Context) (replayed, conflicts int, err error) {
	defer s.during(ctx)()
	r := &replay{s: s, ctx: ctx, mbs: map[store.MailboxID]store.Mailbox{}}
	s.unable = nil
	s.status(account.Replaying, "", 0, 0, true)
	for range maxRounds {
		more, err := r.round()
		if err != nil {
			return r.done, r.refused, s.trouble(ctx, err)
		}
		if !more {
			break
		}
	}
	if err := r.expungeLater(); err != nil {
		return r.done, r.refused, s.trouble(ctx, err)
	}
	return r.done, r.refused, nil
}

// Unable is why wishes that the last Replay could have tried wait nevertheless, of one mailbox when it is several; nil: they
// do not, or a pull sorts it out.
func (s *Session) Unable() *account.Trouble { return s.unable }

// replay is one Replay.
type replay struct {
	s             *Session
	ctx           context.Context
	mbs           map[store.MailboxID]store.Mailbox
	created       map[string]bool
	splits        int
	settled       bool // an APPEND of a session before this one has had its time
	sought        bool // and has been looked for in other mailboxes
	done, refused int
}

// group is wishes that one command carries out.
type group struct {
	kind    store.ActionKind
	actions []store.Action
}

// round carries out what is possible now; more tells that a new round may do more.
func (r *replay) round() (more bool, err error) {
	before := r.done + r.refused
	if any, err := r.s.st.HasWishes(r.ctx, r.s.id); err != nil || !any {
		return false, r.s.local(err)
	}
	if err := r.list(); err != nil {
		return false, err
	}
	if err := r.mailboxes(); err != nil {
		return false, err
	}
	if err := r.list(); err != nil {
		return false, err
	}
	actions, err := r.s.st.PendingActions(r.ctx, r.s.id)
	if err != nil {
		return false, r.s.local(err)
	}
	if len(actions) == 0 {
		return r.done+r.refused > before, nil
	}
	if err := r.readMailboxes(); err != nil {
		return false, err
	}
	groups := groupActions(actions, r.begun)
	total := len(actions)
	for _, g := range groups {
		r.s.status(account.Replaying, g.actions[0].MailboxName, r.done+r.refused-before, total, true)
		if err := r.run(g); err != nil {
			return false, err
		}
	}
	return r.done+r.refused > before, nil
}

// list reads the server's mailboxes, when that was not done in this session, before a wish is handed out: what another
// client has renamed is known under its new name then, and what is wished of a mailbox that is no more has an end without
// having been tried.
func (r *replay) list() error {
	if r.s.listed {
		return nil
	}
	_, _, err := r.s.refreshList(r.ctx)
	return err
}

// readMailboxes reads what the store knows of the account's mailboxes.
func (r *replay) readMailboxes() error {
	mbs, err := r.s.st.MailboxesOnServer(r.ctx, r.s.id)
	if err != nil {
		return r.s.local(err)
	}
	clear(r.mbs)
	for _, m := range mbs {
		r.mbs[m.ID] = m
	}
	return nil
}

// groupActions puts wishes that one command can carry out together, keeping the order of those of one
// message. What follows a change of place acts on another UID and waits for the next round.
// What was begun before may have been done already, its answer lost: that is carried out by itself.
func groupActions(actions []store.Action, begun func(store.Action) bool) (groups []group) {
	latest := map[string]int{}          // key → its newest group
	lastOf := map[store.MessageID]int{} // message → the group of its last wish
	waits := map[store.MessageID]bool{}
	copied := map[string]int{} // how often the same is copied to the same place: once a command
	for _, a := range actions {
		if begun(a) && a.Kind == store.ActionMove { // the message may be elsewhere: flags go where it is found
			waits[a.Message] = true
		}
	}
	for _, a := range actions {
		if waits[a.Message] && !begun(a) || a.UID == 0 && a.Kind != store.ActionAppend {
			waits[a.Message] = true
			continue
		}
		waits[a.Message] = a.Kind != store.ActionFlags
		key := groupKey(a)
		if a.Kind == store.ActionCopy {
			each := fmt.Sprint(key, "#", a.UID)
			key = fmt.Sprint(key, "#", copied[each])
			copied[each]++
		}
		if a.Kind == store.ActionAppend || begun(a) { // by itself
			key = fmt.Sprint("#", a.ID)
		}
		at, ok := latest[key]
		if last, had := lastOf[a.Message]; !ok || had && last > at {
			at = len(groups)
			groups = append(groups, group{kind: a.Kind})
			latest[key] = at
		}
		groups[at].actions = append(groups[at].actions, a)
		lastOf[a.Message] = at
	}
	return groups
}

// begun tells a wish that is a COPY and was sent before. A MOVE whose answer was lost needs no such care: the message
// is in one place or in the other.
func (r *replay) begun(a store.Action) bool {
	return a.Tries > 0 && (a.Kind == store.ActionCopy || a.Kind == store.ActionMove && !r.s.l.caps.Has(imap.CapMove))
}

// groupKey is the same for wishes that one command can carry out.
func groupKey(a store.Action) string {
	return fmt.Sprint(a.Kind, a.Mailbox, a.Target, a.Add, a.Remove, strings.Join(a.AddKeywords, " "), "-", strings.Join(a.RemoveKeywords, " "))
}

// run carries out one group.
func (r *replay) run(g group) error {
	if g.kind == store.ActionAppend {
		return r.append(g.actions[0])
	}
	usable, err := r.selectFor(g.actions[0])
	if err == nil && !usable {
		err = r.giveBack(idsOfActions(g.actions))
	}
	if err != nil || !usable {
		return err
	}
	if g.actions, err = r.present(g.actions); err != nil || len(g.actions) == 0 {
		return err
	}
	if r.begun(g.actions[0]) {
		return r.again(g.actions[0])
	}
	for _, part := range replaySets(g.actions) {
		if err := r.carryOut(g.kind, part); err != nil {
			return err
		}
	}
	return nil
}

func uidsOfActions(actions []store.Action) []uint32 {
	out := make([]uint32, len(actions))
	for i, a := range actions {
		out[i] = a.UID
	}
	return out
}

// selectFor selects the mailbox of a; usable is false when its UIDs mean something else now or the
// mailbox cannot be selected: its wishes stay until the next pull has sorted that out.
func (r *replay) selectFor(a store.Action) (usable bool, err error) {
	mb := r.mbs[a.Mailbox]
	if mb.ID == 0 || mb.Local || mb.NoSelect {
		return false, nil
	}
	l := r.s.l
	if l.mailbox != mb.Name || l.readOnly || l.selected == nil {
		if _, err := l.open(mb.Name, false); err != nil {
			if no, refused := errors.AsType[*imap.Error](err); refused && l.alive() {
				r.s.unable = &account.Trouble{Kind: account.KindOther, Account: r.s.acct.Name, Host: l.host,
					What: fmt.Sprintf("%s does not open %s for changes (%s)", l.host, account.CleanWords(mb.Name), refusal(no)),
					Kept: "What you did there is kept, waits and is tried again by itself", Hint: "if you may not change that mailbox: mua undo"}
				return false, nil
			}
			return false, err
		}
	}
	return l.selected.UIDValidity == mb.Sync.UIDValidity && !wentBack(mb.Sync, l.selected), nil
}

// carryOut does one command's worth of wishes and records the outcome. A refused group is halved
// to find which of it is refused.
func (r *replay) carryOut(kind store.ActionKind, actions []store.Action) error {
	var out []store.Replayed
	var err error
	switch kind {
	case store.ActionFlags:
		out, err = r.flags(actions)
	case store.ActionMove:
		out, err = r.move(actions)
	case store.ActionCopy:
		out, err = r.copy(actions)
	case store.ActionDelete:
		out, err = r.remove(actions)
	default:
		err = &imap.Error{Type: imap.StatusResponseTypeNo, Text: "unknown kind of action: " + string(kind)}
	}
	if err == nil {
		return r.record(out)
	}
	no, refused := errors.AsType[*imap.Error](err)
	if !refused || !r.s.l.alive() || temporary(no) {
		return err
	}
	if r.splits++; len(actions) > 1 && r.splits <= maxSplits {
		half := len(actions) / 2
		if err := r.carryOut(kind, actions[:half]); err != nil {
			return err
		}
		return r.carryOut(kind, actions[half:])
	}
	return r.record(refusals(actions, no))
}

// refuse records what a server said no to; any other error it returns.
func (r *replay) refuse(a store.Action, err error) error {
	no, refused := errors.AsType[*imap.Error](err)
	if !refused || !r.s.l.alive() || temporary(no) {
		return err
	}
	return r.record(refusals([]store.Action{a}, no))
}

// temporary tells a refusal that may not be one later (RFC 5530).
func temporary(e *imap.Error) bool {
	switch e.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		return true
	}
	return e.Type == imap.StatusResponseTypeBye
}

// refusal is a refusal in the server's words.
func refusal(e *imap.Error) string {
	words := account.CleanWords(e.Text)
	if words == "" {
		words = string(e.Type)
	}
	if e.Code != "" {
		words += " [" + string(e.Code) + "]"
	}
	return account.CleanWords(words)
}

// refusals words a refusal for each wish.
func refusals(actions []store.Action, e *imap.Error) []store.Replayed {
	words := refusal(e)
	out := make([]store.Replayed, len(actions))
	for i, a := range actions {
		out[i] = store.Replayed{ID: a.ID, Refused: words}
	}
	return out
}

// record settles wishes in the store.
func (r *replay) record(out []store.Replayed) error {
	if len(out) == 0 {
		return nil
	}
	// The server has done it: that is recorded even if ctx has ended meanwhile.
	if err := r.s.st.FinishActions(context.WithoutCancel(r.ctx), out); err != nil {
		return r.s.local(err)
	}
	for _, x := range out {
		if x.Refused != "" {
			r.refused++
		} else {
			r.done++
		}
	}
	return nil
}

// carried are wishes done without a new UID.
func carried(actions []store.Action) []store.Replayed {
	out := make([]store.Replayed, len(actions))
	for i, a := range actions {
		out[i] = store.Replayed{ID: a.ID}
	}
	return out
}

// flags adds and removes flags.
func (r *replay) flags(actions []store.Action) ([]store.Replayed, error) {
	set, a := uidSet(uidsOfActions(actions)), actions[0]
	for _, c := range []struct {
		op    imap.StoreFlagsOp
		flags []imap.Flag
	}{{imap.StoreFlagsAdd, toServer(a.Add, a.AddKeywords)}, {imap.StoreFlagsDel, toServer(a.Remove, a.RemoveKeywords)}} {
		if len(c.flags) == 0 {
			continue
		}
		if err := r.s.l.store(set, c.op, c.flags, len(actions)); err != nil {
			return nil, err
		}
	}
	return carried(actions), nil
}

// store is UID STORE, drained.
func (l *link) store(set imap.UIDSet, op imap.StoreFlagsOp, flags []imap.Flag, n int) error {
	defer l.busy(wantFlags.allowance(n, 0))()
	return l.collect(l.client.Store(set, &imap.StoreFlags{Op: op, Silent: true, Flags: flags}, nil), func(message) {})
}

// move moves by MOVE (RFC 6851), else by COPY, \Deleted and an expunge of just these.
func (r *replay) move(actions []store.Action) ([]store.Replayed, error) {
	target, ok := r.mbs[actions[0].Target]
	if !ok || target.Local {
		return nil, nil // not on the server: nothing to do there yet
	}
	out, err := r.moveTo(actions, target)
	if e, ok := errors.AsType[*imap.Error](err); ok && missing(e) && r.create(target.Name) {
		out, err = r.moveTo(actions, target)
	}
	return out, err
}

// missing tells a refusal because the mailbox does not exist (RFC 9051 7.1, RFC 5530). Dovecot 2.3 has no code for that in
// its answers to SELECT and STATUS.
func missing(e *imap.Error) bool {
	return e.Code == imap.ResponseCodeTryCreate || e.Code == imap.ResponseCodeNonExistent ||
		e.Code == "" && strings.HasPrefix(e.Text, "Mailbox doesn't exist")
}

// create makes a mailbox on the server, once in a Replay.
func (r *replay) create(name string) bool {
	if r.created[name] {
		return false
	}
	if r.created == nil {
		r.created = map[string]bool{}
	}
	r.created[name] = true
	defer r.s.l.busy(0)()
	if err := r.s.l.client.Create(name, nil).Wait(); err != nil {
		return false
	}
	_ = r.s.l.client.Subscribe(name).Wait() // for others; not needed
	return true
}

func (r *replay) moveTo(actions []store.Action, target store.Mailbox) ([]store.Replayed, error) {
	uids := uidsOfActions(actions)
	set := uidSet(uids)
	if r.s.l.caps.Has(imap.CapMove) {
		defer r.s.l.busy(int64(len(uids)) * itemAllowance)()
		data, err := r.s.l.client.Move(set, target.Name).Wait()
		if err != nil {
			return nil, err
		}
		return paired(actions, data.UIDValidity, data.SourceUIDs, data.DestUIDs), nil
	}
	done := r.s.l.busy(0)
	data, err := r.s.l.client.Copy(set, target.Name).Wait()
	done()
	if err != nil {
		return nil, err
	}
	out := paired(actions, data.UIDValidity, data.SourceUIDs, data.DestUIDs)
	return out, r.expunge(actions[0].Mailbox, uids)
}

// paired gives each wish the UID that COPYUID (RFC 4315) tells for it.
func paired(actions []store.Action, validity uint32, from, to imap.NumSet) []store.Replayed {
	out := carried(actions)
	src, _ := from.(imap.UIDSet)
	n := int(min(rangesOf(src).count(), uint64(len(actions))))
	a, b := listSet(from, n), listSet(to, n)
	if len(a) == 0 || len(a) != len(b) {
		return out
	}
	at := make(map[uint32]uint32, len(a))
	for i := range a {
		at[a[i]] = b[i]
	}
	for i, x := range actions {
		if uid := at[x.UID]; uid != 0 {
			out[i].UID, out[i].UIDValidity = uid, validity
		}
	}
	return out
}

// remove deletes for good.
func (r *replay) remove(actions []store.Action) ([]store.Replayed, error) {
	if err := r.expunge(actions[0].Mailbox, uidsOfActions(actions)); err != nil {
		return nil, err
	}
	return carried(actions), nil
}
