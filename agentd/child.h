// SPDX-License-Identifier: ISC
//
// A process of ours with a group of its own: told when it ends, and killed with all that it
// started when it must go. What is said to it and what its end means are its owner's.
#ifndef HS_AGENTD_CHILD_H
#define HS_AGENTD_CHILD_H

#include <stdint.h>
#include <uv.h>
#include "proto/err.h"

#define HS_CHILD_FDS  4 // stdin, stdout, stderr, and one more to pass on
#define HS_CHILD_PATH "PATH=/usr/local/bin:/usr/bin:/bin"

struct hs_child;

struct hs_child_spec {
	const char *what; // names it in a sentence
	const char *path; // run as it is: no shell, no PATH
	char *const *args, *const *env;
	// Zeroed is /dev/null, and no fourth. What is inherited stays its owner's.
	uv_stdio_container_t stdio[HS_CHILD_FDS];
};

// The end: the exit status, or the signal that ended it. It comes from the loop, once, and
// the child is gone with it. What was left in its group has been killed.
typedef void hs_child_done(void *arg, int64_t status, int sig);

// HS_ERR_IO with a sentence if it cannot be run; done is not called then. spec is only read
// during the call.
int hs_child_start(uv_loop_t *loop, const struct hs_child_spec *spec, hs_child_done *done,
    void *arg, struct hs_child **out, struct hs_err *err);

// Signals the whole group; nothing once it has ended.
void hs_child_signal(struct hs_child *c, int sig);
// Signals the group, and kills it after grace_ms. done is still called.
void hs_child_stop(struct hs_child *c, int sig, uint64_t grace_ms);
// The same, and lets go of it: done is not called any more. The child goes by itself while
// the loop runs. Nulls *c; NULL is fine.
void hs_child_drop(struct hs_child **c, int sig, uint64_t grace_ms);

#endif
