// SPDX-License-Identifier: ISC
//
// A handseald that a test's program starts, asks and ends, and which may go, or refuse, at
// any time: both are answers here. For crashctl.c and faultctl.c; agentwire.h is for
// clients that end where anything is wrong.
#ifndef HS_TESTS_DRIVEN_H
#define HS_TESTS_DRIVEN_H

#include <sys/types.h>
#include "proto/agent.h"

struct driven { // the daemon; one at a time
	const char *handseald, *sock;
	const char *said; // file that it writes to; NULL: what this program has
	pid_t pid;	  // 0: none runs
	int status;	  // of the last that ended, as of waitpid
};
extern struct driven driven;

void driven_die(const char *what) __attribute__((noreturn)); // with errno's text
uint64_t driven_now_us(void);
uint64_t driven_random(uint64_t *seed);

// In the environment of this program, with HS_PRELOAD as LD_PRELOAD. Ends it at exit.
void driven_start(void);
bool driven_lives(void);
int driven_stop(int sig); // sends that where it lives, and waits for its end: its status

enum driven_how { DRIVEN_DONE, DRIVEN_REFUSED, DRIVEN_GONE };

struct driven_conn {
	int fd; // -1: none
	uint8_t in[65536];
	size_t have;
	struct hs_str frame;	      // the last reply's, until the next
	struct hs_rd body;	      // of an extension that was not refused
	char code[40], sentence[400]; // of a refusal
};

// GONE where the daemon ends before it serves, or the time is over.
enum driven_how driven_dial(struct driven_conn *c, const char *path, uint64_t until);
// The daemon's main socket, once it serves: a program that a killed daemon was just
// starting may have its socket for a moment.
enum driven_how driven_reach(struct driven_conn *c, uint64_t until);
void driven_hang_up(struct driven_conn *c); // fine where it is not

// Sends an extension with what put makes of m, NULL for no body, and takes the reply.
enum driven_how driven_call(struct driven_conn *c, uint64_t until, const char *ext,
    void (*put)(struct hs_buf *, const void *), const void *m);
#define DRIVEN_PUT(name) ((void (*)(struct hs_buf *, const void *))hs_agent_##name##_put)
// A frame of its own, and the reply to it, whose extension is ext; NULL: it is none, and
// REFUSED is a failure of the agent protocol.
enum driven_how driven_frame(
    struct driven_conn *c, uint64_t until, struct hs_str frame, const char *ext);

// What takes more than one call, or more than a line.
enum driven_how driven_open(struct driven_conn *c, uint64_t until, const char *scope,
    char session[static HS_SESSION_ID_LEN + 1]);
// The runner's connection keeps the seat.
enum driven_how driven_seat(struct driven_conn *runner, uint64_t until, const char *scope,
    char id[static HS_SESSION_ID_LEN + 24], char socket[static 108]);
// On a seat whose scope has the namespace git: lists its keys, and signs a message with the
// first. *none: DONE, but there is no key.
enum driven_how driven_sign(struct driven_conn *agent, uint64_t until, bool *none);

#endif
