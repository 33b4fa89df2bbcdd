// SPDX-License-Identifier: ISC
//
// One command run as a child, as if we were not in between: its signals, its terminal and
// its job control, its exit status. Not for what it is run for.
//
// Where we are a job of our own, with the terminal (a shell with job control started just
// us, and stdout leads into no pipe), the command gets a process group of its own and the
// terminal with it: what is typed goes to it alone, and we only follow: it stops, so we
// stop, the shell sees a stopped job, and when it continues us we hand the terminal on.
// Everywhere else it stays in our group, as with nice(1) and env(1): in a pipeline another
// group would take the terminal from the pager at the other end, in a script ^C and ^Z must
// reach the script too, and without a terminal there is nothing to hand on.
#ifndef HS_CLIENT_JOB_H
#define HS_CLIENT_JOB_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include "client/handseal/keyfiles.h"

struct hs_job {
	int signals; // readable when hs_job_look has something to do; -1: not begun
	int tty;     // the controlling terminal, or -1
	sigset_t before;
	pid_t pid;
	bool own;	// it was given a group of its own
	bool stopped;	// it is
	int stopped_by; // and we have not followed yet: the signal
	bool ended;
	int status; // as waitpid has it
};

struct hs_job_what {
	char *const *argv;
	char **env;
	const struct hs_keyfiles *hidden; // NULL, or what it is not to see (hide.h)
	const char *cover;
};

// From here on signals wait for hs_job_look, and processes that lose their parent become
// ours. HS_ERR_IO.
int hs_job_begin(struct hs_job *j, struct hs_err *err);

// Starts it; our stdin and stdout are its alone then. HS_NO_SUCH: there is no such program;
// HS_ERR_IO: it cannot be run; HS_ERR_UNSUPPORTED: hidden cannot be hidden.
int hs_job_start(struct hs_job *j, const struct hs_job_what *what, struct hs_err *err);

// Passes on what has come, follows where it stopped, and looks whether it has ended. Stops
// this process with the command, so it may take any time.
void hs_job_look(struct hs_job *j);

void hs_job_end(struct hs_job *j); // takes the terminal back; signals stay blocked

// Ends this process as the command was ended, by the same signal and without a core.
void hs_job_die(int sig) __attribute__((noreturn));

#endif
