// SPDX-License-Identifier: ISC
//
// The private keys in a person's ~/.ssh, told by what is in the files: for the warning of
// `handseal run` about those without a passphrase, and for what --hide-keys hides. Keys
// that lie elsewhere are not looked for.
#ifndef HS_CLIENT_KEYFILES_H
#define HS_CLIENT_KEYFILES_H

#include "client/handseal/keysniff.h"

#define HS_KEYFILES_ENTRIES 4096 // that are looked at
#define HS_KEYFILES_DEPTH   4	 // folders inside folders

// Zero-initialise; hs_keyfiles_free when done.
struct hs_keyfiles {
	struct hs_keyfile {
		char *path;
		enum hs_keysniff kind; // not NONE
	} * f;			       // in the order of their paths
	size_t n;
};

// Looks through dir and its folders; that there is none is fine. HS_ERR_IO, and what has
// been found: something there cannot be looked at, so that this may not be all;
// HS_ERR_TOO_LONG likewise; HS_ERR_NOMEM.
int hs_keyfiles_find(struct hs_keyfiles *k, const char *dir, struct hs_err *err);
size_t hs_keyfiles_bare(const struct hs_keyfiles *k); // how many are
void hs_keyfiles_free(struct hs_keyfiles *k);

#endif
