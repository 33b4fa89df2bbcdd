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
// each server that the daemon brings it to, and to servers an object. What the daemon does
// not know of is not said.
bool hs_telldaemon(
    const struct hs_rlist *l, bool beside, struct hs_buf *b, json_t *servers);

#endif
