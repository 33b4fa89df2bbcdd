// SPDX-License-Identifier: ISC
//
// A new credential on a security key: asks the helper for it, and believes what comes back
// only as far as it was signed. The root file is enroll.c's.
#ifndef HS_CLIENT_NEWKEY_H
#define HS_CLIENT_NEWKEY_H

#include <stdio.h>
#include "proto/rootfile.h"

struct hs_newkey {
	enum hs_key_type type; // HS_KT_SK_ED25519 or HS_KT_SK_ECDSA
	const char *device;    // as helper.h has it, but a path may be relative; NULL: any
	bool pin;	       // ask for the PIN, and demand verification
	FILE *talk;	       // where the person reads
};

// Makes it, with one touch. r->name is the label that the key keeps; fills r but for name,
// owner and created. HS_SK_LIED where the helper's answer contradicts itself, HS_SK_HELPER,
// or the code that the helper gave, HS_ERR_* for a device's name.
int hs_newkey_make(const struct hs_newkey *w, struct hs_root_record *r, struct hs_err *err);

#endif
