//go:build unix

package ui

import "syscall"

// ownSession makes a program outlive the terminal it was started from.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// stopSelf stops the job mua belongs to, as Ctrl-Z does elsewhere.
func stopSelf() { syscall.Kill(0, syscall.SIGTSTP) }
