// SPDX-License-Identifier: ISC
//
// The user's own ssh, run as a child: one connection over which scripts go to a server and
// facts come back, and short runs whose output is kept. No shell on this side: argument
// vectors. Not for what is in the scripts.
#ifndef HS_CLIENT_SERVER_LINK_H
#define HS_CLIENT_SERVER_LINK_H

#include <sys/types.h>
#include "client/handseal/server_script.h"

struct hs_serverlink {
	pid_t pid;
	int to, from;
	uint8_t held[HS_SERVERFACTS_LINE_MAX + 1]; // what came, and is no whole line yet
	size_t nheld;
	bool greeted; // what came before was the login's, not ours
	size_t noise;
	struct hs_buf facts; // of the last call
};

// Zero-initialise; hs_serverlink_close always.
int hs_serverlink_open(
    struct hs_serverlink *l, const struct hs_server *s, struct hs_err *err);
// Sends the script and waits at most that many seconds for its end. What the server says
// that it does (`say`, `warn`) is told at once, or with --json kept in s->did. All others
// are in l->facts. HS_OK: its call succeeded. Else the server's own sentence (`fail`), or
// HS_ERR_IO: the connection ended, or it did not answer in time.
int hs_serverlink_call(struct hs_serverlink *l, const struct hs_server *s,
    const struct hs_serverscript *c, unsigned seconds, struct hs_err *err);
// Ends the connection, and waits for ssh. What was not decided is undone there.
void hs_serverlink_close(struct hs_serverlink *l);

#define HS_SERVERLINK_ARGS 64
struct hs_serverargs {
	const char *v[HS_SERVERLINK_ARGS + 1]; // ends in NULL
	size_t n;
};
// Appends one; too many are an internal error at the run.
void hs_serverargs_put(struct hs_serverargs *a, const char *word);
// ssh, what the user gave for it, and what each of our connections has.
void hs_serverargs_ssh(struct hs_serverargs *a, const struct hs_server *s);

// Runs a program to its end, at most that many seconds, with nothing to read. Its output,
// at most 64 KiB each, is appended to out and errors; where one is NULL it goes to stderr.
// *status is its exit status, or 255.
int hs_serverlink_run(const struct hs_serverargs *a, unsigned seconds, struct hs_buf *out,
    struct hs_buf *errors, int *status, struct hs_err *err);

#endif
