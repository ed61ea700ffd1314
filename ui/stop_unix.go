//go:build unix

package ui

import "syscall"

// stopSelf stops the job mua belongs to, as Ctrl-Z does elsewhere.
func stopSelf() { syscall.Kill(0, syscall.SIGTSTP) }
