//go:build cgo

package store

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>

__attribute__((constructor)) static void one_arena(void) { mallopt(M_ARENA_MAX, 1); }
#endif
*/
import "C"

// The lines above have glibc take SQLite's memory from one place for all threads. Go moves SQLite's calls from thread to thread,
// and a heap for each of them keeps a copy of what is used and given back: a tenth of a pull's memory, and it grows page by
// page. SQLite counts what it takes under one lock as it is, so nobody waits more. It is said before the program's first second
// thread, for glibc asks only once.
