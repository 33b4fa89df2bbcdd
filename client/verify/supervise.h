// SPDX-License-Identifier: ISC
//
// What handseal-shell does while a command runs (docs/PROTOCOL.server section 9): it
// watches the clock and what is revoked, and ends what must not run on. Not for deciding
// what may start (shell.h).
#ifndef HS_CLIENT_VERIFY_SUPERVISE_H
#define HS_CLIENT_VERIFY_SUPERVISE_H

#include <sys/resource.h>
#include "client/verify/shell.h"

#define HS_SHELL_LIMITS	   3	 // what opening and reading files takes: rlimits
#define HS_SHELL_NOTICE_MS 60000 // before the grant's end
#define HS_SHELL_GRACE_MS  500	 // between asking a process to end and ending it
#define HS_SHELL_LOOK_MS   1000	 // between two looks at the clock and the files

// ---- the clock. Milliseconds; a point in time by both clocks.

struct hs_shell_time {
	uint64_t wall; // since 1970
	uint64_t boot; // since boot, asleep too: nobody sets it
};

struct hs_shell_time hs_shell_time_now(void);

enum hs_shell_due { HS_SHELL_RUNS, HS_SHELL_NOTICE, HS_SHELL_ENDS };
// What is due now, of a grant that ends at end (Unix seconds)? Whichever clock comes there
// first counts: setting the wall clock back wins nobody anything. *left: milliseconds until
// the next, or to the end. Pure.
enum hs_shell_due hs_shell_due(const struct hs_shell_time *start,
    const struct hs_shell_time *now, uint64_t end, uint64_t *left);

// ---- what is revoked

struct hs_shell_watch {
	const struct hs_shell_arg *arg;
	const char *user;
	char folder[HS_LISTS_PATH_MAX]; // Revocations; empty: none
	int inotify;			// -1: there is none, and the clock alone is watched
	uint8_t seen[32];		// what the files looked like
	bool again;			// to be read again, changed or not
	enum hs_code last;		// of the last look
	rlim_t limits[HS_SHELL_LIMITS]; // of this process, at the beginning
};

// folder: from hs_shell_revoked; the rest stays the caller's. Never fails.
void hs_shell_watch_begin(struct hs_shell_watch *w, const struct hs_shell_arg *arg,
    const char *user, const char *folder);
// Looks whether the files changed, and if so, whether they revoke, or trust the root no
// more for this login. HS_OK, or the code and the reason to end what runs: HS_NO_REVOKED,
// HS_NO_ROOT_UNKNOWN, HS_NO_USER_ROOT; HS_ERR_IO where this process can open nothing any
// more, or less than at the beginning. That the files cannot be read ends nothing else: it
// is noted in the log.
int hs_shell_watch_look(struct hs_shell_watch *w, uint64_t now, struct hs_err *err);
void hs_shell_watch_end(struct hs_shell_watch *w);

// ---- processes

// Sends sig to all processes below this one, 0: to none. Returns how many of them it saw:
// that there is none, only waitpid(2) knows.
size_t hs_shell_tree_signal(int sig);
// A descriptor of the list of our own children, or -1 where there is no such list. Held
// from the start, so that nobody who changes our limits or what is mounted takes it away.
int hs_shell_children_open(void);
// SIGKILL to those that are in it. What they leave behind becomes ours, for the next call.
// Returns the sum of their pids: another where it is not the same ones.
uint64_t hs_shell_children_kill(int fd);
// A pidfd of sshd's process of the connection that this one belongs to; -1 where none of
// our ancestors can be told to be that.
int hs_shell_connection_open(void);
// Ends it, and with it all that goes over the connection. False where it is still there.
bool hs_shell_connection_end(int pidfd);

// ---- all of it

struct hs_shell_job {
	int (*become)(void *arg); // in the new process; what it returns is its exit status
	void *arg;
	struct hs_shell_time start; // when it was decided that this may run
	uint64_t end; // Unix seconds, when it is ended; UINT64_MAX: it may run on
	struct hs_shell_watch *watch;
};

struct hs_shell_end {
	enum hs_code code; // HS_OK: it ended by itself; or why it was ended
	struct hs_err err; // of that
	int status;	   // as of waitpid; of what was ended 0
	uint64_t seconds;  // that it ran
	bool closed;	   // the connection was ended too
	size_t left; // processes below us that are still there, 1 where they were not seen
};

// Runs it below this process and returns when it has ended or was ended. HS_ERR_IO where
// nothing was started. Blocks all signals, and leaves them so.
int hs_shell_supervise(
    const struct hs_shell_job *job, struct hs_shell_end *out, struct hs_err *err);

#endif
