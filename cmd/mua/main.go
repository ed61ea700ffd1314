// Command mua is a mail client for the terminal that works fully offline: see
// README.md. One file here is one command; each turns arguments into calls of
// the rooms below and their answers into lines, JSON and an exit status.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(mainStatus()) }

// mainStatus runs the process's own arguments and returns the exit status.
func mainStatus() int {
	shortLived()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // beside what the command begins with, for it takes as long
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		<-signals
		signal.Stop(signals) // a second one ends the process at once
		cancel()
	}()
	return run(ctx, os.Args, stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr})
}
