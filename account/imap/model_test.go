package imap_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
	"mua/account/realservers"
)

// The model test interleaves at random what we do to the store, what another client does on the server,
// passes that are cut anywhere, and restarts. It claims: after each pass every wish is on the server, still pending, or
// in the journal; no action ever met the wrong message; nothing vanished that nobody removed; in the end store and
// server hold the same.
//
//	MUA_LONG=1        10,000 steps instead of some hundreds
//	MUA_MODEL_SEED=N  repeats a run
//	MUA_MODEL_STEPS=  a list such as 0-40,77: only these steps of it. Each step draws from its own generator,
//	                  so that leaving out others changes it as little as can be. A failure is cut down by itself:
//	                  it ends with such a list.

// modelServer is what a model runs against.
type modelServer struct {
	addr, caFile, user, password string               // IMAPS
	renumber                     func(mailbox string) // gives a mailbox a new UIDVALIDITY; nil: cannot
	byCopy                       bool                 // a move is a COPY and an EXPUNGE
}

func TestModelDemo(t *testing.T) {
	runModel(t, 300, func(t testing.TB) modelServer {
		srv := startDemo(t, demo.Options{})
		return modelServer{srv.IMAPS, srv.CAFile, srv.User, srv.Password, func(m string) { _ = srv.Renumber(m) }, false}
	})
}

// TestModelDemoPoor is a server without MOVE and UIDPLUS. There a move is a COPY first, and one whose answer was lost is
// looked for before it is done again. Only where another client moves one of the two on in between, there are two.
func TestModelDemoPoor(t *testing.T) {
	runModel(t, 100, func(t testing.TB) modelServer {
		srv := startDemo(t, demo.Options{Without: []string{"MOVE", "UIDPLUS", "LIST-STATUS"}})
		return modelServer{srv.IMAPS, srv.CAFile, srv.User, srv.Password, func(m string) { _ = srv.Renumber(m) }, true}
	})
}

func TestModelDovecot(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Users(40)) // one made later may be refused for a second
	next := 0
	runModel(t, 150, func(t testing.TB) modelServer {
		next++
		return modelServer{d.IMAPS, d.CAFile, fmt.Sprintf("u%d", next), realservers.Password, nil, false}
	})
}

// runModel runs a model of so many steps, ten thousand in the long mode, and cuts a failure down.
func runModel(t *testing.T, steps int, start func(testing.TB) modelServer) {
	seed := uint64(4711) // the same in every run that decides something
	if os.Getenv("MUA_LONG") != "" {
		seed = rand.Uint64() % 1_000_000
	}
	if s := os.Getenv("MUA_MODEL_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	if os.Getenv("MUA_LONG") != "" {
		steps = 10_000
	}
	list := make([]int, steps)
	for i := range list {
		list[i] = i
	}
	if s := os.Getenv("MUA_MODEL_STEPS"); s != "" {
		list = parseSteps(t, s)
	}
	t.Logf("MUA_MODEL_SEED=%d", seed)
	w, err := tryModel(t, seed, list, start)
	if err == nil {
		t.Log(w.tell())
		return
	}
	t.Errorf("%v\n%s", err, w.tail(40))
	if w.step >= 0 {
		list = list[:slices.Index(list, w.step)+1]
	}
	list, w, err = shrink(t, seed, list, start, w, err)
	t.Errorf("MUA_MODEL_SEED=%d MUA_MODEL_STEPS=%s go test ./account/imap -run %s\n%v\n%s", seed, showSteps(list), t.Name(), err, w.tail(200))
}

// shrink leaves out steps while the run still fails, in ever smaller pieces, for a bounded time.
func shrink(t *testing.T, seed uint64, list []int, start func(testing.TB) modelServer, w *world, err error) ([]int, *world, error) {
	end := time.Now().Add(4 * time.Minute)
	tries := 35
	for piece := len(list) / 2; piece >= 1 && tries > 0; piece /= 2 {
		for at := 0; at < len(list) && tries > 0 && time.Now().Before(end); tries-- {
			less := slices.Delete(slices.Clone(list), at, min(at+piece, len(list)))
			if w2, err2 := tryModel(t, seed, less, start); err2 != nil {
				list, w, err = less, w2, err2
				if w2.step >= 0 {
					list = list[:slices.Index(list, w2.step)+1]
				}
				continue
			}
			at += piece
		}
	}
	return list, w, err
}

// tryModel runs the steps of a list on a server and a store of their own.
func tryModel(t *testing.T, seed uint64, list []int, start func(testing.TB) modelServer) (w *world, err error) {
	w = newWorld(t, seed, start(t))
	defer func() {
		w.st.Close()
		if p := recover(); p != nil {
			f, ok := p.(failure)
			if !ok {
				panic(p)
			}
			err = fmt.Errorf("step %d: %s", w.step, string(f))
		}
	}()
	for _, n := range list {
		w.doStep(n)
	}
	w.step = -1
	w.converge()
	return w, nil
}

func parseSteps(t *testing.T, s string) (list []int) {
	for part := range strings.SplitSeq(s, ",") {
		lo, hi, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(lo)
		b := a
		if isRange && err == nil {
			b, err = strconv.Atoi(hi)
		}
		if err != nil {
			t.Fatalf("MUA_MODEL_STEPS: %v", err)
		}
		for ; a <= b; a++ {
			list = append(list, a)
		}
	}
	return list
}

func showSteps(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if j > i {
			parts = append(parts, fmt.Sprintf("%d-%d", list[i], list[j]))
		} else {
			parts = append(parts, strconv.Itoa(list[i]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}
