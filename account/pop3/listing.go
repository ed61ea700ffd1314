package pop3

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	gopop3 "github.com/knadh/go-pop3"

	"mua/account"
	"mua/account/wire"
)

// Bounds of what the server may send, in octets.
const (
	replySize = 4 << 10  // a status line
	listEntry = 128      // a line of LIST or UIDL (RFC 1939 7: at most 70 for the name)
	listSize  = 64 << 20 // LIST or UIDL as a whole
	topSize   = 1 << 20  // headers
)

// item is a message on the server.
type item struct {
	num    int    // its number in this session
	size   int64  // as the server says
	key    string // what the ledger calls it; "" until its text is here
	shared bool   // another message in this session has the same unique-id
}

// listing is what the server says it has.
type listing struct {
	items []item // by number, rising
	sound bool   // STAT, LIST and UIDL agree: deleting is safe
}

// expect lets the server send n octets and what one read may take along.
func (s *Session) expect(n int64) {
	s.conn.Allow(n + 2*readAhead)
}

// list asks for all messages, their sizes and names.
func (s *Session) list() (listing, error) {
	s.expect(replySize)
	n, _, err := s.pop.Stat()
	if err != nil {
		return listing{}, s.trouble(err)
	}
	if n <= 0 {
		return listing{sound: n == 0}, nil
	}
	bytes := min(int64(n)*listEntry, listSize)
	s.expect(bytes)
	sizes, err := s.pop.List(0)
	if err != nil {
		return listing{}, s.trouble(err)
	}
	l := listing{sound: len(sizes) == n}
	seen := make(map[int]int, len(sizes))
	for _, m := range sizes {
		if _, twice := seen[m.ID]; twice || m.ID < 1 || m.Size < 0 {
			l.sound = false
			continue
		}
		seen[m.ID] = len(l.items)
		l.items = append(l.items, item{num: m.ID, size: int64(m.Size)})
	}
	if err := s.name(&l, seen, bytes); err != nil {
		return listing{}, err
	}
	l.share()
	return l, nil
}

// name gives each message the name under which the ledger knows it.
func (s *Session) name(l *listing, at map[int]int, bytes int64) error {
	if s.caps.may("UIDL") {
		s.expect(bytes)
		uids, err := s.pop.Uidl(0)
		if err == nil {
			l.take(uids, at)
			return nil
		}
		if _, refused := refusal(err); !refused {
			return s.trouble(err)
		}
	}
	if s.caps.may("TOP") {
		return s.nameByTop(l)
	}
	return nil // known when the text is here
}

// take fits UIDL's answer to LIST's. What is not in both is left out, and nothing is deleted then.
func (l *listing) take(uids []gopop3.MessageID, at map[int]int) {
	l.sound = l.sound && len(uids) == len(l.items)
	for _, u := range uids {
		i, ok := at[u.ID]
		if !ok || l.items[i].key != "" {
			l.sound = false
			continue
		}
		l.items[i].key = uidlKey(u.UID)
	}
	named := l.items[:0]
	for _, it := range l.items {
		if it.key != "" {
			named = append(named, it)
		}
	}
	l.sound = l.sound && len(named) == len(l.items)
	l.items = named
}

// uidlKey is a unique-id as the ledger keeps it; one with odd octets or of odd length is kept as hash.
func uidlKey(uid string) string {
	if len(uid) > 200 || account.HasControl(uid) {
		return "hash:" + digest([]byte(uid))
	}
	return uid
}

// nameByTop names messages by their headers, for servers without UIDL. One that is refused is named when
// its text is here.
func (s *Session) nameByTop(l *listing) error {
	at := make(map[int]int, len(l.items))
	for i, it := range l.items {
		at[it.num] = i
	}
	top := func(it item) (string, int64) { return fmt.Sprintf("TOP %d 0", it.num), topSize }
	return s.stream(l.items, top, func(it item, header []byte, refused error) error {
		if refused == nil {
			l.items[at[it.num]].key = "top:" + digest(header)
		}
		return nil
	})
}

// share tells messages with the same name apart by their order. RFC 1939 7 lets identical messages
// have one; others do it by mistake. A blank cannot be in a unique-id.
func (l *listing) share() {
	count := map[string]int{}
	for _, it := range l.items {
		if it.key != "" {
			count[it.key]++
		}
	}
	nth := map[string]int{}
	for i := range l.items {
		it := &l.items[i]
		if it.key == "" || count[it.key] == 1 {
			continue
		}
		it.shared = true
		name := it.key
		if nth[name]++; nth[name] > 1 {
			it.key = fmt.Sprintf("%s %d", name, nth[name])
		}
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// refusal tells a -ERR, which go-pop3 returns as a bare error with the text, from an end of the
// connection or an answer that makes no sense.
func refusal(err error) (*wire.POP3Error, bool) {
	if err == nil {
		return nil, false
	}
	if _, ok := errors.AsType[*account.Trouble](err); ok {
		return nil, false
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return nil, false
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		return nil, false
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, false
	}
	text := err.Error()
	if strings.HasPrefix(text, "unknown response: ") || text == "malformed STAT response" {
		return nil, false
	}
	return &wire.POP3Error{Text: text}, true
}
