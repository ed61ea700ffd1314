// Package addressbook answers who may be meant by the beginning of a name or an address.
//
// It knows three sources: the contacts that the store has learned from mail, folders of vCards (RFC 6350
// and its predecessors), and the person's own program (address_command). The contract:
//
//   - Known asks the store and the cards in memory: it never touches another file and runs nothing, so that it
//     can be asked at every key. Refresh reads the folders' changed files; Ask runs the program. Both may take
//     their time and end with their context.
//   - Names and what stands before the @ come before domains; then what is used comes first (store.Contact's Worth); being in an address book counts like half a message
//     written there, so that a book's people stand above strangers who wrote once.
//   - Files and the program's answer are bounded, whoever wrote them. What is no address is left out; names
//     are one clean line. A broken card costs that card only.
//   - The program is run without a shell; what is looked for is one argument of it, and never an option.
package addressbook

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mua/store"
	"mua/store/message"
	"mua/store/query"
)

// listedWorth is what it counts to be in an address book; a message written there counts 10.
const listedWorth = 5

// mostCards is how many cards may answer at once before they are ranked.
const mostCards = 2000

// Entry is an address somebody may be written to at.
type Entry struct {
	store.Contact        // Last is zero for one that was never met
	Listed        bool   // in a vCard or known to the program
	Note          string // what the address book says further
}

// Book is the address books of one configuration. Its methods may be called from everywhere at once.
type Book struct {
	store   *store.Store
	paths   []string
	command []string

	reading sync.Mutex // held by the one Refresh that reads
	files   map[string]*file
	cards   atomic.Pointer[[]card]
	limit   time.Duration // for the program
}

// New is a book over the store, folders of vCards or single files (absolute), and a program with its arguments.
func New(s *store.Store, paths, command []string) *Book {
	b := &Book{store: s, paths: paths, command: command, files: map[string]*file{}, limit: commandTime}
	b.cards.Store(&[]card{})
	return b
}

// HasFolders reports whether there is something to refresh.
func (b *Book) HasFolders() bool { return len(b.paths) > 0 }

// HasCommand reports whether there is a program to ask.
func (b *Book) HasCommand() bool { return len(b.command) > 0 }

// Known finds addresses by prefix of any word of a name or address, the most used first: those the store has learned
// and those of the cards read so far. limit 0: 50.
func (b *Book) Known(ctx context.Context, typed string, limit int) ([]Entry, error) {
	learned, err := b.store.Contacts(ctx, typed, limit)
	if err != nil {
		return nil, err
	}
	list := b.matching(typed)
	used, err := b.usesOf(ctx, list)
	if err != nil {
		return nil, err
	}
	return Rank(typed, limit, plain(learned), plain(used), list), nil
}

// Find asks all there is and waits for it. missed is what could not be asked and why; what the others know is
// found all the same.
func (b *Book) Find(ctx context.Context, typed string, limit int) (list []Entry, missed []error, err error) {
	missed = b.Refresh(ctx)
	known, err := b.Known(ctx, typed, limit)
	if err != nil {
		return nil, missed, err
	}
	asked, err := b.Ask(ctx, typed)
	if err != nil {
		missed = append(missed, err)
	}
	used, err := b.usesOf(ctx, asked)
	if err != nil {
		return nil, missed, err
	}
	return Rank(typed, limit, known, plain(used), asked), missed, nil
}

// matching are the cards' addresses that go on what is typed.
func (b *Book) matching(typed string) (list []Entry) {
	words := strings.Fields(query.Words(typed))
	for _, c := range *b.cards.Load() {
		if c.has(words) && len(list) < mostCards {
			list = append(list, c.entries...)
		}
	}
	return list
}

// usesOf is what the store knows of entries from elsewhere.
func (b *Book) usesOf(ctx context.Context, list []Entry) ([]store.Contact, error) {
	addrs := make([]string, len(list))
	for i, e := range list {
		addrs[i] = e.Addr
	}
	return b.store.ContactsOf(ctx, addrs)
}

func plain(list []store.Contact) []Entry {
	out := make([]Entry, len(list))
	for i, c := range list {
		out[i].Contact = c
	}
	return out
}

// Rank joins lists: an address stands once, with the name that its address book gives it and all that is
// known of its use, the most used first, but last those that only their domain has found (store.ByDomain). limit 0: 50.
func Rank(typed string, limit int, lists ...[]Entry) []Entry {
	if limit <= 0 {
		limit = 50
	}
	var out []Entry
	at := map[string]int{}
	for _, e := range slices.Concat(lists...) {
		key := strings.ToLower(e.Addr)
		i, there := at[key]
		if !there {
			at[key] = len(out)
			out = append(out, e)
			continue
		}
		out[i] = join(out[i], e)
	}
	late := map[string]int{}
	for _, e := range out {
		if store.ByDomain(typed, e.Contact) {
			late[e.Addr] = 1
		}
	}
	slices.SortStableFunc(out, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(late[x.Addr], late[y.Addr]), cmp.Compare(y.rank(), x.rank()), y.Last.Compare(x.Last))
	})
	return out[:min(limit, len(out))]
}

func (e Entry) rank() float64 {
	if e.Listed {
		return e.Worth + listedWorth
	}
	return e.Worth
}

// join is what two sources say of one address: of two address books the first counts.
func join(x, y Entry) Entry {
	if y.Name != "" && (x.Name == "" || y.Listed && !x.Listed) {
		x.Name = y.Name
	}
	if y.Last.After(x.Last) {
		x.Worth, x.Count, x.Last = y.Worth, y.Count, y.Last
	}
	x.Note = cmp.Or(x.Note, y.Note)
	x.Listed = x.Listed || y.Listed
	return x
}

// entry is an address of an address book, made clean; false when it is none.
func entry(name, addr, note string) (Entry, bool) {
	addr = strings.TrimSpace(addr)
	if len(addr) > 7 && strings.EqualFold(addr[:7], "mailto:") {
		addr = addr[7:]
	}
	if !store.Mailable(addr) {
		return Entry{}, false
	}
	note = message.CleanLine(strings.ToValidUTF8(note[:min(len(note), maxValue)], "")).String()
	return Entry{
		Contact: store.Contact{Name: store.PersonName(message.Address{Name: name, Addr: addr}), Addr: addr},
		Listed:  true, Note: strings.Join(strings.Fields(note), " "),
	}, true
}
