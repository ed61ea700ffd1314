package imap

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// uidSet makes a set of UIDs in any order.
func uidSet(uids []uint32) imap.UIDSet {
	sorted := slices.Clone(uids)
	slices.Sort(sorted)
	var set imap.UIDSet
	for _, u := range sorted {
		if n := len(set); n > 0 && (set[n-1].Stop == imap.UID(u) || set[n-1].Stop == imap.UID(u-1)) {
			set[n-1].Stop = imap.UID(u)
		} else {
			set = append(set, imap.UIDRange{Start: imap.UID(u), Stop: imap.UID(u)})
		}
	}
	return set
}

// maxReplayText bounds a UID set in a command that carries wishes out: with the rest of the command it stays under the
// 8,192 octets that even old servers take (RFC 7162 4).
const maxReplayText = 8000

// replaySets cuts wishes, sorted by UID, so that each part's set fits into a command: as few commands as that allows.
func replaySets(actions []store.Action) [][]store.Action {
	sorted := slices.Clone(actions)
	slices.SortStableFunc(sorted, func(a, b store.Action) int { return cmp.Compare(a.UID, b.UID) })
	var out [][]store.Action
	for len(sorted) > 0 {
		n := setPrefix(sorted)
		out, sorted = append(out, sorted[:n]), sorted[n:]
	}
	return out
}

// setPrefix is how many of the first sorted wishes have a set of at most maxReplayText octets.
func setPrefix(sorted []store.Action) int {
	octets, from := 0, 0 // of the ranges closed so far; where the open one begins
	digits := func(uid uint32) int { return len(strconv.FormatUint(uint64(uid), 10)) }
	for i := range sorted {
		if i > from && sorted[i].UID > sorted[i-1].UID+1 {
			octets += digits(sorted[from].UID) + 1
			if i-1 > from {
				octets += digits(sorted[i-1].UID) + 1
			}
			from = i
		}
		if i > 0 && octets+2*digits(sorted[i].UID)+1 > maxReplayText {
			return i
		}
	}
	return len(sorted)
}

// ranges is a set of UIDs as the server told it, never listed one by one: 1:4294967295 is
// a dozen octets.
type ranges []imap.UIDRange

// rangesOf makes a sorted set without overlaps.
func rangesOf(set imap.NumSet) ranges {
	us, _ := set.(imap.UIDSet)
	r := make(ranges, 0, len(us))
	for _, x := range us {
		if x.Start > x.Stop {
			x.Start, x.Stop = x.Stop, x.Start
		}
		if x.Start > 0 {
			r = append(r, x)
		}
	}
	slices.SortFunc(r, func(a, b imap.UIDRange) int { return int(int64(a.Start) - int64(b.Start)) })
	out := r[:0]
	for _, x := range r {
		if n := len(out); n > 0 && x.Start <= out[n-1].Stop {
			out[n-1].Stop = max(out[n-1].Stop, x.Stop)
		} else {
			out = append(out, x)
		}
	}
	return out
}

// count is how many UIDs there are.
func (r ranges) count() (n uint64) {
	for _, x := range r {
		n += uint64(x.Stop) - uint64(x.Start) + 1
	}
	return n
}

// has tells whether uid is among them.
func (r ranges) has(uid uint32) bool {
	i, found := slices.BinarySearchFunc(r, imap.UID(uid), func(x imap.UIDRange, u imap.UID) int {
		switch {
		case x.Stop < u:
			return -1
		case x.Start > u:
			return 1
		}
		return 0
	})
	return found && i < len(r)
}

// list gives the UIDs one by one, nil when there are more than limit.
func (r ranges) list(limit int) []uint32 {
	if r.count() > uint64(limit) {
		return nil
	}
	var out []uint32
	for _, x := range r {
		for u := uint64(x.Start); u <= uint64(x.Stop); u++ {
			out = append(out, uint32(u))
		}
	}
	return out
}

// listSet gives a server's set in its own order (COPYUID pairs by order), nil when it is not of n UIDs.
func listSet(set imap.NumSet, n int) []uint32 {
	us, _ := set.(imap.UIDSet)
	var total uint64
	for _, x := range us {
		if x.Start == 0 || x.Stop < x.Start {
			return nil
		}
		total += uint64(x.Stop) - uint64(x.Start) + 1
	}
	if total != uint64(n) {
		return nil
	}
	out := make([]uint32, 0, n)
	for _, x := range us {
		for u := uint64(x.Start); u <= uint64(x.Stop); u++ {
			out = append(out, uint32(u))
		}
	}
	return out
}
