// SPDX-License-Identifier: ISC
//
// Processes that connect to a test and then do as they are told, so that the test can be
// the daemon that looks at them: run another program, fork, be a subreaper, end. Each is a
// fork of the test, or a copy of its program.
#ifndef HS_TESTS_PEERS_H
#define HS_TESTS_PEERS_H

#include <stdbool.h>
#include <sys/types.h>
#include "agentd/peer.h"

#define PEERS_DEADLINE_MS 60000

struct peers_one {
	pid_t first; // the test's own child
	pid_t pid;   // who listens now
	int hold;    // where it is told; closed: it ends
	int said;    // where it answers
};

// First in main: whether this process is such a copy, and then its exit status; else -1.
int peers_program(int argc, char **argv);
// Of the group: makes the socket on which peers_accept listens, and the folder peers_dir.
int peers_prepare(void **state);
int peers_clear(void **state);
extern char peers_dir[];

void peers_copy(const char *name, char path[static PATH_MAX]); // of this program

void peers_start(struct peers_one *p);			// a fork
void peers_exec(struct peers_one *p, const char *path); // it becomes that
void peers_fork(struct peers_one *p); // its child listens from now on; it waits for that
void peers_reap(struct peers_one *p); // orphans below it become its own
void peers_name(struct peers_one *p, const char *comm);
void peers_hide(struct peers_one *p); // undumpable
void peers_dial(struct peers_one *p); // it connects
void peers_stop(struct peers_one *p);

int peers_accept(void); // the next that connected
// Both, and looks at it.
void peers_look(struct peers_one *p, struct hs_peer *out);
uint64_t peers_start_of(pid_t pid); // field 22, in a way of its own

bool peers_all(const struct hs_peer *p); // everything was read that every process has
bool peers_nothing(const struct hs_peer *p);

// Runs fn(arg) in a process of its own, for what cannot be undone, and returns what that
// returns. A failed assertion there is no result: fn tells by what it returns.
int peers_apart(int (*fn)(void *arg), void *arg);
// The same, and PEERS_RIGHT is wanted; PEERS_CANNOT skips the test.
enum { PEERS_RIGHT = 0, PEERS_WRONG = 1, PEERS_CANNOT = 77 };
void peers_try(int (*fn)(void *arg));

#endif
