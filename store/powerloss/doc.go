// Package powerloss takes the power away from a program that has run: it reads what strace
// recorded of it, and builds the folders that a machine may find after losing power at any moment.
// It is for tests only and no part of the program.
//
// What a disk may do, as modelled here:
//
//   - What fsync or fdatasync of a file covers is there: every write to it that had returned
//     before the call began, once the call has returned.
//   - Of later writes and truncations of a file any may be missing, and a write may be torn at
//     a border of 512 octets. Where a later write is there and an earlier one is not, zeros are.
//   - Files come into being, go and change their names in the order in which that was done, and
//     fsync of the folder covers what was done before. Of what came later the disk may have done any
//     first part. A name that is there leads to the file's content as far as that was kept.
//
// Shared memory (-shm) and locks do not outlive the power.
package powerloss
