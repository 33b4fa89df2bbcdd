// SPDX-License-Identifier: ISC
//
// A wish held against what a seat may. Contract in allowed.h.
#include "client/handseal/allowed.h"

#include <stdio.h>
#include <string.h>
#include "proto/describe.h"

#define ANY_ADDR "192.0.2.1" // for documentation, where any will do

// How near a refusal is to a yes.
static int
rank(int rc)
{
	switch (rc) {
	case HS_OK:
		return 7;
	case HS_NO_USES:
	case HS_NO_EXPIRED:
		return 6;
	case HS_NO_PTY:
		return 5;
	case HS_NO_COMMAND:
		return 4;
	case HS_NO_ADDR:
		return 3;
	case HS_NO_HOST:
		return 2;
	case HS_NO_USER:
		return 1;
	default:
		return 0; // a scope that cannot be read
	}
}

// An address that the statement lets in: which one the client will have is not known here.
// False where it is for no login.
static bool
an_address(const struct hs_scope *s, size_t st, char out[static 64])
{
	struct hs_str v;
	const uint8_t *slash;

	if (hs_scope_values(s, st, HS_KEY_ADDR) == 0)
		return false;
	v = hs_scope_value(s, st, HS_KEY_ADDR, 0);
	if (hs_str_is(v, "*"))
		v = hs_str_c(ANY_ADDR);
	slash = memchr(v.p, '/', v.len);
	if (slash != NULL)
		v.len = (size_t)(slash - v.p);
	return hs_str_copy(v, out, 64) == HS_OK;
}

static int
permits(const struct hs_scope *s, const struct hs_allowed_wish *wish)
{
	struct hs_request req = {.kind = HS_REQ_LOGIN,
	    .user = wish->user,
	    .hosts = &wish->host,
	    .nhosts = 1,
	    .words = wish->words,
	    .nwords = wish->nwords};
	char addr[64];
	int rc, best = hs_scope_permits(s, &req, NULL);

	if (best != HS_OK || (!wish->command && !wish->shell))
		return best;
	req.kind = wish->command ? HS_REQ_COMMAND : HS_REQ_SHELL;
	best = HS_NO_COMMAND;
	for (size_t st = 0; best != HS_OK && st < hs_scope_statements(s); st++) {
		if (!an_address(s, st, addr))
			continue;
		req.addr = hs_str_c(addr);
		rc = hs_scope_permits(s, &req, NULL);
		if (rank(rc) > rank(best))
			best = rc;
	}
	return best;
}

static void
describe(const struct hs_scope *s, const struct hs_allowed_wish *wish, struct hs_buf *may)
{
	struct hs_request req = {
	    .kind = HS_REQ_LOGIN, .user = wish->user, .hosts = &wish->host, .nhosts = 1};
	struct hs_scope *there = NULL;

	if (hs_scope_filter(s, &req, &there, NULL) == HS_OK)
		hs_describe_scope_short(may, there);
	hs_scope_free(&there);
}

static int
by_one(const struct hs_seat *t, uint64_t now, const struct hs_allowed_wish *wish,
    struct hs_buf *may)
{
	struct hs_scope *s = NULL;
	int rc = hs_scope_parse_canonical(t->scope, &s, NULL);

	if (rc != HS_OK)
		return HS_ERR_SCOPE;
	rc = permits(s, wish);
	if (rc == HS_OK && t->end <= now)
		rc = HS_NO_EXPIRED;
	else if (rc == HS_OK && t->uses_left == 0)
		rc = HS_NO_USES;
	if (rc == HS_OK)
		describe(s, wish, may);
	hs_scope_free(&s);
	return rc;
}

int
hs_allowed_by(const struct hs_seats *s, size_t seat, uint64_t now,
    const struct hs_allowed_wish *wish, struct hs_buf *may)
{
	int best = by_one(&s->v[seat], now, wish, may);

	for (size_t i = s->v[seat].part; best != HS_OK && i != HS_SEATS_NONE;
	     i = s->v[i].sibling) {
		int rc = by_one(&s->v[i], now, wish, may);

		if (rank(rc) > rank(best))
			best = rc;
	}
	return best;
}
