package main

import (
	"math"
	"os"
	"runtime/debug"
)

// shortLived lets a process that will end in a moment do without collecting garbage: starting to
// costs a mua send a fifth of its time. What grows beyond that is collected as ever.
func shortLived() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(128 << 20)
	}
}

// longLived takes that back for what stays.
func longLived() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
	}
}

// pullOnce is for one pull of whatever there is: it may be all the mail of a lifetime, and memory stays what it is for little.
func pullOnce() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(70 << 20)
	}
}

// busyOnce is for what handles much mail at once and ends: memory is collected less often than would be right for what stays, within a bound.
func busyOnce() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
		debug.SetMemoryLimit(112 << 20)
	}
}
