// SPDX-License-Identifier: ISC
//
// The environment of a program that `handseal run` starts, and where its PATH finds it.
#ifndef HS_CLIENT_RUNENV_H
#define HS_CLIENT_RUNENV_H

#include "proto/buf.h"

struct hs_runenv_seat {
	const char *id;	    // SESSION.SERIAL
	const char *socket; // path
	const char *bin;    // the folder of the shims
};

// A new environment: old (NULL at its end) with HANDSEAL_SOCK, SSH_AUTH_SOCK,
// HANDSEAL_SEAT, GIT_SSH_COMMAND, GIT_SSH_VARIANT set, bin in front of PATH, and without
// what names another agent's process or another ssh. NULL without memory; hs_runenv_free.
char **hs_runenv_make(char *const *old, const struct hs_runenv_seat *seat);
void hs_runenv_free(char **env);

// What a shell would say of that command: 0 it can be run, 126 it is there and cannot be,
// 127 it is nowhere. path is PATH, NULL where it is not set.
int hs_runenv_look(const char *command, const char *path);

// Appends the command line as a shell would take it, in one line that may be shown and is
// at most max bytes: what is longer ends in an ellipsis.
void hs_runenv_put_line(struct hs_buf *b, char *const *argv, size_t max);

#endif
