// SPDX-License-Identifier: ISC
//
// The keys, grant, delegation and direct certificate of docs/PROTOCOL.certs' examples, for
// cmocka tests: each as a spec to be changed first, and whole.
#ifndef HS_TESTS_CHAINS_H
#define HS_TESTS_CHAINS_H

#include "proto/grant.h"
#include "tests/lib/mint.h"

#define CHAINS_MADE 1795485600u
#define CHAINS_CEILING                                                                     \
	"max-ttl 28800\nmax-uses *\n\naddr *\ncmd systemctl restart web\ncmd uptime\n"     \
	"host *.example.com\npermit pty\nuser deploy\n"
#define CHAINS_SCOPE                                                                       \
	"max-ttl 900\nmax-uses 1\n\naddr 192.0.2.0/24\ncmd uptime\n"                       \
	"host web1.example.com\npermit pty\nuser deploy\n"
#define CHAINS_DIRECT                                                                      \
	"max-ttl 900\nmax-uses *\n\naddr 192.0.2.0/24\ncmd systemctl restart web\n"        \
	"host *\npermit pty\nuser deploy\nuser web\n"

struct hs_chains {
	struct hs_mint agent, session, root;		      // from the page's seeds
	struct hs_mint other_session, other_root, ecdsa_root; // random
};
extern struct hs_chains chains;

int chains_make(void **state); // a cmocka group setup

struct hs_str chains_str(const char *s);
struct hs_scope *chains_scope(const char *canonical); // owned by the caller
struct hs_grant_payload chains_payload(const char *scope, uint64_t end);
struct hs_grant_spec chains_grant(void);
struct hs_delegation_spec chains_delegation(
    const struct hs_buf *grant, const struct hs_scope *scope);
struct hs_direct_spec chains_direct(const char *scope);

// Whole certificates, appended: body, then a signature by that key with those flags.
void chains_put_grant(struct hs_buf *b, const struct hs_grant_spec *s,
    const struct hs_mint *by, uint8_t flags);
void chains_put_delegation(
    struct hs_buf *b, const struct hs_delegation_spec *s, const struct hs_mint *by);
void chains_put_direct(struct hs_buf *b, const struct hs_direct_spec *s,
    const struct hs_mint *by, uint8_t flags);
// The page's own.
void chains_put_examples(
    struct hs_buf *grant, struct hs_buf *delegation, struct hs_buf *direct);

#endif
