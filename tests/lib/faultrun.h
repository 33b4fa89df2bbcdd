// SPDX-License-Identifier: ISC
//
// A script of all that a daemon does with files (start, open, request, a seat, sign,
// revoke, rotate, close, restart), run while its system calls fail as
// tests/preload/faults.h says, and what must hold whatever failed. For faultctl.c, which
// chooses what fails.
#ifndef HS_TESTS_FAULTRUN_H
#define HS_TESTS_FAULTRUN_H

#include "tests/lib/crashlog.h"
#include "tests/lib/driven.h"
#include "tests/preload/faults.h"

struct faultrun_world {
	const char *state;  // the daemon's state folder
	const char *client; // the program handseal
	struct hs_faults *faults;
};

struct faultrun {
	const struct faultrun_world *w;
	bool lasting; // the fault lasts until the script's next restart, or its end
	// what came of it
	unsigned done, refused, restarts;
	unsigned shown; // `status` told of a fault
	struct crashlog_ids known, revoked;
	unsigned signatures;
	char session[HS_SESSION_ID_LEN + 1]; // that is open; "": none
	char seat[HS_SESSION_ID_LEN + 24], seat_socket[108];
	struct driven_conn main, runner, agent;
};

// Runs it in a state folder without anything, and checks all of it. Ends the program with
// a sentence where something does not hold.
void faultrun(struct faultrun *r);
void faultrun_free(struct faultrun *r);

#endif
