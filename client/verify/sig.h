// SPDX-License-Identifier: ISC
//
// handseal-verify sig: is a message signed by an agent's certificate, and may it be.
#ifndef HS_CLIENT_VERIFY_SIG_H
#define HS_CLIENT_VERIFY_SIG_H

#include <stdbool.h>
#include <stdint.h>

struct hs_sig_ask {
	const char *config; // folder of roots and verify.conf
	bool own;	    // it was named on the command line
	const char *roots;  // NULL, or a file of roots in place of the folder's
	const char *ns;	    // the namespace that is expected
	const char *sig;    // the signature's file
	const char *cap;    // NULL, or action:resource that the scope must have with ns
	const char *id;	    // NULL, or the root's comment or fingerprint
	uint64_t at;	    // Unix seconds
	bool has_at;	    // else now
	bool json;
};

// Judges the message on the standard input. Exit status: 0 it is good, 3 it is not, 1 it
// could not be read.
int hs_sig(const struct hs_sig_ask *ask);

#endif
