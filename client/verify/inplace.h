// SPDX-License-Identifier: ISC
//
// handseal-verify in the place of ssh-keygen: what git runs as gpg.ssh.program. Signatures
// by a delegation are judged here, everything else is ssh-keygen's.
#ifndef HS_CLIENT_VERIFY_INPLACE_H
#define HS_CLIENT_VERIFY_INPLACE_H

#include <stdbool.h>

struct hs_inplace_ask {
	const char *config; // folder of verify.conf and revoked, where they are
	bool own;	    // it was named on the command line
	const char *keygen; // absolute path of ssh-keygen
	char **argv;	    // its arguments: a name, -Y, ...; NULL-terminated
	int argc;
};

// Answers as ssh-keygen -Y find-principals, verify and check-novalidate do, to the byte on
// the standard output, with 0 or 255; or runs keygen in our place, and then does not
// return.
int hs_inplace(const struct hs_inplace_ask *ask);

#endif
