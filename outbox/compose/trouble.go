package compose

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"

	"mua/account"
	"mua/store/message"
)

// caretWindow is how much text is shown on either side of a bad place, in bytes.
const caretWindow = 60

// badData is the trouble for content that cannot be sent as given.
func badData(format string, a ...any) *account.Trouble {
	return &account.Trouble{Kind: account.KindData, What: fmt.Sprintf(format, a...)}
}

// badPlace is badData with the text and a caret under the byte at pos.
func badPlace(text string, pos int, format string, a ...any) *account.Trouble {
	pos = max(0, min(pos, len(text)))
	before, after := text[:pos], text[pos:]
	if len(before) > caretWindow {
		before = "…" + strings.ToValidUTF8(before[len(before)-caretWindow:], "")
	}
	if len(after) > caretWindow {
		after = strings.ToValidUTF8(after[:caretWindow], "") + "…"
	}
	// A line of words joins the two lines to whatever is printed before them.
	before, after = oneLine(before), oneLine(after)
	indent := strings.Repeat(" ", uniseg.StringWidth(before))
	return badData("%s\n  %s%s\n  %s^", fmt.Sprintf(format, a...), before, after, indent)
}

// oneLine cleans s for a message of one line, without trimming: carets count on it.
func oneLine(s string) string { return message.CleanLine(s).String() }
