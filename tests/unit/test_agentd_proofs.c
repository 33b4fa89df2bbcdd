// SPDX-License-Identifier: ISC
//
// Goal of this test: a proof that was found good is known again, and nothing else ever is:
// no request but that one, by no other key, and no proof that was refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/proofs.h"
#include "agentd/wanted.h"
#include "proto/names.h"
#include "proto/sshsig.h"

#define SCOPE "max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost *\nuser deploy\n"
#define MANY  5000 // more than there is room for

static struct hs_proofs proofs;

struct agent {
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t blob[51], proof[83];
};

static void
make_agent(struct agent *a)
{
	struct hs_buf b = {0};
	uint8_t pub[32];

	assert_int_equal(crypto_sign_keypair(pub, a->secret), 0);
	hs_put_cstring(&b, "ssh-ed25519");
	hs_put_string(&b, pub, sizeof pub);
	assert_int_equal(b.len, sizeof a->blob);
	memcpy(a->blob, b.p, b.len);
	hs_buf_free(&b);
}

static struct hs_agent_request
asking(const struct agent *a)
{
	return (struct hs_agent_request){.scope = hs_str_c(SCOPE),
	    .agent = hs_str_c("claude"),
	    .reason = hs_str_c("look"),
	    .key = {a->blob, sizeof a->blob}};
}

static void
prove(struct agent *a, const char *session, struct hs_agent_request *m)
{
	struct hs_buf message = {0}, bytes = {0}, proof = {0};
	uint8_t sig[crypto_sign_BYTES];

	hs_agent_put_proof_message(&message, session, m);
	hs_sshsig_put_signed(&bytes, HS_NS_REQUEST, hs_buf_str(&message));
	assert_int_equal(crypto_sign_detached(sig, NULL, bytes.p, bytes.len, a->secret), 0);
	hs_put_cstring(&proof, "ssh-ed25519");
	hs_put_string(&proof, sig, sizeof sig);
	assert_int_equal(proof.len, sizeof a->proof);
	memcpy(a->proof, proof.p, proof.len);
	m->proof = (struct hs_str){a->proof, sizeof a->proof};
	hs_buf_free(&message);
	hs_buf_free(&bytes);
	hs_buf_free(&proof);
}

static size_t
nknown(void)
{
	static const uint8_t empty[HS_PROOFS_DIGEST];
	size_t n = 0;

	for (size_t i = 0; i < HS_PROOFS_SETS; i++)
		for (size_t j = 0; j < HS_PROOFS_WAYS; j++)
			n += memcmp(proofs.seen[i][j], empty, sizeof empty) != 0;
	return n;
}

static int
check(const char *session, const struct hs_agent_request *m)
{
	struct hs_session s = {0};
	struct hs_refusal why = {0};
	struct hs_wanted w;
	int rc;

	memcpy(s.id, session, strlen(session) + 1);
	rc = hs_wanted_check(&s, &proofs, m, &w, &why);
	hs_wanted_free(&w);
	return rc;
}

// Twice: what was refused is not known either.
static void
is_no_proof(const char *session, const struct hs_agent_request *m)
{
	size_t n = nknown();

	assert_int_equal(check(session, m), HS_NO_PROOF);
	assert_int_equal(check(session, m), HS_NO_PROOF);
	assert_int_equal(nknown(), n);
}

static void
rule1_only_that_request(void **state)
{
	static const char session[] = "20259320c16a21ad", next[] = "7c2e000000000000";
	struct agent a, other;
	struct hs_agent_request m, n;

	(void)state;
	memset(&proofs, 0, sizeof proofs);
	make_agent(&a);
	make_agent(&other);
	m = asking(&a);
	is_no_proof(session, &m);
	prove(&a, session, &m);
	assert_int_equal(check(session, &m), HS_OK);
	assert_int_equal(nknown(), 1);
	assert_int_equal(check(session, &m), HS_OK);
	assert_int_equal(nknown(), 1);
	is_no_proof(next, &m);
	is_no_proof("", &m);
	n = m, n.scope.len -= 7;
	is_no_proof(session, &n);
	n = m, n.agent = hs_str_c("codex");
	is_no_proof(session, &n);
	n = m, n.reason.len--;
	is_no_proof(session, &n);
	n = m, n.direct = 1;
	is_no_proof(session, &n);
	n = m, n.key.p = other.blob;
	is_no_proof(session, &n);
	n = m, n.proof.len = 0;
	is_no_proof(session, &n);
	for (size_t i = 0; i < sizeof a.proof; i++) {
		a.proof[i] ^= 1;
		is_no_proof(session, &m);
		a.proof[i] ^= 1;
	}
	assert_int_equal(check(session, &m), HS_OK);
	prove(&a, next, &m);
	assert_int_equal(check(next, &m), HS_OK);
	assert_int_equal(nknown(), 2);
}

// The parts are told apart, whatever is at their ends.
static void
digests_of_parts(void **state)
{
	static const char text[] = "abcdef";
	const struct hs_str all = hs_str_c(text);
	uint8_t one[HS_PROOFS_DIGEST], two[HS_PROOFS_DIGEST];
	struct hs_key key = {.type = HS_KT_ED25519, .publen = 32};

	(void)state;
	for (size_t i = 0; i <= all.len; i++)
		for (size_t j = 0; j <= all.len; j++) {
			assert_int_equal(hs_proofs_digest((struct hs_str){all.p, i}, &key,
					     (struct hs_str){all.p + i, all.len - i}, one),
			    HS_OK);
			assert_int_equal(hs_proofs_digest((struct hs_str){all.p, j}, &key,
					     (struct hs_str){all.p + j, all.len - j}, two),
			    HS_OK);
			assert_int_equal(memcmp(one, two, sizeof one) == 0, i == j);
		}
	key.pub[31] = 1;
	assert_int_equal(
	    hs_proofs_digest((struct hs_str){all.p, 0}, &key, all, two), HS_OK);
	key.pub[31] = 0;
	assert_int_equal(
	    hs_proofs_digest((struct hs_str){all.p, 0}, &key, all, one), HS_OK);
	assert_int_not_equal(memcmp(one, two, sizeof one), 0);
}

// However many there were: the last one is known, none that was not added ever is.
static void
rule10_bounded(void **state)
{
	static uint8_t digests[MANY][HS_PROOFS_DIGEST];
	uint8_t never[HS_PROOFS_DIGEST];
	size_t n = 0;

	(void)state;
	memset(&proofs, 0, sizeof proofs);
	for (size_t i = 0; i < MANY; i++) {
		randombytes_buf(digests[i], sizeof digests[i]);
		memcpy(never, digests[i], sizeof never);
		never[2 + i % 30] ^= 1; // of the same set
		hs_proofs_add(&proofs, digests[i]);
		assert_true(hs_proofs_known(&proofs, digests[i]));
		assert_false(hs_proofs_known(&proofs, never));
	}
	for (size_t i = 0; i < MANY; i++)
		n += hs_proofs_known(&proofs, digests[i]);
	assert_int_equal(n, nknown());
	assert_in_range(
	    n, HS_PROOFS_SETS * HS_PROOFS_WAYS * 9 / 10, HS_PROOFS_SETS * HS_PROOFS_WAYS);
}

static int
begin(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule1_only_that_request),
	    cmocka_unit_test(digests_of_parts), cmocka_unit_test(rule10_bounded)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, NULL);
}
