// SPDX-License-Identifier: ISC
//
// Example lists. Contract in lists.h.
#include "tests/lib/lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/names.h"

struct hs_mint lists_revoker;

int
lists_make(void **state)
{
	uint8_t seed[32];

	for (size_t i = 0; i < 32; i++)
		seed[i] = (uint8_t)(0x60 + i);
	return chains_make(state) != 0 ||
	       hs_mint_ed25519(&lists_revoker, HS_KT_ED25519, seed) != HS_OK;
}

struct hs_revoker_spec
lists_spec(const struct hs_buf *grant)
{
	struct hs_revoker_spec spec = {.key = &lists_revoker.key,
	    .session_key = &chains.session.key,
	    .grant = hs_buf_str(grant),
	    .valid_after = chains_grant().valid_after};

	memset(spec.nonce, 0x55, sizeof spec.nonce);
	return spec;
}

void
lists_put_certificate(struct hs_buf *b, const struct hs_mint *session,
    const struct hs_mint *root, uint8_t flags)
{
	struct hs_grant_spec g = chains_grant();
	struct hs_revoker_spec spec;
	struct hs_buf grant = {0};

	g.root = &root->key;
	chains_put_grant(&grant, &g, root, flags);
	spec = lists_spec(&grant);
	assert_int_equal(hs_revoker_put_body(b, &spec), HS_OK);
	assert_int_equal(hs_mint_sign(session, b, 0, 0), HS_OK);
	hs_buf_free(&grant);
}

struct lists_spec
lists_example(void)
{
	static const struct hs_krl_range serials[] = {{2, 2}, {5, 7}};

	return (struct lists_spec){.version = 3,
	    .issued = CHAINS_MADE + 600,
	    .next = CHAINS_MADE + 900,
	    .serials = serials,
	    .nserials = 2,
	    .by = &lists_revoker};
}

void
lists_put_krl(struct hs_buf *b, uint64_t next, struct hs_str krl, const struct hs_mint *by,
    const struct hs_mint *root)
{
	uint8_t sig[crypto_sign_BYTES], pk[32], sk[crypto_sign_SECRETKEYBYTES];
	struct hs_buf cert = {0}, message = {0}, bytes = {0}, blob = {0};

	lists_put_certificate(&cert, &chains.session, root, 1);
	hs_list_put_message(&message, next, krl);
	hs_sshsig_put_signed(&bytes, HS_NS_KRL, hs_buf_str(&message));
	assert_int_equal(crypto_sign_seed_keypair(pk, sk, by->secret), 0);
	assert_int_equal(crypto_sign_detached(sig, NULL, bytes.p, bytes.len, sk), 0);
	hs_put_cstring(&blob, "ssh-ed25519");
	hs_put_string(&blob, sig, sizeof sig);
	hs_list_put(b, hs_buf_str(&cert), hs_buf_str(&message), hs_buf_str(&blob));
	assert_int_equal(hs_buf_err(b), HS_OK);
	hs_buf_free(&cert);
	hs_buf_free(&message);
	hs_buf_free(&bytes);
	hs_buf_free(&blob);
}

void
lists_put(struct hs_buf *b, const struct lists_spec *s, const struct hs_mint *root)
{
	struct hs_krl_range r[64];
	struct hs_buf krl = {0};

	assert_true(s->nserials <= 64);
	if (s->nserials > 0)
		memcpy(r, s->serials, s->nserials * sizeof *r);
	hs_krl_begin(&krl, s->version, s->issued, "20259320c16a21ad");
	assert_int_equal(
	    hs_krl_put_serials(&krl, &chains.session.key, r, s->nserials), HS_OK);
	if (s->whole)
		hs_krl_put_keys(&krl, &chains.session.key, 1);
	lists_put_krl(b, s->next, hs_buf_str(&krl), s->by, root);
	hs_buf_free(&krl);
}

void
lists_roots(struct hs_roots *out, const struct hs_key *root)
{
	struct hs_buf line = {0};

	hs_put_fmt(&line, "users=\"*\" ");
	hs_key_put_line(&line, root);
	assert_int_equal(hs_roots_parse(hs_buf_str(&line), out, NULL, NULL), HS_OK);
	assert_int_equal(out->n, 1);
	hs_buf_free(&line);
}
