package imap

import (
	"math/rand/v2"
	"testing"

	"mua/store"
)

func TestReplaySetsFitIntoACommand(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, step := range []uint32{1, 2, 3, 1000} {
		var actions []store.Action
		uid := uint32(1)
		for range 20_000 {
			actions = append(actions, store.Action{UID: uid})
			uid += 1 + r.Uint32N(step)
		}
		r.Shuffle(len(actions), func(i, j int) { actions[i], actions[j] = actions[j], actions[i] })
		seen := map[uint32]bool{}
		parts := replaySets(actions)
		for i, p := range parts {
			set := uidSet(uidsOfActions(p)).String()
			if len(set) > maxReplayText {
				t.Errorf("step %d: a set of %d octets", step, len(set))
			}
			if i < len(parts)-1 && len(set) < maxReplayText-50 {
				t.Errorf("step %d: part %d has only %d octets", step, i, len(set))
			}
			for _, a := range p {
				seen[a.UID] = true
			}
		}
		if len(seen) != len(actions) {
			t.Errorf("step %d: %d of %d", step, len(seen), len(actions))
		}
		t.Logf("step %d: %d commands for %d", step, len(parts), len(actions))
	}
}
