package account

// Report is what a check of one side of an account found: what `mua account check` prints.
type Report struct {
	Protocol     string   // imap, pop3, smtp
	Host         string   // host:port
	TLS          string   // "TLS 1.3", or "" for plain text
	Login        string   // the user and how: "ada (PLAIN)", or "none"
	Capabilities []string // those that matter to mua, in the server's spelling
}
