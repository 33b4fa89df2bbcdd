// SPDX-License-Identifier: ISC
//
// Letting the daemon here, if one runs, know of a root's list: what it has of it ends at
// once, and its Publish commands run.
#ifndef HS_CLIENT_TELLDAEMON_H
#define HS_CLIENT_TELLDAEMON_H

#include <jansson.h>
#include <stdbool.h>
#include "proto/rlist.h"

// beside: the list lies beside its lists. False: no daemon was reached. Appends a line for
// each entry that the daemon could not be told, and for each server that it brings the list
// to; to servers an object for each, and to told a string for each entry, in the list's
// order: HS_TOLD_*, or the code of why not.
#define HS_TOLD_ENDED	"ended"	  // what it had of it it has revoked
#define HS_TOLD_NOTHING "nothing" // it knows nothing of it that lives
#define HS_TOLD_NOBODY	"no-daemon"
bool hs_telldaemon(
    const struct hs_rlist *l, bool beside, struct hs_buf *b, json_t *servers, json_t *told);

#endif
