package message

import (
	"bytes"
	"strings"

	"github.com/rivo/uniseg"
)

// maxTable is how wide a table may be, in columns, to have its cells set below each other: a wider one would be wrapped.
const maxTable = 76

// aligned sets the cells of table rows that follow each other, and have as many, below each other. gaps are where cells begin that
// stand two blanks behind another one.
func aligned(out []byte, gaps []int) []byte {
	res := make([]byte, 0, len(out)+len(out)/8)
	var rows [][]string
	flush := func() {
		res = appendRows(res, rows)
		rows = rows[:0]
	}
	for start := 0; start < len(out); {
		end := len(out)
		if i := bytes.IndexByte(out[start:], '\n'); i >= 0 {
			end = start + i
		}
		cells := []string{}
		at := start
		for len(gaps) > 0 && gaps[0] <= end {
			cells = append(cells, string(out[at:gaps[0]-2]))
			at, gaps = gaps[0], gaps[1:]
		}
		if len(rows) > 0 && (len(cells) == 0 || len(rows[0]) != len(cells)+1) {
			flush()
		}
		if len(cells) > 0 {
			rows = append(rows, append(cells, string(out[at:end])))
		} else {
			res = append(append(res, out[start:end]...), '\n')
		}
		start = end + 1
	}
	flush()
	return bytes.TrimSuffix(res, []byte("\n"))
}

// appendRows writes rows of as many cells each, padded unless there is but one or they are too wide.
func appendRows(res []byte, rows [][]string) []byte {
	var widths []int
	if len(rows) > 1 {
		widths = make([]int, len(rows[0]))
	}
	for _, r := range rows {
		for i := range widths {
			widths[i] = max(widths[i], columnsOf(r[i]))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	pad := len(rows) > 1 && total <= maxTable
	for _, r := range rows {
		for i, c := range r {
			res = append(res, c...)
			if i == len(r)-1 {
				break
			}
			if pad {
				res = append(res, strings.Repeat(" ", widths[i]-columnsOf(c))...)
			}
			res = append(res, ' ', ' ')
		}
		res = append(res, '\n')
	}
	return res
}

// columnsOf is how wide a cell is drawn, once it is cleaned.
func columnsOf(cell string) int { return uniseg.StringWidth(CleanLine(cell).String()) }
