package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// The pump alone posts to the loop, from one place; nothing draws with
// functions of tview that take text for markup.
func TestLint(t *testing.T) {
	posts := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at := fset.Position(sel.Pos())
			switch name := sel.Sel.Name; name {
			case "QueueUpdateDraw":
				if posts++; path != "run.go" {
					t.Errorf("%s: only run.go, for the pump, calls %s", at, name)
				}
			case "QueueUpdate", "QueueEvent", "ForceDraw":
				t.Errorf("%s: %s is banned", at, name)
			case "NewTextView", "NewTable", "NewList", "NewModal", "NewForm", "NewDropDown", "NewTreeView", "NewFrame", "PrintSimple", "SetAutocompleteFunc", "SetPlaceholder":
				t.Errorf("%s: %s takes text for markup", at, name)
			case "Print":
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "tview" {
					t.Errorf("%s: tview.Print takes text for markup", at)
				}
			case "Sleep":
				t.Errorf("%s: nothing sleeps", at)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if posts != 1 {
		t.Errorf("QueueUpdateDraw is called from %d places", posts)
	}
}
