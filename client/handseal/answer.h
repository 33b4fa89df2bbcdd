// SPDX-License-Identifier: ISC
//
// What a person says to an asking that waits (docs/PROTOCOL.agent section 6.7). It needs a
// connection on which nothing waits, since replies come in order.
#ifndef HS_CLIENT_ANSWER_H
#define HS_CLIENT_ANSWER_H

#include "client/handseal/daemon.h"
#include "client/libhandseal/answers.h"

// A code as a person types it, lower case too. HS_ERR_FORMAT.
int hs_answer_code(const char *typed, char out[static HS_CODE_LEN + 1]);

// Sends it on d's connection, which nothing waits on. pin_fd is -1, or the end of a pipe
// that holds the PIN; it stays the caller's. What it came to, with d->err; an answer about
// another asking is HS_FAILED.
int hs_answer_call(
    struct hs_daemon *d, const char *code, enum hs_agent_answer_what what, int pin_fd);

// The same for a command, on a connection of its own. 0, or the exit status of what was
// told.
int hs_answer_send(bool json, const char *code, enum hs_agent_answer_what what, int pin_fd);

#endif
