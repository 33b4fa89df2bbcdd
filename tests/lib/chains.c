// SPDX-License-Identifier: ISC
//
// The example chain of docs/PROTOCOL.certs. Contract in chains.h.
#include "tests/lib/chains.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/names.h"

struct hs_chains chains;

int
chains_make(void **state)
{
	uint8_t seed[3][32];

	(void)state;
	if (sodium_init() < 0)
		return -1;
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < 32; i++)
			seed[k][i] = (uint8_t)(32 * k + i);
	return hs_mint_ed25519(&chains.agent, HS_KT_ED25519, seed[0]) != HS_OK ||
	       hs_mint_ed25519(&chains.session, HS_KT_ED25519, seed[1]) != HS_OK ||
	       hs_mint_ed25519(&chains.root, HS_KT_SK_ED25519, seed[2]) != HS_OK ||
	       hs_mint_make(&chains.other_session, HS_KT_ED25519) != HS_OK ||
	       hs_mint_make(&chains.other_root, HS_KT_SK_ED25519) != HS_OK ||
	       hs_mint_make(&chains.ecdsa_root, HS_KT_SK_ECDSA) != HS_OK;
}

struct hs_str
chains_str(const char *s)
{
	return hs_str_c(s);
}

struct hs_scope *
chains_scope(const char *canonical)
{
	struct hs_scope *s = NULL;
	struct hs_err err = {0};

	if (hs_scope_parse_canonical(hs_str_c(canonical), &s, &err) != HS_OK)
		fail_msg("line %u: %s", err.line, hs_err_sentence(&err));
	return s;
}

struct hs_grant_payload
chains_payload(const char *scope, uint64_t end)
{
	struct hs_grant_payload p = {.scope = hs_str_c(scope),
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .end = end,
	    .log_seq = 12};

	crypto_hash_sha256(p.shown, (const uint8_t *)"SHOWN", 5);
	crypto_hash_sha256(p.policy, (const uint8_t *)"", 0);
	memset(p.log_head, 0x44, sizeof p.log_head);
	return p;
}

struct hs_grant_spec
chains_grant(void)
{
	struct hs_grant_spec s = {.session_key = &chains.session.key,
	    .root = &chains.root.key,
	    .serial = 0x0123456789abcdef,
	    .valid_after = CHAINS_MADE - 60,
	    .payload = chains_payload(CHAINS_CEILING, CHAINS_MADE + 14400)};

	memset(s.nonce, 0x11, sizeof s.nonce);
	return s;
}

struct hs_delegation_spec
chains_delegation(const struct hs_buf *grant, const struct hs_scope *scope)
{
	struct hs_delegation_spec s = {.agent_key = &chains.agent.key,
	    .session_key = &chains.session.key,
	    .serial = 1,
	    .valid_after = CHAINS_MADE + 540,
	    .valid_before = CHAINS_MADE + 1500,
	    .agent = hs_str_c("claude"),
	    .grant = hs_buf_str(grant),
	    .scope = scope};

	memset(s.nonce, 0x22, sizeof s.nonce);
	return s;
}

struct hs_direct_spec
chains_direct(const char *scope)
{
	struct hs_direct_spec s = {.agent_key = &chains.agent.key,
	    .root = &chains.root.key,
	    .serial = 0xfedcba9876543210,
	    .valid_after = CHAINS_MADE - 60,
	    .agent = hs_str_c("claude"),
	    .payload = chains_payload(scope, CHAINS_MADE + 900)};

	memset(s.nonce, 0x33, sizeof s.nonce);
	return s;
}

void
chains_put_grant(struct hs_buf *b, const struct hs_grant_spec *s, const struct hs_mint *by,
    uint8_t flags)
{
	assert_int_equal(hs_grant_put_body(b, s), HS_OK);
	assert_int_equal(hs_mint_sign(by, b, flags, 7), HS_OK);
}

void
chains_put_delegation(
    struct hs_buf *b, const struct hs_delegation_spec *s, const struct hs_mint *by)
{
	assert_int_equal(hs_delegation_put_body(b, s), HS_OK);
	assert_int_equal(hs_mint_sign(by, b, 0, 0), HS_OK);
}

void
chains_put_direct(struct hs_buf *b, const struct hs_direct_spec *s,
    const struct hs_mint *by, uint8_t flags)
{
	assert_int_equal(hs_direct_put_body(b, s), HS_OK);
	assert_int_equal(hs_mint_sign(by, b, flags, 8), HS_OK);
}

void
chains_put_examples(struct hs_buf *grant, struct hs_buf *delegation, struct hs_buf *direct)
{
	struct hs_scope *scope = chains_scope(CHAINS_SCOPE);
	struct hs_grant_spec g = chains_grant();
	struct hs_direct_spec t = chains_direct(CHAINS_DIRECT);
	struct hs_delegation_spec d;

	chains_put_grant(grant, &g, &chains.root, 0x01);
	d = chains_delegation(grant, scope);
	chains_put_delegation(delegation, &d, &chains.session);
	chains_put_direct(direct, &t, &chains.root, 0x05);
	hs_scope_free(&scope);
}
