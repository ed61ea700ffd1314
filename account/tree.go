package account

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// pos is a place in the file, from 1.
type pos struct{ line, col int }

func (p pos) before(q pos) bool { return p.line < q.line || p.line == q.line && p.col < q.col }

// value is a TOML value with its place. go-toml's own decoder knows neither the order of
// tables nor the place of a value that is well-formed but wrong, and both matter here.
type value struct {
	at   pos
	kind unstable.Kind // String, Integer, Bool, Array, InlineTable (any table), or what else TOML has
	text string        // String: its content; others: as written
	list []*value      // Array
	tbl  *table        // InlineTable
}

// table is a TOML table, its keys in the file's order.
type table struct {
	at   pos
	keys []string
	vals map[string]*entry
}

type entry struct {
	at  pos // of the key
	val *value
}

func newTable(at pos) *table { return &table{at: at, vals: map[string]*entry{}} }

func (t *table) put(key string, at pos, v *value) {
	if _, ok := t.vals[key]; !ok {
		t.keys = append(t.keys, key)
	}
	t.vals[key] = &entry{at, v}
}

// tomlError is a syntax error with its place.
type tomlError struct {
	at  pos
	msg string
}

func (e *tomlError) Error() string { return e.msg }

// parseTree checks the syntax of data and reads it into a table. The error is a *tomlError.
func parseTree(data []byte) (*table, error) {
	if err := toml.Unmarshal(data, new(map[string]any)); err != nil {
		return nil, syntax(err)
	}
	root := newTable(pos{1, 1})
	b := &builder{lines: newLines(data)}
	b.p.Reset(data)
	current := root
	for b.p.NextExpression() {
		e := b.p.Expression()
		switch e.Kind {
		case unstable.Table:
			current = b.open(root, e.Key(), false)
		case unstable.ArrayTable:
			current = b.open(root, e.Key(), true)
		case unstable.KeyValue:
			b.set(current, e)
		}
	}
	if err := b.p.Error(); err != nil {
		return nil, syntax(err)
	}
	return root, nil
}

func syntax(err error) error {
	msg := strings.TrimPrefix(err.Error(), "toml: ")
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, col := d.Position()
		return &tomlError{pos{line, col}, msg}
	}
	return &tomlError{pos{1, 1}, msg}
}

// builder turns go-toml's expressions into tables.
type builder struct {
	p     unstable.Parser
	lines lines
}

// open returns the table a header names, making what is missing on the way.
func (b *builder) open(t *table, key unstable.Iterator, array bool) *table {
	for key.Next() {
		k := key.Node()
		at := b.lines.pos(int(k.Raw.Offset))
		if array && k.Next() == nil {
			return appendTable(t, string(k.Data), at)
		}
		t = child(t, string(k.Data), at)
	}
	return t
}

// child is the table under key, for an array of tables its last one.
func child(t *table, key string, at pos) *table {
	if e, ok := t.vals[key]; ok {
		v := e.val
		if v.kind == unstable.Array && len(v.list) > 0 {
			v = v.list[len(v.list)-1]
		}
		if v.tbl != nil {
			return v.tbl
		}
	}
	c := newTable(at)
	t.put(key, at, &value{at: at, kind: unstable.InlineTable, tbl: c})
	return c
}

func appendTable(t *table, key string, at pos) *table {
	c := newTable(at)
	v := &value{at: at, kind: unstable.InlineTable, tbl: c}
	if e, ok := t.vals[key]; ok && e.val.kind == unstable.Array {
		e.val.list = append(e.val.list, v)
	} else {
		t.put(key, at, &value{at: at, kind: unstable.Array, list: []*value{v}})
	}
	return c
}

// set puts a key = value line where its dotted key says.
func (b *builder) set(t *table, kv *unstable.Node) {
	key := kv.Key()
	for key.Next() {
		k := key.Node()
		at := b.lines.pos(int(k.Raw.Offset))
		if next := k.Next(); next == nil || next.Kind != unstable.Key {
			t.put(string(k.Data), at, b.value(kv.Value(), at))
			return
		}
		t = child(t, string(k.Data), at)
	}
}

// value reads a value; one whose own place go-toml does not tell is placed at its key.
func (b *builder) value(n *unstable.Node, at pos) *value {
	if n.Raw.Length > 0 {
		at = b.lines.pos(int(n.Raw.Offset))
	}
	v := &value{at: at, kind: n.Kind, text: string(n.Data)}
	switch n.Kind {
	case unstable.Array:
		for it := n.Children(); it.Next(); {
			if it.Node().Kind != unstable.Comment {
				v.list = append(v.list, b.value(it.Node(), at))
			}
		}
	case unstable.InlineTable:
		v.tbl = newTable(at)
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				b.set(v.tbl, it.Node())
			}
		}
	}
	return v
}

// lines finds the line and column of an offset.
type lines []int // offsets of line starts

func newLines(data []byte) lines {
	l := lines{0}
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return l
		}
		i += n + 1
		l = append(l, i)
	}
}

func (l lines) pos(offset int) pos {
	lo, hi := 0, len(l)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return pos{lo + 1, offset - l[lo] + 1}
}

// kindName is what TOML calls a value, for errors.
func (v *value) kindName() string {
	switch v.kind {
	case unstable.String:
		return "a string"
	case unstable.Integer:
		return "an integer"
	case unstable.Float:
		return "a number"
	case unstable.Bool:
		return "true or false"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable:
		return "a table"
	}
	return "a date or time"
}

func (v *value) isString() bool { return v.kind == unstable.String }
func (v *value) isBool() bool   { return v.kind == unstable.Bool }

// integer reads an Integer in any of TOML's notations.
func (v *value) integer() (int64, bool) {
	if v.kind != unstable.Integer {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 0, 64)
	return n, err == nil
}

func (p pos) String() string { return fmt.Sprintf("%d:%d", p.line, p.col) }
