package account

// Secret says where a password or token comes from. Exactly one source is set.
type Secret struct {
	Command   string // run through /bin/sh -c of the person's own configuration; first line of stdout
	Env       string
	File      string
	Plain     string
	Keyring   bool
	Mechanism string // "", "xoauth2" or "oauthbearer": the secret is an OAuth2 access token
}

// Set reports whether any source is configured.
func (s Secret) Set() bool {
	return s.Command != "" || s.Env != "" || s.File != "" || s.Plain != "" || s.Keyring
}

// Credentials are what a login needs. They are never logged, and String hides the password.
type Credentials struct {
	User      string
	Password  string // password or OAuth2 access token
	Mechanism string // "", "xoauth2" or "oauthbearer"
	None      bool   // no login at all
}

// String hides the password.
func (c Credentials) String() string { return c.User + ":[hidden]" }
