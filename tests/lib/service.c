// SPDX-License-Identifier: ISC
//
// A service's question. Contract in service.h.
#include "tests/lib/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/sshsig.h"

struct service service;

struct hs_verify_bytes
service_bytes(const struct hs_buf *b)
{
	return (struct hs_verify_bytes){b->p, b->len};
}

struct hs_verify_bytes
service_text(const char *s)
{
	return (struct hs_verify_bytes){s, strlen(s)};
}

void
service_trusts(const char *options, const struct hs_key *root)
{
	hs_buf_reset(&service.roots);
	hs_put_fmt(&service.roots, "%s ", options);
	hs_key_put_line(&service.roots, root);
	hs_put_fmt(&service.roots, " Anna's blue\n");
	service.ask.roots = service_bytes(&service.roots);
}

void
service_certified(struct hs_delegation_spec spec, const char *scope)
{
	service_certified_under(spec, scope, scope);
}

void
service_certified_under(
    struct hs_delegation_spec spec, const char *text, const char *ceiling)
{
	struct hs_grant_spec g = chains_grant();
	struct hs_scope *scope = chains_scope(text);
	struct hs_buf grant = {0};

	g.payload.scope = chains_str(ceiling);
	chains_put_grant(&grant, &g, &chains.root, 0x01);
	spec.grant = hs_buf_str(&grant);
	spec.scope = scope;
	hs_buf_reset(&service.certificate);
	chains_put_delegation(&service.certificate, &spec, &chains.session);
	service.ask.certificate = service_bytes(&service.certificate);
	hs_scope_free(&scope);
	hs_buf_free(&grant);
}

void
service_proven(const struct hs_mint *by, const char *ns, struct hs_str key, bool sha256)
{
	struct hs_sshsig sig = {.key = key, .ns = hs_str_c(ns), .sha256 = sha256};
	const uint8_t *message = (const uint8_t *)SERVICE_CHALLENGE;
	uint8_t digest[64];
	struct hs_buf signed_ = {0};
	struct hs_rd rd;

	if (sha256)
		crypto_hash_sha256(digest, message, strlen(SERVICE_CHALLENGE));
	else
		crypto_hash_sha512(digest, message, strlen(SERVICE_CHALLENGE));
	hs_sshsig_put_digest(&signed_, &sig, digest, sha256 ? 32 : 64);
	rd.left = signed_.len;
	assert_int_equal(hs_mint_sign(by, &signed_, 0, 0), HS_OK);
	rd = hs_rd_init(signed_.p + rd.left, signed_.len - rd.left);
	assert_int_equal(hs_get_string(&rd, &sig.signature), HS_OK);
	hs_buf_reset(&service.proof);
	hs_sshsig_put(&service.proof, &sig);
	service.ask.signature = service_bytes(&service.proof);
	hs_buf_free(&signed_);
}

void
service_right(void)
{
	static const char *const hosts[] = {"svc.example.com", "web1.example.com"};
	static const struct hs_buf none;

	service = (struct service){0};
	service.ask = (struct hs_verify_ask){.size = sizeof service.ask,
	    .now = SERVICE_NOW,
	    .proof = HS_VERIFY_SIGNED,
	    .message = service_text(SERVICE_CHALLENGE),
	    .ns = SERVICE_NS,
	    .hosts = hosts,
	    .nhosts = 2,
	    .what = HS_VERIFY_CAP,
	    .value = "read:repo/acme/web"};
	service_trusts(SERVICE_OPTIONS, &chains.root.key);
	service_certified(chains_delegation(&none, NULL), SERVICE_SCOPE);
	service_proven(&chains.agent, SERVICE_NS, hs_buf_str(&service.certificate), false);
}

int
service_begin(void **state)
{
	(void)state;
	service_right();
	service.ask.lists_needed = HS_VERIFY_LISTS_NONE;
	return 0;
}

int
service_end(void **state)
{
	(void)state;
	hs_buf_free(&service.certificate);
	hs_buf_free(&service.roots);
	hs_buf_free(&service.proof);
	return 0;
}

const struct hs_verify_answer *
service_asked(void)
{
	static struct hs_verify_answer a, none;
	int admitted;

	memset(&a, 0xff, sizeof a);
	a.size = sizeof a;
	admitted = hs_verify(&service.ask, &a);
	assert_true(admitted == 0 || admitted == 1);
	assert_int_equal(admitted, a.verdict == HS_VERIFY_ADMITTED);
	assert_true((a.code[0] == '\0') == (admitted == 1));
	assert_true((a.sentence[0] == '\0') == (admitted == 1));
	if (admitted == 0) // nobody has proven who it is
		assert_memory_equal(&a.direct, &none.direct,
		    sizeof a - offsetof(struct hs_verify_answer, direct));
	else
		assert_true(a.root[0] != '\0' && a.scope[0] != '\0' &&
			    a.until > service.ask.now && a.about[0] != '\0' &&
			    a.remedy[0] == '\0');
	return &a;
}

const char *
service_code(void)
{
	return service_asked()->code;
}
