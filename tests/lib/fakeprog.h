// SPDX-License-Identifier: ISC
//
// A program that a test puts in the place of another: the test's own binary under another
// name, in a scratch folder. It writes down how it was started and does as it is told
// there.
#ifndef HS_TESTS_FAKEPROG_H
#define HS_TESTS_FAKEPROG_H

#include <stdbool.h>

// First in main: -1 if this is the test itself, else the fake has run, and this is its exit
// status. Its role is its name, or, of one named askpass, SSH_ASKPASS_PROMPT or "pin".
// In its folder it writes ROLE.args (each argument and a NUL), ROLE.env (likewise),
// ROLE.state (lines of a word and a value) and adds its pid, and its child's, to "pids",
// reads its orders from ROLE.do and makes ROLE.ready. Its orders are words:
//	print=TEXT	prints TEXT and a newline; complain=TEXT the same to stderr,
//			fd3=TEXT to that descriptor, without the newline
//	exit=N, kill=N	ends with that status, by that signal
//	stubborn	ignores SIGTERM and SIGINT
//	child		leaves a child in its group that does so too and holds its stdout
//	wait		waits to be ended
//	close		waits for SIGINT, after a while in which it would end by it, and
//			then writes ROLE.closed
int fakeprog_run(int argc, char **argv);

// In a test: makes the folder's program of that name, and its orders.
void fakeprog_make(const char *dir, const char *name);
void fakeprog_order(const char *dir, const char *role, const char *orders);

bool fakeprog_has(const char *dir, const char *name); // is that file there?
// What a file of the folder holds ("" if there is none), its length in *len (may be NULL);
// valid until the next call.
const char *fakeprog_file(const char *dir, const char *name, unsigned long *len);
// Of all pids written down: does none of them run any more?
bool fakeprog_all_ended(const char *dir);

#endif
