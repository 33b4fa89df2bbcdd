// SPDX-License-Identifier: ISC
//
// The daemon's list of certificates, walked page by page, and an item of it as JSON.
#ifndef HS_CLIENT_ITEMS_H
#define HS_CLIENT_ITEMS_H

#include <jansson.h>
#include "client/handseal/daemon.h"
#include "proto/limits.h"

// Called for each certificate; its views live until it returns. Not 0: stop, with that
// exit.
typedef int hs_items_fn(
    void *arg, const struct hs_agent_item *m, const char *session, uint64_t serial);

// Walks the certificate with that id, SESSION.SERIAL, or with "" all of them in the order
// of their serials. *end is the session's end, 0 if none is open. 0, or an exit status
// whose reason has been told.
int hs_items_each(
    struct hs_daemon *d, const char *id, hs_items_fn *fn, void *arg, uint64_t *end);

// From where it was asked for, as its certificate says: "local", "forwarded" or "opaque";
// NULL where that cannot be read.
const char *hs_items_origin(const struct hs_agent_item *m);

// An object of all its fields, the certificate as a line where wanted; NULL without memory.
json_t *hs_items_json(const struct hs_agent_item *m, bool certificate);

// Appends "type base64", as in a -cert.pub file, without LF.
void hs_items_put_cert(struct hs_buf *b, struct hs_str certificate);

#endif
