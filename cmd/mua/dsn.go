package main

import "mua/account"

// notify turns the value of --dsn into RFC 3461's NOTIFY.
func notify(value string) (string, error) {
	n, ok := account.ParseNotify(value)
	if !ok {
		return "", usagef("--dsn %s: give never, or failure, delay and success with commas between", value)
	}
	return n, nil
}
