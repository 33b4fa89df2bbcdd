// SPDX-License-Identifier: ISC
//
// handseal-verify check-config: all that is wrong with a server's files, and what they
// trust. check.c looks, check_tell.c sums up.
#ifndef HS_CLIENT_VERIFY_CHECK_H
#define HS_CLIENT_VERIFY_CHECK_H

#include <stdbool.h>
#include "client/verify/lib/config.h"

struct hs_check_ask {
	const char *config; // folder of the files
	bool own;	    // it was named on the command line
	const char *user;   // NULL, or whose logins it is about
	bool json;
};

// Prints. Exit status: 0 all is in order, 1 something is not.
int hs_check(const struct hs_check_ask *ask);

// What was found.
struct hs_checked {
	const struct hs_check_ask *ask;
	struct hs_buf problems, warnings; // a line each, or JSON objects with commas
	unsigned nproblems, nwarnings;
	struct hs_server_conf server; // as far as it could be read
	struct hs_root *roots;	      // owned; of all files
	size_t nroots;
	unsigned barred; // lines of revoked that hold
	unsigned lists;	 // that count
};

void hs_check_text(struct hs_buf *b, const struct hs_checked *c);
void hs_check_json(struct hs_buf *b, const struct hs_checked *c);

#endif
