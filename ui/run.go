package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/account"
	"mua/store/addressbook"
	"mua/store/message"
	"mua/ui/keys"
	"mua/ui/pump"
	"mua/ui/viewer"
)

// App is the running UI.
type App struct {
	o     Options
	now   func() time.Time
	app   *tview.Application
	pump  *pump.Pump
	keys  *keys.Map
	look  theme
	typed []string // keys of a sequence not yet complete

	layers []layer // bottom first; the last one has the keys
	mail   *mailView
	status statusLine
	w, h   int // of the screen when last drawn

	screen     tcell.Screen
	lastStroke string     // the key that led to the action under way
	lastQuery  string     // of the last search
	sent       []outgoing // messages sent from here, the oldest first
	wishes     int        // made here and not undone; it may go below 0, for undo goes on to those of earlier runs
	beating    bool       // a second is being waited for
	leaving    bool       // the end has been asked for
	gate       gate
	reading    chan struct{} // has room for as many messages as are parsed at once
	stored     storeState

	searches, commandHistory, pipes, finds, attached, laters, bounces history

	book     *addressbook.Book
	booking  pump.Slot       // reading the address books' files
	bookTold map[string]bool // what they could not answer, told once

	drafting pump.Slot // reading a message for an answer, a file, a link
	piping   pump.Slot

	programs viewer.Programs            // what opens attachments and links
	viewing  viewer.Folder              // attachments that are open
	autosave time.Duration              // least time between two autosaves
	onKey    func(*tcell.EventKey) bool // tests: sees keys first
}

func newApp(ctx context.Context, o Options) (*App, error) {
	u := &App{o: o, now: o.Now, app: tview.NewApplication(), autosave: time.Second / 2, reading: make(chan struct{}, 2)}
	if u.now == nil {
		u.now = time.Now
	}
	if u.o.Config == nil {
		u.o.Config = &account.Config{}
	}
	if o.Store != nil {
		o.Store.SetSearches(u.o.Config.SearchQueries())
	}
	u.programs = programs(u.o.Config)
	u.book = addressbook.New(o.Store, u.o.Config.Contacts, u.o.Config.AddressCommand)
	screen := o.Screen
	if screen == nil {
		s, err := tcell.NewScreen()
		if err != nil {
			return nil, &account.Trouble{Kind: account.KindOther, What: fmt.Sprintf("the terminal cannot be used (TERM=%s): %v", os.Getenv("TERM"), err),
				Hint: "mua list, mua show and mua send work without one", Err: err}
		}
		screen = s
	}
	wrapped := newTerminal(screen)
	if err := wrapped.Init(); err != nil {
		return nil, &account.Trouble{Kind: account.KindOther, What: "the terminal cannot be used: " + err.Error(),
			Hint: "mua list, mua show and mua send work without one", Err: err}
	}
	u.look = newTheme(o.NoColor || os.Getenv("NO_COLOR") != "")
	var warnings []string
	u.keys, warnings = keys.New(u.o.Config.KeyPreset, u.o.Config.Keys)
	u.pump = pump.New(ctx, func(f func()) {
		u.app.QueueUpdateDraw(func() {
			f()
			u.replay()
		})
	})
	u.screen = wrapped
	u.app.SetScreen(wrapped)
	u.app.EnableMouse(true).EnablePaste(true)
	u.mail = newMail(u)
	u.layers = []layer{u.mail}
	u.app.SetInputCapture(u.capture)
	u.app.SetRoot(newRoot(u), true)
	if o.News.Err != nil && !o.News.Read {
		u.status.fail(newsSource, o.News.Err)
	}
	for _, w := range append(warnings, u.o.Config.Warnings...) {
		u.status.fail("configuration: "+w, &account.Trouble{Kind: account.KindConfig, What: w})
	}
	return u, nil
}

// run is the event loop with the goroutines that feed it.
func (u *App) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u.start()
	go u.pump.Run(u.app.Stop)
	stopWatching := u.watch(ctx)
	err := u.app.Run()
	u.pump.Close()
	stopWatching()
	u.closeLayers()
	return errors.Join(err, u.viewing.Close())
}

// start loads what is shown first.
func (u *App) start() {
	u.mail.start()
	u.recoverDrafts()
	u.removeViewed()
	if u.o.Compose != nil {
		u.compose(u.o.Compose, 0)
	}
}

// quit ends the UI: the pump posts nothing more and then stops the loop.
func (u *App) quit() { u.pump.Close() }

// closeLayers lets what is open end: an unfinished text stays recoverable.
func (u *App) closeLayers() {
	for _, l := range u.layers {
		if c, ok := l.(interface{ Closed() }); ok {
			c.Closed()
		}
	}
}

// capture keeps Ctrl-C from ending the program by itself.
func (u *App) capture(ev *tcell.EventKey) *tcell.EventKey {
	if u.onKey != nil && u.onKey(ev) {
		return nil
	}
	if ev.Key() == tcell.KeyCtrlC {
		return tcell.NewEventKey(tcell.KeyCtrlC, 0, tcell.ModNone)
	}
	return ev
}

// text cleans one line for the screen.
func text(format string, args ...any) message.Text {
	if len(args) == 0 {
		return message.CleanLine(format)
	}
	return message.CleanLine(fmt.Sprintf(format, args...))
}
