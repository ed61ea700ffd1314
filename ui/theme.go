package ui

import "github.com/gdamore/tcell/v2"

// theme is how things look. It uses the terminal's own background and its
// sixteen colours, so that it suits light and dark ones; without colours the
// attributes alone tell things apart.
type theme struct {
	plain, dim, bold      tcell.Style
	bar, barStrong        tcell.Style // the top line
	cursor, cursorBlur    tcell.Style // the selected line, with and without the keys
	unread, flagged, mark tcell.Style
	accent                tcell.Style // names of keys, of header fields
	link, warn, good      tcell.Style
	frame, title          tcell.Style // overlays
	field                 tcell.Style // text being typed
	selection             tcell.Style // marked text in it
	quotes                []tcell.Style
}

func newTheme(noColor bool) theme {
	p := tcell.StyleDefault
	if noColor {
		return theme{
			plain: p, dim: p.Dim(true), bold: p.Bold(true),
			bar: p.Reverse(true), barStrong: p.Reverse(true).Bold(true),
			cursor: p.Reverse(true), cursorBlur: p.Underline(true),
			unread: p.Bold(true), flagged: p.Bold(true), mark: p.Bold(true),
			accent: p.Bold(true), link: p.Underline(true), warn: p.Bold(true), good: p,
			frame: p, title: p.Bold(true), field: p.Underline(true), selection: p.Reverse(true),
			quotes: []tcell.Style{p, p.Dim(true)},
		}
	}
	fg := func(c int) tcell.Style { return p.Foreground(tcell.PaletteColor(c)) }
	bar := p.Background(tcell.PaletteColor(4)).Foreground(tcell.PaletteColor(15))
	return theme{
		plain: p, dim: p.Dim(true), bold: p.Bold(true),
		bar: bar, barStrong: bar.Bold(true),
		cursor: p.Reverse(true), cursorBlur: p.Foreground(tcell.PaletteColor(6)).Underline(true),
		unread: p.Bold(true), flagged: fg(3).Bold(true), mark: fg(5).Bold(true),
		accent: fg(6), link: fg(4).Underline(true), warn: fg(1).Bold(true), good: fg(2),
		frame: fg(6), title: fg(6).Bold(true), field: p.Underline(true), selection: p.Reverse(true),
		quotes: []tcell.Style{p, fg(6), fg(2), fg(5), fg(3)},
	}
}

// quote is the style of a line quoted so deep.
func (t theme) quote(depth int) tcell.Style {
	if depth == 0 {
		return t.quotes[0]
	}
	n := len(t.quotes) - 1
	return t.quotes[1+(depth-1)%n]
}
