package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/archive"
)

func newBackup(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Copy the mail database while it is in use", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Backup writes the mail database as it is at this moment into FILE, while other mua processes
go on reading, writing, syncing and sending, and checks the copy. Everything is in
it: mail, drafts, outbox, wishes that have not reached the server yet. The
search index is not: it is made again.

To restore, put the file as mail.db into an empty data folder. What was waiting in the
outbox may have been sent since: nothing is sent from there before mua outbox confirm.`,
		Example: `  mua backup ~/mua-$(date +%F).db
  mua doctor --file ~/mua-2026-11-26.db
  mkdir -m 700 ~/restored && cp ~/mua-2026-11-26.db ~/restored/mail.db && mua --data ~/restored list`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.backup(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE when the new copy is whole")
	return cmd
}

func (a *app) backup(ctx context.Context, path string, force bool) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return backupTrouble(path, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist})
	}
	dir, err := a.dataFolder()
	if err != nil {
		return err
	}
	if isFolder(path) {
		return usagef("%s is a folder: give the name of a file", path)
	}
	if _, err := os.Stat(filepath.Join(dir, "mail.db")); errors.Is(err, fs.ErrNotExist) { // opening would make an empty one
		return &account.Trouble{Kind: account.KindNotFound, What: "there is no " + filepath.Join(dir, "mail.db"), Kept: "Nothing was written", Err: err}
	}
	if inFolder(path, dir) {
		return usagef("%s would be among the files of the mail store: give another folder", path)
	}
	a.noAside = true
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	tmp, err := os.CreateTemp(filepath.Dir(path), ".mua-backup-*")
	if err != nil {
		return backupTrouble(path, err)
	}
	if err := tmp.Close(); err != nil {
		return backupTrouble(path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone when all went well
	size, err := s.Backup(ctx, tmp.Name(), a.backupProgress())
	if a.live() {
		fmt.Fprint(a.err, "\r\x1b[2K")
	}
	if err == nil {
		err = archive.PutInPlace(tmp.Name(), path, force)
	}
	if err != nil {
		return backupTrouble(path, err)
	}
	if a.json {
		return a.emit(struct {
			File       string `json:"file"`
			Size       int64  `json:"size"`
			DurationMS int64  `json:"duration_ms"`
		}{path, size, time.Since(began).Milliseconds()})
	}
	a.talk("%s: %s, checked", path, humanSize(size))
	return nil
}

// live tells whether progress may be drawn.
func (a *app) live() bool { return isTerminal(a.err) && !a.quiet }

func (a *app) backupProgress() func(done, total int64) {
	if !a.live() {
		return nil
	}
	var last time.Time
	return func(done, total int64) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			fmt.Fprintf(a.err, "\r\x1b[2Kcopied %s of %s", humanSize(done), humanSize(total))
		}
	}
}

// inFolder tells whether a path is one of the database's own files.
func inFolder(path, dir string) bool {
	base := filepath.Base(path)
	if !strings.HasPrefix(base, "mail.db") && !strings.HasPrefix(base, "index.db") {
		return false
	}
	a, err := os.Stat(filepath.Dir(path))
	b, err2 := os.Stat(dir)
	return err == nil && err2 == nil && os.SameFile(a, b)
}

func backupTrouble(path string, err error) error {
	const kept = "No backup was made"
	t := &account.Trouble{Kind: account.KindCreate, Kept: kept, Err: err}
	e, isPath := errors.AsType[*fs.PathError](err)
	switch {
	case errors.Is(err, fs.ErrExist):
		t.What, t.Hint = path+" exists already", "--force replaces it"
	case errors.Is(err, store.ErrCorrupt):
		t.Kind, t.What, t.Hint = account.KindIO, "the copy is not sound, so the mail database is damaged: "+err.Error(), "mua doctor"
	case errors.Is(err, context.Canceled):
		t.Kind, t.What = account.KindTemporary, "interrupted"
	case isPath:
		t.What = fmt.Sprintf("cannot write %s: %v", path, e.Err)
	case errors.Is(err, store.ErrFull):
		t.What = "the disk is full"
	default:
		return err
	}
	return t
}
