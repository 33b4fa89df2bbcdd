// SPDX-License-Identifier: ISC
//
// session-bind@openssh.com: what OpenSSH's client said of servers with each type of key and
// certificate (tests/vectors/seat) is verified, the example of docs/PROTOCOL.seat is
// re-created, and each field cut, changed or out of its form is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/sessionbind.h"
#include "tests/lib/hostmint.h"
#include "tests/lib/page.h"

static struct hs_hostkey key;

static int
parse(struct hs_str body, struct hs_sessionbind *b)
{
	memset(b, 0xaa, sizeof *b);
	return hs_sessionbind_parse(body, b);
}

// Of a failure there is a sentence, and nothing to free.
static int
verify(const struct hs_sessionbind *b)
{
	static const struct hs_hostkey zero;
	struct hs_err err = {0};
	int rc;

	hs_hostkey_free(&key);
	rc = hs_sessionbind_verify(b, &key, &err);
	assert_int_equal(err.code, rc);
	assert_true(rc == HS_OK || err.text[0] != '\0');
	if (rc != HS_OK) {
		assert_memory_equal(&key, &zero, sizeof key);
		assert_int_equal(hs_sessionbind_verify(b, &key, NULL), rc);
	}
	return rc;
}

static int
judge(struct hs_str body)
{
	struct hs_sessionbind b;
	int rc = parse(body, &b);

	return rc == HS_OK ? verify(&b) : rc;
}

// ---- what OpenSSH said

static const struct {
	const char *name, *host;
	bool certificate;
} logins[] = {{"login-ed25519", "ed25519", false}, {"login-p256", "p256", false},
    {"login-p384", "p384", false}, {"login-p521", "p521", false},
    {"login-rsa2048", "rsa2048", false}, {"login-rsa3072", "rsa3072", false},
    {"login-cert-ed25519", "ed25519", true}, {"login-cert-p256", "p256", true},
    {"login-cert-p384", "p384", true}, {"login-cert-p521", "p521", true},
    {"login-cert-rsa2048", "rsa2048", true}, {"login-unbound", "ed25519", false},
    {"login-by-cert", "ed25519", false}};

static void
openssh_binds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
		struct hs_buf body = {0}, host = {0};
		struct hs_sessionbind b;

		assert_true(hostmint_said(logins[i].name, "bind", 0, &body));
		hostmint_public(logins[i].host, &host);
		assert_int_equal(parse(hs_buf_str(&body), &b), HS_OK);
		assert_int_equal(verify(&b), HS_OK);
		assert_false(b.forwarding);
		assert_in_range(b.session.len, 32, 64);
		assert_int_equal(key.certificate, logins[i].certificate);
		assert_true(hs_str_eq(key.plain, hs_buf_str(&host)));
		if (key.certificate)
			assert_int_equal(
			    hs_hostkey_check_cert(&key, 1795485600, NULL), HS_OK);
		hs_buf_free(&body);
		hs_buf_free(&host);
	}
}

// One connection to the agent for the login, another for what comes from the server.
static void
openssh_forwarding(void **state)
{
	struct hs_buf first = {0}, second = {0};
	struct hs_sessionbind a, b;

	(void)state;
	assert_true(hostmint_said("login-forwarding", "bind", 0, &first));
	assert_true(hostmint_said("login-forwarding", "bind", 1, &second));
	assert_int_equal(parse(hs_buf_str(&first), &a), HS_OK);
	assert_int_equal(parse(hs_buf_str(&second), &b), HS_OK);
	assert_int_equal(verify(&a), HS_OK);
	assert_int_equal(verify(&b), HS_OK);
	assert_true(!a.forwarding && b.forwarding);
	assert_true(hs_str_eq(a.session, b.session));
	a.session = (struct hs_str){0};
	assert_int_equal(verify(&a), HS_ERR_CRYPTO);
	hs_buf_free(&first);
	hs_buf_free(&second);
}

// Nobody's signature is good for another server or session.
static void
each_by_each(void **state)
{
	enum { N = 6 };
	struct hs_buf bodies[N] = {0};
	struct hs_sessionbind b[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_true(hostmint_said(logins[i].name, "bind", 0, &bodies[i]));
		assert_int_equal(parse(hs_buf_str(&bodies[i]), &b[i]), HS_OK);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++) {
			struct hs_sessionbind mixed = b[i];

			mixed.session = b[j].session;
			assert_int_equal(verify(&mixed), i == j ? HS_OK : HS_ERR_CRYPTO);
			mixed = b[i];
			mixed.signature = b[j].signature;
			assert_true((verify(&mixed) == HS_OK) == (i == j));
			mixed = b[i];
			mixed.host_key = b[j].host_key;
			assert_true((verify(&mixed) == HS_OK) == (i == j));
		}
	for (size_t i = 0; i < N; i++)
		hs_buf_free(&bodies[i]);
}

// But for the certificate's own fields, which the server's signature does not cover.
static void
cut_lengthened_and_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct hs_buf body = {0};

		assert_true(hostmint_said(logins[i].name, "bind", 0, &body));
		for (size_t n = 0; n < body.len; n++)
			assert_int_equal(judge((struct hs_str){body.p, n}), HS_ERR_SHORT);
		hs_put_u8(&body, 0);
		assert_int_equal(judge(hs_buf_str(&body)), HS_ERR_TRAILING);
		body.len--;
		for (size_t at = 0; at < body.len - 1; at++) {
			body.p[at] ^= (uint8_t)(1 << at % 8);
			assert_int_not_equal(judge(hs_buf_str(&body)), HS_OK);
			body.p[at] ^= (uint8_t)(1 << at % 8);
		}
		for (unsigned f = 0; f < 256; f++) {
			body.p[body.len - 1] = (uint8_t)f;
			assert_int_equal(
			    judge(hs_buf_str(&body)), f < 2 ? HS_OK : HS_ERR_FORMAT);
		}
		hs_buf_free(&body);
	}
}

// A certificate whose signer lies is the same server, whatever it is called.
static void
changed_certificates(void **state)
{
	(void)state;
	for (size_t i = 6; i < 11; i++) {
		struct hs_buf body = {0};
		size_t good = 0;

		assert_true(hostmint_said(logins[i].name, "bind", 0, &body));
		for (size_t n = 0; n < body.len; n++)
			assert_int_equal(judge((struct hs_str){body.p, n}), HS_ERR_SHORT);
		for (size_t at = 0; at < body.len - 1; at++) {
			body.p[at] ^= (uint8_t)(1 << at % 8);
			if (judge(hs_buf_str(&body)) == HS_OK) {
				good++;
				assert_int_not_equal(
				    hs_hostkey_check_cert(&key, 1795485600, NULL), HS_OK);
			}
			body.p[at] ^= (uint8_t)(1 << at % 8);
		}
		assert_int_not_equal(good, 0);
		hs_buf_free(&body);
	}
}

// ---- made here

static void
put(struct hs_buf *b, struct hs_str host_key, struct hs_str session, struct hs_str sig,
    uint8_t forwarding)
{
	hs_buf_reset(b);
	hs_put_str(b, host_key);
	hs_put_str(b, session);
	hs_put_str(b, sig);
	hs_put_u8(b, forwarding);
}

static void
example(void **state)
{
	uint8_t session[32];
	struct hs_str id = {session, sizeof session};
	struct hs_buf sig = {0}, b = {0};
	struct hostmint m;

	(void)state;
	for (size_t i = 0; i < sizeof session; i++)
		session[i] = (uint8_t)(0xa0 + i);
	hostmint_seed(&m, 0);
	hostmint_sign(&sig, &m, NULL, id);
	put(&b, hs_buf_str(&m.blob), id, hs_buf_str(&sig), 0);
	hs_page_is("PROTOCOL.seat", "bind", &b);
	assert_int_equal(judge(hs_buf_str(&b)), HS_OK);
	hostmint_free(&m);
	hs_buf_free(&sig);
	hs_buf_free(&b);
}

static void
bounds(void **state)
{
	uint8_t session[HS_SSH_SESSION_MAX + 1] = {1, 2, 3};
	struct hs_buf b = {0}, big = {0};
	struct hs_sessionbind bind;
	struct hostmint m;

	(void)state;
	hostmint_make(&m, HS_HK_P384);
	for (size_t n = 0; n <= sizeof session; n++) {
		struct hs_str id = {session, n};
		struct hs_buf sig = {0};

		hostmint_sign(&sig, &m, NULL, id);
		put(&b, hs_buf_str(&m.blob), id, hs_buf_str(&sig), 1);
		assert_int_equal(judge(hs_buf_str(&b)), n == 0 ? HS_ERR_FORMAT
							: n > HS_SSH_SESSION_MAX
							    ? HS_ERR_TOO_LONG
							    : HS_OK);
		hs_buf_free(&sig);
	}
	assert_non_null(hs_put_space(&big, HS_HOSTKEY_MAX + 1));
	put(&b, hs_buf_str(&big), hs_str_c("x"), hs_str_c(""), 0);
	assert_int_equal(parse(hs_buf_str(&b), &bind), HS_ERR_TOO_LONG);
	big.len--;
	put(&b, hs_buf_str(&big), hs_str_c("x"), hs_str_c(""), 0);
	assert_int_equal(judge(hs_buf_str(&b)), HS_ERR_KEY_TYPE);
	put(&b, hs_buf_str(&m.blob), hs_str_c("x"), hs_str_c(""), 0);
	assert_int_equal(judge(hs_buf_str(&b)), HS_ERR_FORMAT);
	put(&b, (struct hs_str){0}, hs_str_c("x"), hs_str_c(""), 0);
	assert_int_equal(judge(hs_buf_str(&b)), HS_ERR_SHORT);
	assert_int_equal(judge((struct hs_str){0}), HS_ERR_SHORT);
	hostmint_free(&m);
	hs_buf_free(&b);
	hs_buf_free(&big);
}

static void
algorithms(void **state)
{
	static const struct {
		const char *algorithm;
		int want;
	} rows[] = {
	    {"rsa-sha2-256", HS_OK}, {"rsa-sha2-512", HS_OK}, {"ssh-rsa", HS_ERR_KEY_TYPE}};
	struct hostmint m;

	(void)state;
	hostmint_make(&m, HS_HK_RSA);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_buf sig = {0}, b = {0};

		hostmint_sign(&sig, &m, rows[i].algorithm, hs_str_c("id"));
		put(&b, hs_buf_str(&m.blob), hs_str_c("id"), hs_buf_str(&sig), 0);
		assert_int_equal(judge(hs_buf_str(&b)), rows[i].want);
		hs_put_u8(&sig, 0);
		put(&b, hs_buf_str(&m.blob), hs_str_c("id"), hs_buf_str(&sig), 0);
		assert_int_not_equal(judge(hs_buf_str(&b)), HS_OK);
		hs_buf_free(&sig);
		hs_buf_free(&b);
	}
	hostmint_free(&m);
}

static int
finish(void **state)
{
	(void)state;
	hs_hostkey_free(&key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(openssh_binds),
	    cmocka_unit_test(openssh_forwarding), cmocka_unit_test(each_by_each),
	    cmocka_unit_test(cut_lengthened_and_changed),
	    cmocka_unit_test(changed_certificates), cmocka_unit_test(example),
	    cmocka_unit_test(bounds), cmocka_unit_test(algorithms)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, finish);
}
