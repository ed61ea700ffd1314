// Package trial tries the built program as a person, a script or a failing machine meets it: against real servers, in a
// real terminal, killed, on full and on sick disks. It has tests only.
package trial
