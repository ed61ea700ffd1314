package powerloss

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Kind of an operation on the folder.
type Kind int

// The operations.
const (
	Create   Kind = iota // a name comes into being, with an empty file
	Remove               // a name goes
	Rename               // a file changes its name
	Write                // of octets at an offset
	Truncate             // to a size; also what grows a file with zeros
	Sync                 // of a file
	SyncDir              // of the folder
)

// Op is one operation. File tells files from each other whatever they are called.
type Op struct {
	Kind       Kind
	File       int
	Name, To   string // of Create, Remove; Rename to To
	Offset     int64  // of Write; the size of Truncate
	Data       []byte
	Begin, End int // as of the Call
}

// Tape is everything that was done to a folder, in the order in which it was done.
type Tape struct {
	Dir   string
	Ops   []Op
	Names map[int]string // what each file was called first
}

// volatile files do not outlive the power.
func volatile(name string) bool { return strings.HasSuffix(name, "-shm") }

// Read makes the tape of a folder that did not exist when the record began. A call that changes a
// file in the folder in a way that is not modelled is an error.
func Read(calls []Call, dir string) (*Tape, error) {
	t := &Tape{Dir: dir, Names: map[int]string{}}
	now := map[string]int{} // names as the program sees them
	inside := func(path string) (name string, ok bool) {
		name, ok = strings.CutPrefix(path, dir+"/")
		return name, ok && !strings.HasSuffix(path, " (deleted)") && !strings.Contains(name, "/") && !volatile(name)
	}
	for i := range calls {
		c := &calls[i]
		add := func(op Op) {
			op.Begin, op.End = c.Begin, c.End
			t.Ops = append(t.Ops, op)
		}
		onFile := func(op Op) {
			if name, ok := inside(c.Path(0)); ok {
				if op.File, ok = now[name]; ok {
					add(op)
				}
			}
		}
		named := func(i int) (string, bool) { return inside(absolute(c, i)) }
		switch c.Name {
		case "openat":
			name, ok := inside(c.RetPath)
			if !ok || !strings.Contains(c.Args[2], "O_CREAT") && !strings.Contains(c.Args[2], "O_TRUNC") {
				continue
			}
			if _, there := now[name]; !there {
				now[name] = len(t.Names)
				t.Names[now[name]] = name
				add(Op{Kind: Create, File: now[name], Name: name})
			} else if strings.Contains(c.Args[2], "O_TRUNC") {
				add(Op{Kind: Truncate, File: now[name]})
			}
		case "pwrite64":
			onFile(Op{Kind: Write, Offset: c.Int(3), Data: c.Bytes(1)[:min(c.Ret, int64(len(c.Bytes(1))))]})
		case "ftruncate":
			onFile(Op{Kind: Truncate, Offset: c.Int(1)})
		case "fsync", "fdatasync":
			if c.Path(0) == dir {
				add(Op{Kind: SyncDir})
			} else {
				onFile(Op{Kind: Sync})
			}
		case "unlink", "unlinkat":
			if name, ok := named(map[string]int{"unlink": 0, "unlinkat": 1}[c.Name]); ok {
				add(Op{Kind: Remove, File: now[name], Name: name})
				delete(now, name)
			}
		case "rename", "renameat", "renameat2":
			from, to := 0, 1
			if c.Name != "rename" {
				from, to = 1, 3
			}
			name, ok := named(from)
			into, ok2 := named(to)
			if ok && ok2 {
				add(Op{Kind: Rename, File: now[name], Name: name, To: into})
				now[into] = now[name]
				delete(now, name)
			} else if ok || ok2 {
				return nil, fmt.Errorf("line %d: a rename into or out of the folder is not modelled", c.End+1)
			}
		default:
			for i := range c.Args {
				if name, ok := inside(c.Path(i)); ok && !strings.HasSuffix(name, ".lock") {
					return nil, fmt.Errorf("line %d: %s of %s is not modelled", c.End+1, c.Name, name)
				}
			}
		}
	}
	return t, nil
}

// absolute is the path that argument i gives, relative to the folder of the argument before.
func absolute(c *Call, i int) string {
	path := string(c.Bytes(i))
	if !filepath.IsAbs(path) && i > 0 {
		path = filepath.Join(c.Path(i-1), path)
	}
	return filepath.Clean(path)
}

// Relaxed is the tape of the same program with synchronous=NORMAL: SQLite then syncs a write-ahead
// log only before it is written back into the database.
func (t *Tape) Relaxed() *Tape {
	out := &Tape{Dir: t.Dir, Names: t.Names}
	for i, op := range t.Ops {
		if op.Kind == Sync && strings.HasSuffix(t.Names[op.File], "-wal") && !t.beforeCheckpoint(i) {
			continue
		}
		out.Ops = append(out.Ops, op)
	}
	return out
}

// beforeCheckpoint reports whether the next write after operation i is one of the database.
func (t *Tape) beforeCheckpoint(i int) bool {
	for _, op := range t.Ops[i+1:] {
		if op.Kind == Write {
			return !strings.HasSuffix(t.Names[op.File], "-wal")
		}
	}
	return false
}
