// SPDX-License-Identifier: ISC
//
// A root's list of what is revoked, signed by a touch of that root here: the ceremony from
// this side, without any daemon. What stands in the list is byroot.c's.
#ifndef HS_CLIENT_ROOTSIGN_H
#define HS_CLIENT_ROOTSIGN_H

#include <stdio.h>
#include "proto/rlist.h"
#include "proto/rootfile.h"

struct hs_rootsign {
	const struct hs_root_record *root;
	const char *device; // as --device has it; NULL: where the root's file says
	bool pin;	    // ask for the PIN, whatever the root's file says
	FILE *talk;	    // where the person reads
};

// Appends the whole list over message, verified. HS_SK_LIED where the helper's answer is
// none; HS_SK_HELPER; the code that the helper gave; HS_ERR_* for a device's name.
int hs_rootsign(const struct hs_rootsign *w, struct hs_str message, struct hs_buf *list,
    struct hs_err *err);

#endif
