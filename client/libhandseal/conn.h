// SPDX-License-Identifier: ISC
//
// A connection to an agent of RFC 9987, handseald or another: connect, send one frame, read
// one bounded frame, never blocking but in hs_conn_exchange. Internal to libhandseal. Not
// for what requests mean (client.h).
#ifndef HS_LIBHANDSEAL_CONN_H
#define HS_LIBHANDSEAL_CONN_H

#include <stdbool.h>
#include "proto/agent.h"
#include "proto/buf.h"
#include "proto/err.h"

#define HS_CONN_SECONDS 10 // what an answer may take that waits for nobody

// One thread at a time. A call that failed leaves it unusable: close it.
struct hs_conn {
	int fd; // -1: closed
	struct hs_buf in, out;
	size_t sent;  // of out
	bool foreign; // who listens is another user
	int passed;   // goes with out's first byte (SCM_RIGHTS), not ours; -1: none
};

// The socket's path: $HANDSEAL_SOCK, else $XDG_RUNTIME_DIR/handseal/agent.sock; writes a
// NUL. HS_NO_SUCH if neither variable is set, HS_ERR_TOO_LONG over 107 bytes.
#define HS_CONN_PATH_MAX 108
int hs_conn_path(char out[static HS_CONN_PATH_MAX], struct hs_err *err);

// Connects to the agent at path, whoever runs it (a forwarded ssh-agent, for one).
// HS_NO_SUCH: nothing listens; HS_NO_BUSY: its queue is full; HS_ERR_TOO_LONG, HS_ERR_IO.
// Close *c also after an error.
int hs_conn_open(struct hs_conn *c, const char *path, struct hs_err *err);
// Who listens there? HS_NO_PEER where it is not of our uid, and HANDSEAL_SEAT does not say
// that it is a seat, which can be shared with us; HS_ERR_IO.
int hs_conn_look_at_peer(struct hs_conn *c, const char *path, struct hs_err *err);
void hs_conn_close(struct hs_conn *c); // wipes what was read and written

// Begins an exchange: the frame that is in c->out is to be sent, with fd unless it is -1.
// HS_ERR_TOO_LONG: nothing was begun.
int hs_conn_begin(struct hs_conn *c, int fd, struct hs_err *err);
// What poll(2) should wait for now.
short hs_conn_wants(const struct hs_conn *c);
// Sends and reads what can be. HS_OK: the reply is whole, and *body is it, type byte first,
// a view that lives until the next exchange. HS_ERR_SHORT: not yet. HS_ERR_IO: the other
// end closed; HS_ERR_TOO_LONG, HS_ERR_FORMAT; HS_ERR_TRAILING: it sent more than the one
// reply.
int hs_conn_step(struct hs_conn *c, struct hs_str *body, struct hs_err *err);

// The frame in c->out and its reply, waiting at most that many seconds: then HS_ERR_IO.
int hs_conn_exchange(
    struct hs_conn *c, unsigned seconds, struct hs_str *body, struct hs_err *err);

// CLOCK_BOOTTIME in milliseconds: an answer that a suspended machine kept us from reading
// is late all the same. INT64_MAX where there is no such clock.
int64_t hs_conn_clock(void);

#endif
