// SPDX-License-Identifier: ISC
//
// Under which names of a scope a server's key is known: the policy's known_hosts files,
// read once by handseal-known-hosts (docs/PROTOCOL.knownhosts), and what is looked up in
// what came of it. Which connection has which key, and certificates of hosts, are not its
// business.
#ifndef HS_AGENTD_KNOWNHOSTS_H
#define HS_AGENTD_KNOWNHOSTS_H

#include <uv.h>
#include "proto/knownhosts.h"
#include "proto/policy.h"

#define HS_KNOWNHOSTS_MS      5000 // the program may take so long
#define HS_KNOWNHOSTS_RUNNING 8	   // programs at one time; the rest wait for those

// ---- the table: never changes, needs no other's memory

struct hs_knownhosts {
	const struct hs_knownhosts_entry *v; // in the order of the answer
	size_t n;
	const struct hs_str *warnings; // for the log: "FILE:LINE: ..."
	size_t nwarnings;
};

void hs_knownhosts_free(struct hs_knownhosts **k); // nulls; NULL and *NULL are fine

// The names under which this key, a public key blob, is a host's own, and not revoked:
// exact names, each under some host value of the scope. How many there are in names, which
// has room for max; any more are left out.
size_t hs_knownhosts_names(const struct hs_knownhosts *k, struct hs_str key_blob,
    struct hs_str *names, size_t max);

// Is a certificate of a host good for this exact name if that key has signed it? Where it
// is revoked for the name, it is not. name may come from anywhere: what is no exact name in
// lower case is answered by no.
bool hs_knownhosts_ca(
    const struct hs_knownhosts *k, struct hs_str ca_blob, struct hs_str name);
// The host values, so `*.example.com` and `*` too, under which the key is such an
// authority, but for those that are revoked as a whole. Only to be shown.
size_t hs_knownhosts_ca_names(
    const struct hs_knownhosts *k, struct hs_str ca_blob, struct hs_str *names, size_t max);

// Is the key, a host's or an authority's, revoked for this name? name is a host value: of a
// pattern it is asked whether the key is revoked for all of it.
bool hs_knownhosts_revoked(
    const struct hs_knownhosts *k, struct hs_str key_blob, struct hs_str name);

// ---- reading

struct hs_knownhosts_run;

// Those of one loop: {.loop = LOOP}. More than may run at one time wait in the order of
// their asking, and what one may take counts from when it runs: so many at once do not
// make each other late.
struct hs_knownhosts_readers {
	uv_loop_t *loop;
	struct hs_knownhosts_run *waiting; // the first
	size_t running;			   // those let go of too, until they have ended
};

struct hs_knownhosts_spec {
	const char *program;		// handseal-known-hosts; outlives the reading
	const char *home;		// what ~ is; "": not known
	const struct hs_policy *policy; // KnownHosts
	const struct hs_scope *scope;	// whose `host` values are looked for
	const uint16_t *ports; // under which, beside 22, a hashed name may have been put
	size_t nports;
	uint64_t ms; // after which it is killed
};

// The end, from the loop, once: the table, which is the callee's to free; or a code and a
// sentence, and NULL: then no key has a name. HS_ERR_IO: the program failed.
typedef void hs_knownhosts_done(
    void *arg, int code, struct hs_knownhosts *k, const struct hs_err *err);

// Starts the program, or has it wait. spec is only read during the call. HS_ERR_CONFIG (a
// path under ~, and no home; a path that is too long), HS_ERR_TOO_LONG, HS_ERR_IO,
// HS_ERR_NOMEM, with a sentence: done is not called then. *out is for hs_knownhosts_cancel,
// and valid until done is called.
int hs_knownhosts_read(struct hs_knownhosts_readers *q,
    const struct hs_knownhosts_spec *spec, hs_knownhosts_done *done, void *arg,
    struct hs_knownhosts_run **out, struct hs_err *err);
// Lets go of it: done is not called any more. A program that runs is ended while the loop
// does.
// Nulls *r; NULL is fine.
void hs_knownhosts_cancel(struct hs_knownhosts_run **r);

#endif
