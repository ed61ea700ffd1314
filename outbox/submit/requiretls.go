package submit

// REQUIRETLS (RFC 8689) is asked for by the person, and is never given up for the sake
// of delivery: where it cannot be had, the message is refused here and nothing of it is
// said, not even its envelope (4.2.1). It is refused and not put off, for what a
// server offers changes with its configuration, not with the hour; and 5.7.30 is
// what the next server in line would say.

// noPromise says why the server cannot be held to TLS; "" when it can, or need not.
func (t *transaction) noPromise(s *Session) string {
	switch {
	case !t.env.RequireTLS:
		return ""
	case s.conn.TLSVersion() == "":
		return "TLS is required all the way (--requiretls), and the connection to " + s.host + " has none"
	case !s.ext.has("REQUIRETLS"):
		return "TLS is required all the way (--requiretls), and " + s.host + " does not promise that (it does not offer REQUIRETLS)"
	}
	return ""
}

// promise is MAIL's parameter.
func (t *transaction) promise() string {
	if t.env.RequireTLS {
		return " REQUIRETLS"
	}
	return ""
}
