// SPDX-License-Identifier: ISC
//
// What this program is when it is called ssh, scp or sftp: the shim in front of the real
// one, in the PATH of a program that `handseal run` has started. It adds options in front
// of those that were given, so that they win, and becomes the real program. Not a wall:
// who calls /usr/bin/ssh by its path goes past it.
#ifndef HS_CLIENT_SHIM_H
#define HS_CLIENT_SHIM_H

// The name, ssh, scp or sftp, under which the kernel was told to run us; NULL for others.
const char *hs_shim_name(void);

// Becomes the real program of that name, the next in PATH that is no shim. Returns the exit
// status of what was told: 127 where there is none, 126 where it cannot be run, 255.
int hs_shim_run(const char *name, int argc, char **argv);

#endif
