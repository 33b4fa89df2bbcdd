// SPDX-License-Identifier: ISC
//
// The folder of a seat on this side: the shims that stand in front of ssh, scp and sftp in
// the agent's PATH, the filtered configuration that they use, and a link to the seat's
// socket. No secrets are in it.
#ifndef HS_CLIENT_SEATDIR_H
#define HS_CLIENT_SEATDIR_H

#include <stdbool.h>
#include "client/handseal/sshcopy.h"

#define HS_SEATDIR_MAX 80 // so that a socket's path fits behind it

#define HS_SEATDIR_BIN	 "bin"	 // links to this program, named ssh, scp and sftp
#define HS_SEATDIR_SSH	 "ssh"	 // copies of the configuration
#define HS_SEATDIR_AGENT "agent" // a link to the seat's socket
#define HS_SEATDIR_COVER "empty" // what hides a key

struct hs_seatdir {
	char path[HS_SEATDIR_MAX]; // absolute, without special characters; "" if not made
};

// Makes it, for nobody but us, in $XDG_RUNTIME_DIR or else in /tmp. HS_ERR_IO; what was
// made by then is removed again.
int hs_seatdir_make(struct hs_seatdir *d, const struct hs_sshcopy *ssh, const char *socket,
    struct hs_err *err);
void hs_seatdir_remove(struct hs_seatdir *d);

// Can the path stand in a command line that ssh makes, and in its configuration, as it is?
bool hs_seatdir_is_plain(const char *path);

#endif
