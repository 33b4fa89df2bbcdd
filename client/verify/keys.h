// SPDX-License-Identifier: ISC
//
// The answer to sshd's AuthorizedKeysCommand.
#ifndef HS_CLIENT_VERIFY_KEYS_H
#define HS_CLIENT_VERIFY_KEYS_H

#include <stdbool.h>

struct hs_keys_ask {
	const char *config;		  // folder of roots and verify.conf
	bool own;			  // it was named on the command line
	const char *shell;		  // absolute path of handseal-shell
	const char *user, *type, *base64; // %u %t %k
	const char *connection;		  // %C, or NULL: not known
	char **other; // command and arguments for keys that are not ours, NULL-terminated;
		      // or NULL
};

// Prints one line or nothing, and logs why. Returns the exit status: 0 whether or not the
// login is admitted, 1 where an admitted line could not be written. Runs ask->other in our
// place where the key is none of ours, and then does not return.
int hs_keys(const struct hs_keys_ask *ask);

#endif
