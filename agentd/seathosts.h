// SPDX-License-Identifier: ISC
//
// Which servers a seat may be bound to: the names under which their keys were known before
// anything was asked or decided about the scope that names them (docs/PROTOCOL.seat,
// "Hosts").
#ifndef HS_AGENTD_SEATHOSTS_H
#define HS_AGENTD_SEATHOSTS_H

#include "agentd/knownhosts.h"
#include "agentd/seat.h"

// Reads the policy's known_hosts files for the hosts of scope; done as hs_knownhosts_done.
int hs_seathosts_read(struct hs_daemon *d, const struct hs_scope *scope,
    hs_knownhosts_done *done, void *arg, struct hs_knownhosts_run **run,
    struct hs_err *err);

// The names under which a server's key is known to that seat, views that live as long as
// what it was given. Of a host's certificate: those that it says, where an authority for
// them has signed it. How many there are, at most max.
size_t hs_seathosts_names(const struct hs_seat *s, const struct hs_hostkey *key,
    const struct hs_now *now, struct hs_str *names, size_t max);

// Appends a line for each key of a host in scope that seat does not know yet, for a prompt;
// all of them where seat is NULL.
void hs_seathosts_describe(struct hs_buf *b, const struct hs_knownhosts *k,
    const struct hs_scope *scope, const struct hs_seat *seat);

#endif
