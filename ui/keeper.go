package ui

import (
	"context"
	"time"

	"mua/account"
	"mua/outbox/compose"
	"mua/ui/keys"
	"mua/ui/pump"
	"mua/ui/rescue"
	"mua/ui/viewer"
)

// keeper writes a message under way to a place where it survives a crash, soon
// after each change, beside the loop.
type keeper struct {
	c     *composer
	wait  pump.Slot
	write pump.Slot
	place *rescue.Place
	ended bool
	dirty bool // changed since the last write began
	files bool // attachments changed since then
}

func (k *keeper) init(c *composer) { k.c, k.files = c, len(c.atts) > 0 }

// touched is told of every change.
func (k *keeper) touched() {
	if k.c == nil || k.ended {
		return
	}
	k.dirty = true
	k.plan()
}

// attached is told when attachments come or go.
func (k *keeper) attached() {
	k.files = true
	k.touched()
}

// plan starts a write a moment from now, unless one is planned or under way.
func (k *keeper) plan() {
	if k.wait.Busy() || k.write.Busy() {
		return
	}
	pause := k.c.u.autosave
	k.c.u.pump.Start(&k.wait, func(ctx context.Context) func() {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		return k.save
	})
}

// now writes without waiting for more.
func (k *keeper) now() {
	k.wait.Stop()
	if !k.write.Busy() {
		k.save()
	}
}

// save writes what there is now.
func (k *keeper) save() {
	if k.ended || !k.dirty {
		return
	}
	k.dirty = false
	d, files, place, root := k.c.snapshot(), k.files, k.place, k.c.u.rescueFolder()
	k.files = false
	k.c.u.pump.Start(&k.write, func(context.Context) func() {
		place, err := writeRescue(place, root, d, files)
		return func() { k.written(place, err, files) }
	})
}

// writeRescue writes a draft to its place, which is made the first time.
func writeRescue(place *rescue.Place, root string, d compose.Draft, files bool) (*rescue.Place, error) {
	if place == nil {
		p, err := rescue.New(root)
		if err != nil {
			return nil, err
		}
		place = p
	}
	attached := compose.Draft{Attachments: d.Attachments}
	d.Attachments = nil
	if err := place.Write(rescue.Text, d.Save()); err != nil || !files {
		return place, err
	}
	return place, place.Write(rescue.Files, attached.Save())
}

func (k *keeper) written(place *rescue.Place, err error, files bool) {
	k.place = place
	switch {
	case k.ended:
		k.remove()
	case err != nil:
		k.files = k.files || files
		k.c.u.oops("autosave", &account.Trouble{Kind: account.KindIO, What: "the text being written cannot be kept safe against a crash: " + err.Error(), Err: err})
	case k.dirty:
		k.plan()
	}
}

// end removes what was kept: the message is sent, stored or thrown away.
func (k *keeper) end() {
	k.ended = true
	k.wait.Stop()
	if !k.write.Busy() {
		k.remove()
	}
}

func (k *keeper) remove() {
	if place := k.place; place != nil {
		k.place = nil
		k.c.u.pump.Serial(func(context.Context) func() { place.Remove(); return nil })
	}
}

// flush writes what is not written yet, when mua ends; the loop has stopped.
func (k *keeper) flush() {
	if k.ended || !k.c.unsaved() {
		if k.place != nil {
			k.place.Remove()
		}
		return
	}
	place, err := writeRescue(k.place, k.c.u.rescueFolder(), k.c.snapshot(), k.files)
	if err == nil {
		place.Leave()
	}
}

func (u *App) rescueFolder() string { return rescue.Folder(u.o.Store.Dir()) }

// recoverDrafts takes up texts that an earlier run could not finish: they become drafts.
func (u *App) recoverDrafts() {
	st, root := u.o.Store, u.rescueFolder()
	identities := u.identities()
	u.pump.Serial(func(ctx context.Context) func() {
		n := 0
		err := rescue.Each(root, func(l rescue.Left) error {
			d := compose.Resume(l.Text)
			if l.Files != nil {
				d.Attachments = compose.Resume(l.Files).Attachments
			}
			if l.Body != nil {
				d.Text = string(l.Body)
			}
			owner := "local"
			if i := chooseIdentity(identities, d.From, ""); i < len(identities) {
				owner = identities[i].account.Name
			}
			n++
			return keepDraft(ctx, st, *d, owner, 0)
		})
		return func() {
			if err != nil {
				u.oops("recovery", err)
			}
			if n > 0 {
				u.say("%s from last time: in Drafts%s", count(n, "unfinished text"), u.whereDrafts())
				u.storeChanged()
			}
		}
	})
}

// externalEditor lets the person write the text in their editor.
func (c *composer) externalEditor() {
	u, root, place, body := c.u, c.u.rescueFolder(), c.keep.place, c.body.GetText()
	c.u.modal(&c.work, func(context.Context) func() {
		var err error
		if place == nil {
			place, err = rescue.New(root)
		}
		path := ""
		if err == nil {
			path, err = place.BeginEdit([]byte(body))
		}
		return func() {
			if err != nil {
				u.oops("editor", err)
				return
			}
			c.keep.place = place
			c.runEditor(place, path)
		}
	})
}

// runEditor gives the terminal to the editor and takes its text over.
func (c *composer) runEditor(place *rescue.Place, path string) {
	words := c.u.editorCommand()
	failed := c.u.onTerminal(viewer.Command{Argv: append(words, path)}, func(error) {})
	body, err := place.EndEdit()
	switch {
	case err != nil:
		c.u.oops("editor", err)
		return
	case failed != nil:
		c.u.oops("editor", &account.Trouble{Kind: account.KindOther, What: words[0] + ": " + cause(failed).Error(), Kept: "The text is as the editor left it",
			Hint: "set editor in the configuration, or $EDITOR; " + c.u.keys.Key(keys.Edit, keys.Review) + " writes here", Err: failed})
	}
	c.body.SetText(text2(string(body)), false)
	c.keep.now()
	c.toReview()
}
