package ui

import (
	"context"
	"time"

	"mua/account"
	"mua/store/addressbook"
	"mua/ui/pump"
)

// typingPause is how long nothing is typed before files and programs are asked: a quick hand starts none of them.
const typingPause = 120 * time.Millisecond

// pause waits until the person has stopped typing; false when the next key came first.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(typingPause):
		return true
	}
}

// readBook reads the address books' files beside the loop, so that the first key finds them in memory.
func (u *App) readBook() {
	if !u.book.HasFolders() {
		return
	}
	book := u.book
	u.pump.Start(&u.booking, func(ctx context.Context) func() {
		missed := book.Refresh(ctx)
		return func() { u.bookMissed(missed...) }
	})
}

// bookMissed tells what an address book could not answer, once for the same.
func (u *App) bookMissed(missed ...error) {
	for _, err := range missed {
		words := err.Error()
		if u.bookTold[words] {
			continue
		}
		if u.bookTold == nil {
			u.bookTold = map[string]bool{}
		}
		u.bookTold[words] = true
		u.oops(words, &account.Trouble{Kind: account.KindOther, What: words, Err: err})
	}
}

// askBooks asks what takes its time, once the person pauses: the folders' files, should they have changed, and the program.
// What they know comes to more while nothing else has been typed; dropping the slots ends them.
func (u *App) askBooks(files, program *pump.Slot, token string, more func([]addressbook.Entry)) {
	book := u.book
	if book.HasFolders() {
		u.pump.Start(files, func(ctx context.Context) func() {
			if !pause(ctx) {
				return nil
			}
			missed := book.Refresh(ctx)
			list, err := book.Known(ctx, token, offered)
			if err != nil {
				return nil
			}
			return func() { u.bookMissed(missed...); more(list) }
		})
	}
	if book.HasCommand() {
		u.pump.Start(program, func(ctx context.Context) func() {
			if !pause(ctx) {
				return nil
			}
			list, err := book.Ask(ctx, token)
			return func() {
				if err != nil {
					u.bookMissed(err)
				}
				more(list)
			}
		})
	}
}
