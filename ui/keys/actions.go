package keys

// Action is something a key or the command line can do. Its name is what the
// configuration and the command line call it.
type Action string

// Context is a place where keys have a meaning.
type Context string

// The contexts. Global keys work wherever letters are not text.
const (
	Global    Context = "Everywhere"
	Move      Context = "Moving"
	Mail      Context = "Messages" // in the list and the reader alike
	List      Context = "Message list"
	Reader    Context = "Reader"
	Mailboxes Context = "Mailboxes"
	Outbox    Context = "Outbox"
	Conflicts Context = "Conflicts"
	Parts     Context = "Parts"
	Write     Context = "Writing"
	Review    Context = "Before sending"
)

// The actions.
const (
	Open          Action = "open"
	Back          Action = "back"
	Up            Action = "up"
	Down          Action = "down"
	PageUp        Action = "page-up"
	PageDown      Action = "page-down"
	First         Action = "first"
	Last          Action = "last"
	Page          Action = "page"
	PageBack      Action = "page-back"
	NextMessage   Action = "next-message"
	PrevMessage   Action = "previous-message"
	NextPane      Action = "next-pane"
	PrevPane      Action = "previous-pane"
	Compose       Action = "compose"
	Reply         Action = "reply"
	ReplyAll      Action = "reply-all"
	ReplyList     Action = "reply-list"
	Forward       Action = "forward"
	ForwardWhole  Action = "forward-attached"
	Bounce        Action = "bounce"
	Archive       Action = "archive"
	Delete        Action = "delete"
	Junk          Action = "junk"
	MoveTo        Action = "move"
	CopyTo        Action = "copy"
	Flag          Action = "flag"
	Unread        Action = "unread"
	Mark          Action = "mark"
	MarkAll       Action = "mark-all"
	Undo          Action = "undo"
	Redo          Action = "redo"
	Search        Action = "search"
	Limit         Action = "limit"
	NextMatch     Action = "next-match"
	PrevMatch     Action = "previous-match"
	NextUnread    Action = "next-unread"
	PrevUnread    Action = "previous-unread"
	SortBy        Action = "sort"
	Threads       Action = "threads"
	Fold          Action = "fold"
	AllHeaders    Action = "headers"
	Find          Action = "find"
	Fetch         Action = "fetch"
	ViewParts     Action = "parts"
	OpenLink      Action = "link"
	Pipe          Action = "pipe"
	Save          Action = "save"
	View          Action = "view"
	Sync          Action = "sync"
	ChooseMailbox Action = "mailbox"
	GoInbox       Action = "inbox"
	GoAllInboxes  Action = "all-inboxes"
	GoDrafts      Action = "drafts"
	GoSent        Action = "sent"
	GoOutbox      Action = "outbox"
	GoConflicts   Action = "conflicts"
	BoxCreate     Action = "create-mailbox"
	BoxRename     Action = "rename-mailbox"
	BoxDelete     Action = "delete-mailbox"
	BoxSubscribe  Action = "subscribe-mailbox"
	Acknowledge   Action = "acknowledge"
	Command       Action = "command"
	Help          Action = "help"
	Redraw        Action = "redraw"
	Suspend       Action = "suspend"
	Quit          Action = "quit"
	Hold          Action = "hold"
	Release       Action = "release"
	Cancel        Action = "cancel"
	Retry         Action = "retry"
	ItWasSent     Action = "was-sent"
	Confirm       Action = "confirm"
	ShowAll       Action = "show-all"
	SendNow       Action = "send"
	SendLater     Action = "send-later"
	Postpone      Action = "postpone"
	Editor        Action = "editor"
	Attach        Action = "attach"
	Detach        Action = "detach"
	ToReview      Action = "review"
	Edit          Action = "edit"
	Discard       Action = "discard"
)

// Binding is one line of the table of actions.
type Binding struct {
	Action  Action
	Context Context
	Keys    string // default, as the configuration would write it
	Mutt    string // in the mutt preset; "" as Keys, "-" none
	Help    string // what it does, in a few words
	Hint    string // in the line of hints, where Hints lists the action
}

// Table lists all bindings in the order help and hints show them. An action may
// appear in several contexts, with the same key or another.
func Table() []Binding {
	return []Binding{
		{Open, List, "Enter, Right", "", "open; a draft goes on being written", "open"},
		{Open, Mailboxes, "Enter, Right", "", "show the mailbox", "open"},
		{Open, Conflicts, "Enter, Right", "", "show the message", "message"},
		{Open, Outbox, "Enter, Right", "", "show the message", "message"},
		{Open, Parts, "Enter", "", "show the part, or open it in a program", "open"},
		{View, Parts, "o, v", "", "open it in a program in any case", "program"},
		{Save, Parts, "s", "", "save the part to a file", "save"},
		{Pipe, Parts, "|", "", "pipe the part to a command", "pipe"},
		{Save, Mail, "e", "", "save the message to a file (.eml)", ""},

		{Reply, Mail, "r", "", "reply", "reply"},
		{ReplyAll, Mail, "R, g r", "g, R", "reply to all", "all"},
		{ReplyList, Mail, "L", "", "reply to the mailing list", ""},
		{Forward, Mail, "f", "", "forward", "forward"},
		{ForwardWhole, Mail, "Alt-f", "", "forward as an attachment", ""},
		{Bounce, Mail, "b", "", "bounce: pass the message on as it is", ""},
		{Compose, Global, "m", "", "write a new message", "compose"},
		{Archive, Mail, "a", "", "archive", "archive"},
		{Delete, Mail, "d, Del", "", "delete (to Trash; in Trash for good)", "delete"},
		{Undo, Global, "u", "", "undo the last action", "undo"},
		{Redo, Global, "Ctrl-R", "", "do again what was undone", ""},
		{MoveTo, Mail, "s", "", "move to a mailbox", "move"},
		{CopyTo, Mail, "C", "", "copy to a mailbox", ""},
		{Junk, Mail, "!", "", "move to Junk", ""},
		{Flag, Mail, "F", "", "flag or unflag", "flag"},
		{Unread, Mail, "U", "N", "mark read or unread", "unread"},
		{Mark, List, "t", "", "mark for the next action, and go down", "mark"},
		{MarkAll, List, "Ctrl-A", "", "mark all of this list, or none", ""},
		{Fetch, Mail, "D", "", "fetch what is not here yet of the message", ""},
		{ViewParts, Mail, "v", "", "parts and attachments, to open and save", "parts"},
		{OpenLink, Mail, "o", "", "open a link", "link"},
		{Pipe, Mail, "|", "", "pipe the message to a command", ""},
		{AllHeaders, Reader, "h", "", "all headers, or the usual ones", "headers"},
		{Find, Reader, "Ctrl-S", "", "find in this message", "find"},

		{Search, Global, "/", "", "search all mail", "search"},
		{Limit, Mail, "l", "", "show only what matches, in this mailbox", "limit"},
		{NextMatch, Mail, "n", "", "next match of the search, or in the text", ""},
		{PrevMatch, Mail, "N", "-", "previous match", ""},
		{NextUnread, Mail, "Tab", "", "next unread message", "unread"},
		{PrevUnread, Mail, "S-Tab", "", "previous unread message", ""},
		{Threads, List, "T", "", "threads, or single messages", "threads"},
		{Fold, List, "z a", "", "unfold or fold a thread", ""},
		{SortBy, List, "S", "", "sort by date, sender, subject, size", ""},

		{Up, Move, "k, Up", "", "up", ""},
		{Down, Move, "j, Down", "", "down", ""},
		{PageUp, Move, "PgUp, Ctrl-B", "", "a page up", ""},
		{PageDown, Move, "PgDn, Ctrl-F", "", "a page down", ""},
		{First, Move, "g g, Home", "=, Home", "first", ""},
		{Last, Move, "G, End", "*, End", "last", ""},
		{Page, Mail, "Space", "", "read on: a page of the message", ""},
		{PageBack, Reader, "Backspace", "", "a page back", ""},
		{NextMessage, Reader, "J, ]", "", "next message", "next"},
		{PrevMessage, Reader, "K, [", "", "previous message", ""},
		{NextPane, Mail, "w", "", "next pane (mailboxes, list, reader)", "pane"},
		{NextPane, Mailboxes, "w, Tab", "", "next pane", "list"},

		{ChooseMailbox, Global, "c", "", "choose a mailbox", "mailboxes"},
		{GoInbox, Global, "g i", "-", "go to the inbox", ""},
		{GoAllInboxes, Global, "g a", "-", "go to the inboxes of all accounts", ""},
		{GoDrafts, Global, "g d", "-", "go to the drafts", ""},
		{GoSent, Global, "g s", "-", "go to the sent mail", ""},
		{GoOutbox, Global, "g o", "-", "go to the outbox", ""},
		{GoConflicts, Global, "g c", "-", "conflicts: refused or overruled by servers", ""},
		{BoxCreate, Mailboxes, "n", "", "make a mailbox", "new"},
		{BoxRename, Mailboxes, "e", "", "rename the mailbox", "rename"},
		{BoxDelete, Mailboxes, "d", "", "delete the mailbox", "delete"},
		{BoxSubscribe, Mailboxes, "S", "", "subscribe to it, or not", ""},
		{Sync, Global, "$, F5", "", "send and receive now", "sync"},
		{Acknowledge, Global, "E", "", "acknowledge the error shown below", ""},
		{Command, Global, ":", "", "command line (Tab completes)", ""},
		{Help, Global, "?, F1", "", "this help", "help"},
		{Redraw, Global, "Ctrl-L", "", "draw the screen anew", ""},
		{Suspend, Global, "Ctrl-Z", "", "suspend to the shell", ""},
		{Back, Global, "q, Esc, Left", "", "back; at the end of the way, q leaves mua", "back"},
		{Quit, Global, "F10, Ctrl-C", "", "leave mua", ""},

		{Retry, Outbox, "t", "", "try now: also before its time", "try now"},
		{Hold, Outbox, "h", "", "hold: do not send until released", "hold"},
		{Release, Outbox, "R", "", "release what is held", "release"},
		{Edit, Outbox, "e", "", "edit: take it out and write on", "edit"},
		{Cancel, Outbox, "c", "", "cancel: it becomes a draft again", "cancel"},
		{ItWasSent, Outbox, "y", "", "settle an uncertain one: sent, or again", "settle"},
		{Confirm, Outbox, "Y", "", "let a copied or restored outbox send", "let it send"},
		{ShowAll, Outbox, "A", "", "show also what is done, or not", "all"},
		{Page, Outbox, "Space", "", "read on in its story", ""},
		{PageBack, Outbox, "Backspace", "", "back in its story", ""},

		{SendNow, Write, "Ctrl-X", "", "send", "send"},
		{Postpone, Write, "Ctrl-O", "", "postpone: keep as a draft", "postpone"},
		{Attach, Write, "Ctrl-T", "", "attach a file", "attach"},
		{Editor, Write, "Ctrl-G", "", "write the text in your editor", "editor"},
		{ToReview, Write, "Esc", "", "look it over before sending, or leave", "done"},
		{Quit, Write, "F10", "", "leave mua, asking what to do with the text", ""},
		{Help, Write, "F1", "", "this help", "help"},

		{SendNow, Review, "y, Ctrl-X", "", "send", "send"},
		{SendLater, Review, "l", "", "send later: asks when", "later"},
		{Postpone, Review, "p, Ctrl-O", "", "postpone: keep as a draft", "postpone"},
		{Editor, Review, "e, Ctrl-G", "", "write the text in your editor", "editor"},
		{Attach, Review, "a, Ctrl-T", "", "attach a file", "attach"},
		{Detach, Review, "d", "", "take off the last attachment", ""},
		{Edit, Review, "Enter, i, Tab", "", "go on writing", "write"},
		{Undo, Review, "u", "", "take back the message sent before", ""},
		{Discard, Review, "q, Esc", "", "leave, asking what to do with the text", "leave"},
		{Quit, Review, "F10", "", "leave mua, asking what to do with the text", ""},
		{Help, Review, "?, F1", "", "this help", "help"},
	}
}

// Hints are the actions that the line of hints tells of where c is the nearest
// context, the most useful first: as many are shown as there is room for.
func Hints(c Context) []Action {
	switch c {
	case List:
		return []Action{Reply, Archive, Delete, Compose, Search, ChooseMailbox, Undo, Open, Forward, MoveTo, Mark, Flag, NextUnread, Threads, Limit, ReplyAll, Sync, NextPane}
	case Reader:
		return []Action{Back, Reply, Archive, Delete, NextMessage, ViewParts, OpenLink, Forward, ReplyAll, MoveTo, Find, AllHeaders, NextUnread, Compose, Search, NextPane}
	case Mailboxes:
		return []Action{Open, NextPane, BoxCreate, BoxRename, BoxDelete, Compose, Search, Sync, Back}
	case Conflicts:
		return []Action{Back, Open, Undo, Sync}
	case Outbox:
		return []Action{Back, Retry, Hold, Release, Edit, Cancel, Open, ShowAll, ItWasSent}
	case Parts:
		return []Action{Back, Open, Save, View, Pipe}
	case Write:
		return []Action{SendNow, Postpone, Attach, Editor, ToReview}
	case Review:
		return []Action{SendNow, Edit, SendLater, Postpone, Attach, Editor, Discard}
	}
	return []Action{Back}
}
