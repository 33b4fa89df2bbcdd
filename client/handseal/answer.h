// SPDX-License-Identifier: ISC
//
// What a person says to an asking that waits (docs/PROTOCOL.agent section 6.7). It needs a
// connection on which nothing waits, since replies come in order.
#ifndef HS_CLIENT_ANSWER_H
#define HS_CLIENT_ANSWER_H

#include "client/libhandseal/conn.h"

#define HS_CODE_LEN 3

// Is s the code of an asking: three of 23456789ABCDEFGHJKLMNPQRSTUVWXYZ?
bool hs_answer_is_code(struct hs_str s);
// A code as a person types it, lower case too. HS_ERR_FORMAT.
int hs_answer_code(const char *typed, char out[static HS_CODE_LEN + 1]);

struct hs_answered {
	enum hs_agent_waiting_state state;
	uint64_t until; // Unix seconds
	bool pin;
};

// Sends it on c, a connection that nothing waits on. pin_fd is -1, or the end of a pipe
// that holds the PIN; it stays the caller's. HS_OK: it was done, and *out is filled, or
// reply->status says that it was refused; HS_ERR_FORMAT: the daemon's answer is malformed,
// or about another asking; else as hs_conn_call.
int hs_answer_call(struct hs_conn *c, const char *code, enum hs_agent_answer_what what,
    int pin_fd, struct hs_reply *reply, struct hs_answered *out, struct hs_err *err);

// The same for a command, on a connection of its own. opening as in daemon.h. 0, or the
// exit status of what was told.
int hs_answer_send(
    bool json, bool opening, const char *code, enum hs_agent_answer_what what, int pin_fd);

#endif
