package compose

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"mua/account"
)

// maxFile is the most one file may have, in octets. No server takes as much; it
// keeps a slip of the finger (/dev/zero) from filling the memory.
const maxFile = 1 << 30

// ReadFile reads a file for a message whole, once: what happens to it later does not
// matter. verb says what for ("attach", "read"). A file that is not there, not
// readable, a folder or too large, one that loses octets while it is read, and a pipe
// into which nobody writes (which would be waited for without end) is an
// *account.Trouble of KindNotFound that names it.
func ReadFile(verb, path string) ([]byte, error) {
	data, err := readFile(path)
	if err == nil {
		return data, nil
	}
	reason := err
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pe.Err
	}
	return nil, &account.Trouble{
		Kind: account.KindNotFound, Err: err, Kept: "Nothing was spooled",
		What: fmt.Sprintf("cannot %s %q: %v", verb, oneLine(path), reason),
	}
}

func readFile(path string) ([]byte, error) {
	// To open a pipe that nobody writes to must not wait for one who does.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case info.Mode().IsRegular() && info.Size() > maxFile:
		return nil, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return readWhole(file, info)
}

// readWhole reads what a file had when it was opened, and what has come since.
func readWhole(r io.Reader, info fs.FileInfo) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFile:
		return nil, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	case len(data) == 0 && info.Mode().Type() == fs.ModeNamedPipe:
		return nil, errors.New("it is a pipe, and nothing came out of it")
	case info.Mode().IsRegular() && int64(len(data)) < info.Size():
		return nil, fmt.Errorf("it got shorter while it was read: %d octets of %d", len(data), info.Size())
	}
	return data, nil
}
