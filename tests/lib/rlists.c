// SPDX-License-Identifier: ISC
//
// Example roots' lists. Contract in rlists.h.
#include "tests/lib/rlists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/names.h"

#define SESSION "20259320c16a21ad"

struct rlists_spec
rlists_example(void)
{
	static struct hs_rlist_entry v[4];
	static const struct hs_rlist_entry page[] = {
	    {HS_RLIST_SESSION, "7c2e000000000000", 0, 0}, {HS_RLIST_SERIALS, SESSION, 2, 2},
	    {HS_RLIST_SERIALS, SESSION, 5, 9},
	    {HS_RLIST_DIRECT, "", 0xfedcba9876543210, 0xfedcba9876543210}};

	memcpy(v, page, sizeof v);
	return (struct rlists_spec){.root = &chains.root,
	    .by = &chains.root,
	    .flags = 1,
	    .v = v,
	    .n = 4,
	    .proof = &chains.session,
	    .grant_flags = 1};
}

void
rlists_put_message(struct hs_buf *b, const struct rlists_spec *s)
{
	struct hs_grant_spec g = chains_grant();
	struct hs_scope *scope = chains_scope(CHAINS_SCOPE);
	struct hs_delegation_spec d;
	struct hs_buf grant = {0}, blob = {0};
	struct hs_rlist_proof proof = {.session = SESSION};
	struct hs_rlist_spec spec = {.root = &s->root->key,
	    .version = 3,
	    .issued = CHAINS_MADE + 600,
	    .v = s->v,
	    .n = s->n,
	    .proofs = &proof,
	    .nproofs = s->proof != NULL};

	g.root = &s->root->key;
	chains_put_grant(&grant, &g, s->root, s->grant_flags);
	d = chains_delegation(&grant, scope);
	if (s->proof != NULL)
		chains_put_delegation(&blob, &d, s->proof);
	proof.blob = hs_buf_str(&blob);
	assert_int_equal(hs_rlist_put_message(b, &spec, NULL), HS_OK);
	hs_scope_free(&scope);
	hs_buf_free(&grant);
	hs_buf_free(&blob);
}

void
rlists_put(struct hs_buf *b, const struct rlists_spec *s)
{
	struct hs_buf message = {0}, bytes = {0};
	size_t n;

	rlists_put_message(&message, s);
	hs_sshsig_put_signed(&bytes, HS_NS_KRL, hs_buf_str(&message));
	n = bytes.len;
	assert_int_equal(hs_mint_sign(s->by, &bytes, s->flags, 7), HS_OK);
	// behind what is signed, as a string
	hs_rlist_put(
	    b, hs_buf_str(&message), (struct hs_str){bytes.p + n + 4, bytes.len - n - 4});
	assert_int_equal(hs_buf_err(b), HS_OK);
	hs_buf_free(&message);
	hs_buf_free(&bytes);
}

void
rlists_put_example(struct hs_buf *b)
{
	struct rlists_spec s = rlists_example();

	rlists_put(b, &s);
}
