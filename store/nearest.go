package store

import (
	"context"
	"slices"

	"mua/store/message"
	"mua/store/query"
)

// NearestMailbox is the mailbox of an account (0: of any) whose name was likely meant by one that is none; "" when there
// is nothing like it.
func (s *Store) NearestMailbox(ctx context.Context, a AccountID, name string) (near string) {
	_ = s.read(ctx, func(q querier) error { // what cannot be read is not near
		boxes, err := boxesByID(ctx, q)
		near = nearestBox(boxes, a, name)
		return err
	})
	return near
}

func nearestBox(boxes map[MailboxID]*Mailbox, a AccountID, name string) string {
	whole := map[string]string{} // of what a name may be given as, folded
	for _, b := range boxes {
		if a == 0 || b.Account == a {
			whole[query.Fold(b.Name)] = b.Name
		}
	}
	names := make([]string, 0, len(whole))
	for n := range whole {
		names = append(names, n)
	}
	slices.Sort(names)
	return whole[query.Nearest(query.Fold(name), names)]
}

// meant asks whether what is near was meant; "" when nothing is.
func meant(near string) string {
	if near == "" {
		return ""
	}
	return ", did you mean " + message.CleanLine(near).String() + "?"
}
