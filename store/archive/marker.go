package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// marker is a file in an exported tree whose folders at the top are accounts. Without it they are what they seem: a
// mailbox may have an account's name, above all local.
const marker = ".mua-export"

// HasAccounts tells whether a folder is an exported tree with a folder for each account at the top.
func HasAccounts(dir string) bool {
	st, err := os.Lstat(filepath.Join(dir, marker))
	return err == nil && st.Mode().IsRegular()
}

// mark puts the marker into a folder.
func mark(dir string) error {
	if HasAccounts(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, marker), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, "Written by mua export --tree: the folders here are accounts, and mua import --tree knows them by this file.")
	return errors.Join(err, f.Sync(), f.Close(), syncFolder(dir))
}
