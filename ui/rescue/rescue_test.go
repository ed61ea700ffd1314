package rescue

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func collect(t *testing.T, root string) []Left {
	t.Helper()
	var out []Left
	if err := Each(root, func(l Left) error { out = append(out, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPlaceInUseIsLeftAlone(t *testing.T) {
	root := Folder(t.TempDir())
	if got := collect(t, root); got != nil {
		t.Errorf("found %v", got)
	}
	p, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(Text, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := p.Write(Text, []byte("second")); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, root); got != nil {
		t.Errorf("found %v", got)
	}
	p.Leave()
	got := collect(t, root)
	if len(got) != 1 || string(got[0].Text) != "second" || got[0].Files != nil {
		t.Errorf("found %q", got)
	}
	if again := collect(t, root); again != nil {
		t.Errorf("found again %q", again)
	}
}

func TestKeptUntilRecovered(t *testing.T) {
	root := Folder(t.TempDir())
	p, _ := New(root)
	p.Write(Text, []byte("x"))
	p.Leave()
	if err := Each(root, func(Left) error { return errors.New("no") }); err == nil {
		t.Error("the failure is not told")
	}
	if got := collect(t, root); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

func TestEdit(t *testing.T) {
	root := Folder(t.TempDir())
	p, _ := New(root)
	path, err := p.BeginEdit([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, root: 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if err := os.WriteFile(path, []byte("after\r\nb\xffd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := p.EndEdit(); err != nil || string(got) != "after\nb\ufffdd\n" {
		t.Errorf("%q %v", got, err)
	}
	p.Remove()
	if list, _ := os.ReadDir(root); len(list) != 0 {
		t.Errorf("left: %v", list)
	}
}

func TestEditorDied(t *testing.T) {
	root := Folder(t.TempDir())
	p, _ := New(root)
	p.BeginEdit([]byte("being edited"))
	p.Leave()
	if got := collect(t, root); len(got) != 1 || string(got[0].Body) != "being edited" {
		t.Errorf("found %q", got)
	}
}
