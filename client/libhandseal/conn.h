// SPDX-License-Identifier: ISC
//
// A connection to handseald, or to any agent of RFC 9987: connect, send one request, read
// one bounded reply before a deadline. Internal to the client for now. Not for what
// requests mean.
#ifndef HS_LIBHANDSEAL_CONN_H
#define HS_LIBHANDSEAL_CONN_H

#include <stdbool.h>
#include "proto/agent.h"
#include "proto/buf.h"
#include "proto/err.h"

#define HS_CONN_SECONDS 10 // what an answer may take that waits for nobody

// One thread at a time. A call that failed leaves it unusable, but for HS_ERR_UNSUPPORTED:
// close it.
struct hs_conn {
	int fd; // -1: closed
	struct hs_buf in, out;
	void (*tick)(void *arg); // NULL, or called about once a second while a call waits
	void *tick_arg;
};

// The socket's path: $HANDSEAL_SOCK, else $XDG_RUNTIME_DIR/handseal/agent.sock; writes a
// NUL. HS_NO_SUCH if neither variable is set, HS_ERR_TOO_LONG over 107 bytes.
#define HS_CONN_PATH_MAX 108
int hs_conn_path(char out[static HS_CONN_PATH_MAX], struct hs_err *err);

// Connects to the daemon there. HS_NO_SUCH: nothing listens; HS_NO_PEER: what listens is
// not of our uid; HS_ERR_TOO_LONG, HS_ERR_IO. Close *c also after an error.
int hs_conn_open(struct hs_conn *c, struct hs_err *err);
// Connects to the agent at path, whoever runs it (a forwarded ssh-agent, for one).
int hs_conn_open_path(struct hs_conn *c, const char *path, struct hs_err *err);
void hs_conn_close(struct hs_conn *c); // wipes what was read and written

// Sends the frame that is in c->out and reads one reply frame within that many seconds.
// *body is the reply's body, type byte first, a view that lives until the next call.
// HS_ERR_IO: the other end closed, or did not answer in time; HS_ERR_TOO_LONG,
// HS_ERR_FORMAT; HS_ERR_TRAILING: it sent more than the one reply.
int hs_conn_exchange(
    struct hs_conn *c, unsigned seconds, struct hs_str *body, struct hs_err *err);

// What the daemon said to an extension: done or pending with body, or refused with refusal.
struct hs_reply {
	enum hs_agent_status status;
	struct hs_rd body;
	struct hs_agent_refusal refusal;
};

// Sends the extension ext with those contents. HS_OK with *out for every well-formed reply,
// a refusal too; its views live until the next call. Else as hs_conn_exchange, and
// HS_ERR_UNSUPPORTED if the other end does not know ext.
int hs_conn_call(struct hs_conn *c, const char *ext, struct hs_str contents,
    unsigned seconds, struct hs_reply *out, struct hs_err *err);

// The same, with a descriptor that goes with the frame (SCM_RIGHTS) and stays the caller's.
int hs_conn_call_fd(struct hs_conn *c, const char *ext, struct hs_str contents, int fd,
    unsigned seconds, struct hs_reply *out, struct hs_err *err);

// Asks which extensions the other end knows (RFC 9987's "query"). HS_OK: *names holds whole
// strings, a view that lives until the next call. HS_ERR_UNSUPPORTED: it knows no query;
// else as hs_conn_exchange.
int hs_conn_query(
    struct hs_conn *c, unsigned seconds, struct hs_rd *names, struct hs_err *err);
bool hs_conn_knows(struct hs_rd names, const char *ext);

// A call in two parts, for who has more to wait for: begin sends, take reads what has come
// whenever c->fd is readable. HS_ERR_SHORT from take: the reply is not whole yet. One call
// at a time.
int hs_conn_begin(
    struct hs_conn *c, const char *ext, struct hs_str contents, struct hs_err *err);
int hs_conn_take(
    struct hs_conn *c, const char *ext, struct hs_reply *out, struct hs_err *err);

#endif
