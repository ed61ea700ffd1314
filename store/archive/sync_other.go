//go:build !linux

package archive

import (
	"io/fs"
	"os"
	"path/filepath"
)

// syncTree makes the files below a folder durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := f.Sync(); err != nil && !e.IsDir() {
			_ = f.Close()
			return err
		}
		return f.Close()
	})
}
