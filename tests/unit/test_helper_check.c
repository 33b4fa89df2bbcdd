// SPDX-License-Identifier: ISC
//
// What a helper signs and what it refuses: rules 6 and 10. The messages are
// test_helper.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/helper.h"
#include "proto/names.h"
#include "tests/lib/chains.h"
#include "tests/lib/helpermsg.h"
#include "tests/lib/tamper.h"

// Two roots that are asked for the same grant.
struct asked {
	struct hs_buf key[2], body[2];
	struct hs_helper_sign m;
};

static void
put_grant(struct hs_buf *b, const struct hs_key *root)
{
	struct hs_grant_spec s = chains_grant();

	s.root = root;
	assert_int_equal(hs_grant_put_body(b, &s), HS_OK);
}

static void
put_direct(struct hs_buf *b, const struct hs_key *root)
{
	struct hs_direct_spec s = chains_direct(CHAINS_DIRECT);

	s.root = root;
	assert_int_equal(hs_direct_put_body(b, &s), HS_OK);
}

typedef void put_body(struct hs_buf *b, const struct hs_key *root);

static void
point(struct asked *a)
{
	for (size_t i = 0; i < 2; i++)
		a->m.v[i] = (struct hs_helper_candidate){.key = hs_buf_str(&a->key[i]),
		    .handle = hs_str_c("HANDLE"),
		    .body = hs_buf_str(&a->body[i])};
}

static void
ask(struct asked *a, put_body *put)
{
	const struct hs_key *roots[2] = {&chains.root.key, &chains.ecdsa_root.key};

	*a = (struct asked){.m = {.timeout = 30, .shown = hs_str_c("SHOWN"), .n = 2}};
	for (size_t i = 0; i < 2; i++) {
		hs_key_put(&a->key[i], roots[i]);
		put(&a->body[i], roots[i]);
	}
	point(a);
}

static void
done(struct asked *a)
{
	for (size_t i = 0; i < 2; i++) {
		hs_buf_free(&a->key[i]);
		hs_buf_free(&a->body[i]);
	}
}

static void
refused(const struct asked *a, const char *why)
{
	struct hs_err err = {0};

	assert_int_equal(hs_helper_sign_check(&a->m, &err), HS_SK_REFUSED);
	assert_int_equal(err.code, HS_SK_REFUSED);
	if (strstr(hs_err_sentence(&err), why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", hs_err_sentence(&err), why);
	assert_int_equal(hs_helper_sign_check(&a->m, NULL), HS_SK_REFUSED);
}

// Puts another body in place of candidate i's.
static void
replace(struct asked *a, size_t i, struct hs_buf *body)
{
	hs_buf_free(&a->body[i]);
	a->body[i] = *body;
	*body = (struct hs_buf){0};
	point(a);
}

static void
grants_and_direct_certificates(void **state)
{
	put_body *const kinds[] = {put_grant, put_direct};
	struct hs_err err = {0};
	struct asked a;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ask(&a, kinds[i]);
		assert_int_equal(hs_helper_sign_check(&a.m, &err), HS_OK);
		a.m.n = 1;
		assert_int_equal(hs_helper_sign_check(&a.m, &err), HS_OK);
		done(&a);
	}
}

static void
rule6_what_was_shown(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, put_grant);
	a.m.shown = hs_str_c("shown");
	refused(&a, "does not hold the digest of the text shown");
	a.m.shown = hs_str_c("SHOWN\n");
	refused(&a, "does not hold the digest of the text shown");
	a.m.shown = hs_str_c("");
	refused(&a, "no text that was shown");
	done(&a);
	ask(&a, put_direct);
	a.m.shown = hs_str_c("shown");
	refused(&a, "does not hold the digest of the text shown");
	done(&a);
}

static void
rule6_another_digest_in_one(void **state)
{
	struct hs_grant_spec s = chains_grant();
	struct hs_buf body = {0};
	struct asked a;

	(void)state;
	s.root = &chains.ecdsa_root.key;
	s.payload.shown[31] ^= 1;
	ask(&a, put_grant);
	assert_int_equal(hs_grant_put_body(&body, &s), HS_OK);
	replace(&a, 1, &body);
	refused(&a, "candidate 2 is not signed: it does not hold the digest");
	done(&a);
}

static void
no_candidates(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, put_grant);
	a.m.n = 0;
	refused(&a, "names no key");
	a.m.n = HS_ROOTS_MAX + 1;
	refused(&a, "names no key");
	done(&a);
}

static void
keys(void **state)
{
	struct hs_key other = chains.root.key;
	struct asked a;

	(void)state;
	ask(&a, put_grant);
	hs_buf_reset(&a.key[1]);
	hs_key_put(&a.key[1], &chains.session.key); // no security key
	point(&a);
	refused(&a, "candidate 2 is not signed: its key is not a security key");
	hs_buf_reset(&a.key[1]);
	memcpy(other.application, "ssh:", 5);
	hs_key_put(&a.key[1], &other);
	point(&a);
	refused(&a, "its key is not a security key for " HS_APPLICATION);
	hs_buf_reset(&a.key[1]);
	hs_key_put(&a.key[1], &chains.root.key);
	hs_put_u8(&a.key[1], 0);
	point(&a);
	refused(&a, "its key is not a security key");
	hs_buf_reset(&a.key[1]);
	hs_key_put(&a.key[1], &chains.other_root.key);
	point(&a);
	refused(&a, "candidate 2 is not signed: its body is for another key");
	done(&a);
	ask(&a, put_direct);
	a.m.v[0].key = a.m.v[1].key;
	refused(&a, "candidate 1 is not signed: its body is for another key");
	done(&a);
}

static void
rule10_bodies_that_are_none(void **state)
{
	struct hs_buf whole = {0}, junk = {0};
	struct asked a;
	size_t len;

	(void)state;
	ask(&a, put_grant);
	len = a.body[0].len;
	for (size_t n = 0; n < len; n++) {
		a.m.v[0].body.len = n;
		refused(&a, "candidate 1 is not signed");
	}
	hs_put_raw(&junk, a.body[0].p, len);
	hs_put_u8(&junk, 0);
	replace(&a, 0, &junk);
	refused(&a, "it is no certificate");
	// a certificate that is signed already is no body
	put_grant(&whole, &chains.root.key);
	assert_int_equal(hs_mint_sign(&chains.root, &whole, 1, 1), HS_OK);
	replace(&a, 0, &whole);
	refused(&a, "it is no certificate");
	hs_put_raw(&junk, "0123456789abcdef0123456789abcdef", 32); // a bare digest
	replace(&a, 0, &junk);
	refused(&a, "it is no certificate");
	done(&a);
}

// A certificate that a stock server would let in, over any key, by a root: never.
static void
put_login(struct hs_buf *b, const struct hs_key *ca, uint32_t options)
{
	struct hs_str principal = hs_str_c("deploy");
	struct hs_option pty = {.name = hs_str_c("permit-pty")};
	struct hs_cert_spec s = {.key = &chains.agent.key,
	    .ca = ca,
	    .serial = 1,
	    .key_id = hs_str_c("login"),
	    .principals = &principal,
	    .nprincipals = 1,
	    .valid_after = CHAINS_MADE,
	    .valid_before = CHAINS_MADE + 900,
	    .extensions = &pty,
	    .nextensions = options};

	hs_cert_put_body(b, &s);
	assert_int_equal(hs_buf_err(b), HS_OK);
}

static void
rule6_login_certificates(void **state)
{
	struct hs_buf grant = {0}, delegation = {0}, direct = {0}, body = {0};
	struct hs_delegation d;
	struct hs_err err = {0};
	struct asked a;

	(void)state;
	ask(&a, put_grant);
	a.m.n = 1;
	for (uint32_t options = 0; options < 2; options++) {
		put_login(&body, &chains.root.key, options);
		replace(&a, 0, &body);
		refused(&a, "neither a grant nor a direct certificate");
	}
	chains_put_examples(&grant, &delegation, &direct);
	assert_int_equal(hs_delegation_parse(hs_buf_str(&delegation), &d, &err), HS_OK);
	hs_put_raw(&body, d.cert.body.p, d.cert.body.len);
	replace(&a, 0, &body);
	refused(&a, "candidate 1 is not signed");
	hs_delegation_free(&d);
	hs_buf_free(&grant);
	hs_buf_free(&delegation);
	hs_buf_free(&direct);
	done(&a);
}

// A grant whose form is wrong in one thing.
static void
rule10_tampered_grants(void **state)
{
	const char *const *names = hs_tamper_names();
	size_t tried = 0;
	struct asked a;

	(void)state;
	ask(&a, put_grant);
	a.m.n = 1;
	for (; *names != NULL; names++) {
		struct hs_buf good = {0}, body = {0};

		if (strncmp(*names, "grant-", 6) != 0)
			continue;
		put_grant(&good, &chains.root.key);
		assert_int_equal(hs_tamper(*names, hs_buf_str(&good), &body), HS_OK);
		replace(&a, 0, &body);
		if (hs_helper_sign_check(&a.m, NULL) != HS_SK_REFUSED)
			fail_msg("%s is signed", *names);
		hs_buf_free(&good);
		tried++;
	}
	assert_true(tried > 5);
	done(&a);
}

// Whichever key is touched, the same must be signed.
static void
bodies_that_differ(void **state)
{
	struct hs_grant_spec s = chains_grant();
	struct hs_buf body = {0};
	struct asked a;

	(void)state;
	ask(&a, put_grant);
	for (unsigned what = 0; what < 6; what++) {
		struct hs_grant_spec t = s;

		t.root = &chains.ecdsa_root.key;
		switch (what) {
		case 0:
			t.nonce[0] ^= 1;
			break;
		case 1:
			t.serial++;
			break;
		case 2:
			t.valid_after++;
			break;
		case 3:
			t.payload.end++;
			break;
		case 4:
			t.payload.scope = hs_str_c(CHAINS_SCOPE);
			break;
		default:
			t.session_key = &chains.other_session.key;
		}
		assert_int_equal(hs_grant_put_body(&body, &t), HS_OK);
		replace(&a, 1, &body);
		refused(&a, "candidate 2 is not signed: it differs from the first");
	}
	put_direct(&body, &chains.ecdsa_root.key);
	replace(&a, 1, &body);
	refused(&a, "candidate 2 is not signed: it differs from the first");
	done(&a);
}

// ---- lists

static void
list_refused(const struct hs_helper_request *m, const char *why)
{
	struct hs_err err = {0};

	assert_int_equal(hs_helper_revoke_check(&m->revoke, &err), HS_SK_REFUSED);
	if (strstr(hs_err_sentence(&err), why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", hs_err_sentence(&err), why);
	assert_int_equal(hs_helper_revoke_check(&m->revoke, NULL), HS_SK_REFUSED);
}

// Nothing but a list, of that key's own, for the text that it says.
static void
rule6_lists(void **state)
{
	struct hs_helpermsg w;
	struct hs_buf grant = {0}, other = {0};
	struct hs_err err = {0};

	(void)state;
	helpermsg_make(&w);
	put_grant(&grant, &w.mint.key);
	hs_key_put(&other, &chains.root.key);
	assert_int_equal(hs_helper_revoke_check(&w.revoke.revoke, &err), HS_OK);
	w.revoke.revoke.shown = hs_str_c("something harmless\n");
	list_refused(&w.revoke, "says something else than the text shown");
	w.revoke.revoke.shown = hs_str_c("");
	list_refused(&w.revoke, "says something else than the text shown");
	w.revoke.revoke.shown = hs_buf_str(&w.text);
	w.revoke.revoke.candidate.key = hs_buf_str(&other);
	list_refused(&w.revoke, "another root's");
	w.revoke.revoke.candidate.key = hs_buf_str(&w.key);
	w.revoke.revoke.candidate.body = hs_buf_str(&grant);
	list_refused(&w.revoke, "no root's list");
	w.revoke.revoke.candidate.body = (struct hs_str){w.list.p, 32}; // a digest
	list_refused(&w.revoke, "no root's list");
	hs_put_u8(&w.list, 0);
	w.revoke.revoke.candidate.body = hs_buf_str(&w.list);
	list_refused(&w.revoke, "left over");
	hs_buf_free(&grant);
	hs_buf_free(&other);
	helpermsg_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(grants_and_direct_certificates),
	    cmocka_unit_test(rule6_what_was_shown),
	    cmocka_unit_test(rule6_another_digest_in_one), cmocka_unit_test(no_candidates),
	    cmocka_unit_test(keys), cmocka_unit_test(rule10_bodies_that_are_none),
	    cmocka_unit_test(rule6_login_certificates),
	    cmocka_unit_test(rule10_tampered_grants), cmocka_unit_test(bodies_that_differ),
	    cmocka_unit_test(rule6_lists)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, chains_make, NULL);
}
