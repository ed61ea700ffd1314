package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the path that our packages begin with.
const module = "mua/"

// arrows says which of our packages each package may import; what is not listed
// may not. "store/..." stands for store and everything below; a line of its own
// goes before it. The reasons are in ARCHITECTURE.md.
func arrows() map[string][]string {
	server := []string{"account", "account/wire", "account/imap/guard", "store", "store/message"}
	return map[string][]string{
		"store/message":       {},
		"store/query":         {},
		"store/thread":        {"store/query"}, // subjects are folded as a search folds them
		"store":               {"store/message", "store/query", "store/thread", "store/index"},
		"store/index":         {"store/query"},
		"store/powerloss":     {},
		"store/archive":       {"store", "store/message"},
		"store/addressbook":   {"store", "store/message", "store/query"},
		"account":             {"store/query"}, // the name that may be meant by a wrong one
		"account/wire":        {"account"},
		"account/imap":        append([]string{"store/query"}, server...), // a query becomes SEARCH keys
		"account/imap/guard":  server,
		"account/pop3":        server,
		"account/demo":        {},
		"account/realservers": {"account/demo"},
		"account/agent":       {"account/...", "store/...", "outbox/..."},
		"outbox":              {"account", "store", "store/message"},
		"outbox/compose":      {"account", "store", "store/message"},
		"outbox/submit":       {"account", "account/wire", "outbox"},
		"ui":                  {"account", "store/...", "outbox", "outbox/compose", "ui/..."},
		"ui/...":              {"store/message", "store/query", "ui/..."}, // tools of the screen: they know no mail store
		"cmd/mua":             {"account/...", "store/...", "outbox/...", "ui"},
		"cmd/mua/trial":       {},
	}
}

// forTests may be imported by a package's test files, on top of its arrows.
func forTests(name string) []string {
	servers := []string{"account/demo", "account/realservers"}
	if name == "cmd/mua/trial" { // it looks into the stores of the program it tries
		return append(servers, "account", "outbox", "store", "store/...")
	}
	if name == "outbox/submit" { // the whole way out: a session under a flusher over the real store
		return append(servers, "store", "store/message")
	}
	return servers
}

// tooLong lists files that may have more than maxLines lines, with the reason.
func tooLong() map[string]string { return map[string]string{} }

const maxLines = 500

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return out
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
}

func TestArrows(t *testing.T) {
	dec := json.NewDecoder(bytes.NewReader(goList(t, "-json=ImportPath,Imports,TestImports,XTestImports", "./...")))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		allowed, known := arrowsOf(p.name())
		if !known {
			t.Errorf("%s is not in the table of arrows: say in ARCHITECTURE.md what it is for, and here what it may import", p.name())
			continue
		}
		checkImports(t, p.name(), p.Imports, allowed)
		tests := append(append([]string{p.name()}, forTests(p.name())...), allowed...)
		checkImports(t, p.name()+" (its tests)", append(p.TestImports, p.XTestImports...), tests)
	}
}

func arrowsOf(name string) ([]string, bool) {
	if allowed, ok := arrows()[name]; ok {
		return allowed, true
	}
	top, _, _ := strings.Cut(name, "/")
	allowed, ok := arrows()[top+"/..."]
	return allowed, ok
}

func checkImports(t *testing.T, who string, imports, allowed []string) {
	t.Helper()
	for _, i := range imports {
		name, ours := strings.CutPrefix(i, module)
		if ours && !permitted(name, allowed) {
			t.Errorf("%s may not import %s; its arrows: %v", who, name, allowed)
		}
	}
}

func permitted(name string, allowed []string) bool {
	for _, a := range allowed {
		tree, all := strings.CutSuffix(a, "/...")
		if name == a || all && (name == tree || strings.HasPrefix(name, tree+"/")) {
			return true
		}
	}
	return false
}

// TestBinaryHasNoTestServers: the harness with Dovecot and Postfix never gets
// into the program, by whatever path.
func TestBinaryHasNoTestServers(t *testing.T) {
	deps := strings.Fields(string(goList(t, "-deps", "./cmd/mua")))
	for _, unwanted := range []string{module + "account/realservers", module + "store/powerloss", "testing"} {
		if slices.Contains(deps, unwanted) {
			t.Errorf("mua depends on %s", unwanted)
		}
	}
}

// queueFile alone may call what touches tview's event loop: there the pump gets
// its way to the screen (see the rules at the top of ui).
const queueFile = "ui/run.go"

// TestHouseRules: no init functions, no regexp that every start of the program waits for, no file too long, and under ui only
// queueFile touches the event loop's queue.
func TestHouseRules(t *testing.T) {
	dir := root(t)
	fset := token.NewFileSet()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") && rel != "." || e.Name() == "testdata") {
			return filepath.SkipDir
		}
		if e.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(src, []byte("\n")); n > maxLines && tooLong()[filepath.ToSlash(rel)] == "" {
			t.Errorf("%s has %d lines: more than one idea?", rel, n)
		}
		file, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		slash := filepath.ToSlash(rel)
		checkInit(t, fset, file)
		if !strings.HasSuffix(slash, "_test.go") {
			checkRegexps(t, fset, file)
		}
		if strings.HasPrefix(slash, "ui/") && slash != queueFile && !strings.HasSuffix(slash, "_test.go") {
			checkQueue(t, fset, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkInit(t *testing.T, fset *token.FileSet, file *ast.File) {
	t.Helper()
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			t.Errorf("%s: no init functions: wire things up where it can be seen", fset.Position(f.Pos()))
		}
	}
}

// checkRegexps finds regexps that are compiled when the program starts, whatever it is started for.
func checkRegexps(t *testing.T, fset *token.FileSet, file *ast.File) {
	t.Helper()
	for _, d := range file.Decls {
		vars, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		ast.Inspect(vars, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if ok && strings.Contains(sel.Sel.Name, "Compile") {
				t.Errorf("%s: compile it when it is first needed (sync.OnceValue)", fset.Position(sel.Pos()))
			}
			_, later := n.(*ast.FuncLit)
			return !later
		})
	}
}

// checkQueue finds calls of tview.Application's QueueUpdate, QueueUpdateDraw,
// QueueEvent, ForceDraw and Draw (a widget's Draw takes a screen, the
// application's nothing).
func checkQueue(t *testing.T, fset *token.FileSet, file *ast.File) {
	t.Helper()
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name := sel.Sel.Name
		if strings.HasPrefix(name, "QueueUpdate") || name == "QueueEvent" || (name == "Draw" || name == "ForceDraw") && len(call.Args) == 0 {
			t.Errorf("%s: %s: only the pump may (%s)", fset.Position(call.Pos()), name, queueFile)
		}
		return true
	})
}
