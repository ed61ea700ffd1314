package account

// Key is a key that the configuration may have.
type Key struct {
	Table   string // it stands in: "account.NAME"; "" is the file itself
	Name    string
	Default string // what holds without it, in words or as it would be written
	About   string // one line
}

// Keys lists what the configuration may have, in the order in which it is told.
func Keys() []Key {
	var out []Key
	for _, k := range topKeys {
		out = append(out, Key{"", k[0], k[1], k[2]})
	}
	for _, k := range accountKeys {
		out = append(out, Key{"account.NAME", k[0], k[1], k[2]})
	}
	return out
}

// keyWords are a key's name, default and meaning.
type keyWords [3]string

// keyNames are the keys themselves.
func keyNames(list []keyWords) (out []string) {
	for _, k := range list {
		out = append(out, k[0])
	}
	return out
}

// topKeys are the keys of the file itself.
var topKeys = []keyWords{
	{"account", "none", "[account.NAME]: an account; the first one is the default"},
	{"aliases", "none", "[aliases]: where sendmail's local names go: root = \"ada@example.org\", \"*\" for all others"},
	{"send_delay", `"10s"`, "how long what the terminal sends can be taken back"},
	{"max_message", `"64MiB"`, "of what is larger only the header is fetched"},
	{"editor", "$VISUAL, $EDITOR", "the editor for e in the composer"},
	{"keys", "mua's own", "[keys]: keys of the terminal; or keys = \"mutt\""},
	{"theme", "mua's own", "planned: not in this version"},
	{"search", "none", "[search]: queries with a name: invoices = \"subject:invoice\" is in:invoices"},
	{"on_new_mail", "none", "a program for new mail: [\"notify-send\", \"--\", \"{from}\", \"{subject}\"]"},
	{"bell", "false", "the terminal rings for new mail"},
	{"contacts", "none", "folders of vCards, or single files, that complete addresses: [\"~/.contacts\"]"},
	{"address_command", "none", "a program that completes addresses: \"khard email --parsable %s\""},
	{"open", "by mailcap, else xdg-open or open", "a program with a window that opens all attachments and links: \"handlr open\""},
	{"mailcap", "$MAILCAPS, ~/.mailcap, /etc/mailcap, …", "the files that say which program opens what: [\"~/.mailcap\"], or [] for none"},
}

// accountKeys are the keys of [account.NAME].
var accountKeys = []keyWords{
	{"from", "must be there", "the address that mail comes from: \"Ada Lovelace <ada@example.org>\""},
	{"aliases", "none", "further addresses that are yours: [\"ada@example.com\"]"},
	{"incoming", "none", "where mail is fetched: imaps:// imap:// pop3s:// pop3:// user@host"},
	{"outgoing", "none", "where mail is sent: smtps:// smtp:// user@host"},
	{"username", "the user in the URL, else the address", "the name to log in with"},
	{"outgoing_username", "as username", "the name to log in with for sending"},
	{"password", "none", "{ command = \"…\" }, { keyring = true }, { env = \"VAR\" }, { file = \"path\" } or { plain = \"…\" }"},
	{"outgoing_password", "as password", "the password for sending"},
	{"auth", "with a password", "\"none\": a relay without login"},
	{"allow_insecure", "false", "+insecure:// also for servers that are not on this machine"},
	{"tls_ca", "the system's only", "one more CA to trust: a PEM file"},
	{"tls_pin", "none", "planned: not in this version"},
	{"pop3", `{ leave_on_server = "forever" }`, "how long mail stays on a POP3 server: \"forever\", \"0\" or \"14d\""},
	{"offline", `"all"`, "whose texts are kept here: \"all\", \"90d\", \"headers\", or a table of these by mailbox"},
	{"mailboxes", "all, of Junk the headers", "the mailboxes that are kept here: [\"*\", \"!Junk\"]"},
	{"save_sent", "by provider", "whether mua puts what was sent into the server's Sent"},
	{"uncertain", `"ask" in the terminal, "retry" in scripts`, "what to do when the server may have a message already"},
	{"dsn", `"none"`, "delivery reports to ask for: \"never\", or failure, delay and success with commas"},
	{"signature", "none", "the text below what you write"},
	{"sessions", "4", "how many sessions may send at once"},
	{"idle", "none", "mailboxes to watch beside INBOX: [\"Work\"]"},
}
