package agent_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/store"
)

// headersOnly keeps no bodies, and brings n messages.
func (h *house) headersOnly(n int) (ids []store.MessageID) {
	h.Helper()
	for i := range n {
		h.servers.Deliver("INBOX", message(fmt.Sprintf("letter%d", i)))
	}
	h.config.Accounts[0].Offline = []account.OfflineRule{{Pattern: "*"}}
	h.good()
	rows, err := h.store.List(h.Context(), store.ListQuery{Limit: 1000})
	if err != nil || len(rows) != n {
		h.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if r.HasBody {
			h.Fatalf("the body of %s was fetched", r.Subject)
		}
		ids = append(ids, r.ID)
	}
	return ids
}

func (h *house) hasBody(id store.MessageID) bool {
	h.Helper()
	r, err := h.store.Row(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return r.HasBody
}

// keep runs an agent until the returned function is called.
func (h *house) keep(o agent.Options) (g *agent.Agent, stop func()) {
	g = agent.New(o)
	ctx, cancel := context.WithCancel(h.Context())
	var wg sync.WaitGroup
	wg.Go(func() { g.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	h.Cleanup(stop)
	return g, stop
}

func (h *house) want(ids ...store.MessageID) {
	h.Helper()
	if n, err := h.store.WantBodies(h.Context(), ids); err != nil || n != len(ids) {
		h.Fatalf("%d wanted, %v", n, err)
	}
}

func TestWantedBodiesComeAtOnce(t *testing.T) {
	h := newHouse(t, "imaps")
	ids := h.headersOnly(3)
	o := h.options()
	o.Poll = time.Hour
	h.keep(o)
	h.want(ids[1])
	h.eventually("the body comes", func() bool { return h.hasBody(ids[1]) })
	if h.hasBody(ids[0]) || h.hasBody(ids[2]) {
		t.Error("more than was asked for")
	}
	h.want(ids[0])
	h.eventually("the next one too", func() bool { return h.hasBody(ids[0]) })
}

func TestWantedBodiesSurviveARestartWithoutNetwork(t *testing.T) {
	h := newHouse(t, "imaps")
	ids := h.headersOnly(2)
	url := *h.config.Accounts[0].Incoming
	h.config.Accounts[0].Incoming.Port = 1 // nobody is there
	o := h.options()
	o.Poll, o.Backoff = time.Hour, 20*time.Millisecond
	g, stop := h.keep(o)
	h.want(ids[0])
	h.eventually("it is tried in vain", func() bool { s := g.Status()[0]; return s.Trouble != nil && s.Trouble.Kind == account.KindNetwork })
	stop()
	if left, err := h.store.WantedBodies(t.Context(), h.id); err != nil || len(left) != 1 {
		t.Fatalf("%+v, %v", left, err)
	}
	*h.config.Accounts[0].Incoming = url
	h.good() // mua sync fetches it before anything else
	if !h.hasBody(ids[0]) || h.hasBody(ids[1]) {
		t.Error("not what was asked for")
	}
}

func TestFetchNow(t *testing.T) {
	h := newHouse(t, "imaps")
	ids := h.headersOnly(2)
	if err := h.servers.Expunge("INBOX", h.servers.List("INBOX")[0].UID); err != nil {
		t.Fatal(err)
	}
	refused, err := agent.Fetch(t.Context(), h.options(), h.config.Accounts[0], ids)
	if err != nil || len(refused) != 1 || !strings.Contains(refused[ids[1]].Words, "no longer") || !h.hasBody(ids[0]) {
		t.Errorf("%v, %v", refused, err)
	}
	h.servers.Close()
	refused, err = agent.Fetch(t.Context(), h.options(), h.config.Accounts[0], ids[1:])
	tr, ok := err.(*account.Trouble)
	if !ok || tr.Kind != account.KindNetwork || refused != nil {
		t.Errorf("%v, %v", refused, err)
	}
}

// A wish that a pull has to settle first does not keep the pull from happening.
func TestWishesDoNotStopThePull(t *testing.T) {
	h := newHouse(t, "imaps")
	ids := h.headersOnly(2)
	if err := h.servers.Renumber("INBOX"); err != nil {
		t.Fatal(err)
	}
	h.want(ids[0])
	h.good() // finds the new numbers
	h.good()
	if !h.hasBody(ids[0]) {
		t.Error("the message was not fetched under its new UID")
	}
}
