// SPDX-License-Identifier: ISC
//
// Servers' certificates: those that ssh-keygen made (tests/vectors/seat), every type of key
// signed by every other, and each field out of its form, time or order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/hostmint.h"

#define NOW 1795485600u // within the vectors' year

static struct hs_hostkey k;
static struct hostmint mints[HS_HK_COUNT];

static int
make(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++)
		hostmint_make(&mints[t], (enum hs_hostkey_type)t);
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	hs_hostkey_free(&k);
	for (unsigned t = 0; t < HS_HK_COUNT; t++)
		hostmint_free(&mints[t]);
	return 0;
}

static int
parse(struct hs_str blob)
{
	hs_hostkey_free(&k);
	return hs_hostkey_parse(blob, &k);
}

static int
check(uint64_t now)
{
	struct hs_err err = {0};
	int rc = hs_hostkey_check_cert(&k, now, &err);

	assert_int_equal(hs_hostkey_check_cert(&k, now, NULL), rc);
	assert_int_equal(err.code, rc);
	assert_true(rc == HS_OK || err.text[0] != '\0');
	return rc;
}

// Parses a vector and checks it.
static int
judge(const char *name, struct hs_buf *b)
{
	char file[64];

	snprintf(file, sizeof file, "%s-cert", name);
	hs_buf_reset(b);
	hostmint_public(file, b);
	assert_int_equal(parse(hs_buf_str(b)), HS_OK);
	return check(NOW);
}

static void
openssh_certificates(void **state)
{
	static const char *const names[][2] = {{"ed25519", "rsa2048"}, {"p256", "ed25519"},
	    {"p384", "p256"}, {"p521", "p384"}, {"rsa2048", "p521"}};
	struct hs_buf b = {0};

	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		struct hs_buf key = {0}, ca = {0};

		assert_int_equal(judge(names[t][0], &b), HS_OK);
		hostmint_public(names[t][0], &key);
		hostmint_public(names[t][1], &ca);
		assert_int_equal(k.type, t);
		assert_true(k.certificate);
		assert_true(hs_str_eq(k.blob, hs_buf_str(&b)));
		assert_true(hs_str_eq(k.plain, hs_buf_str(&key)));
		assert_true(hs_str_eq(k.ca, hs_buf_str(&ca)));
		assert_int_equal(k.cert_type, HS_CERT_HOST);
		assert_int_equal(k.serial, 7);
		assert_true(hs_str_is(k.key_id, names[t][0]));
		assert_int_equal(k.nprincipals, 2);
		assert_true(hs_str_is(k.principals[0], "web1.example.com"));
		assert_true(hs_str_is(k.principals[1], "web1"));
		assert_int_equal(k.valid_after, 1767225600);
		assert_int_equal(k.valid_before, 1798761600);
		assert_int_equal(k.ncritical, 0);
		assert_int_equal(check(1767225599), HS_NO_NOT_YET);
		assert_int_equal(check(1767225600), HS_OK);
		assert_int_equal(check(1798761599), HS_OK);
		assert_int_equal(check(1798761600), HS_NO_EXPIRED);
		hs_buf_free(&key);
		hs_buf_free(&ca);
	}
	hs_buf_free(&b);
}

static void
openssh_others(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(judge("forever", &b), HS_OK);
	assert_int_equal(check(0), HS_OK);
	assert_int_equal(check(UINT64_MAX - 1), HS_OK);
	assert_int_equal(check(UINT64_MAX), HS_NO_EXPIRED);
	assert_int_equal(judge("nobody", &b), HS_OK);
	assert_int_equal(k.nprincipals, 0);
	assert_int_equal(judge("user", &b), HS_ERR_FORMAT);
	assert_int_equal(k.cert_type, HS_CERT_USER);
	assert_int_equal(judge("critical", &b), HS_ERR_UNSUPPORTED);
	assert_int_equal(k.ncritical, 1);
	assert_int_equal(judge("extension", &b), HS_OK);
	assert_int_equal(judge("by-sha256", &b), HS_OK);
	assert_int_equal(judge("by-sha1", &b), HS_NO_SIG_CERT);
	hs_buf_reset(&b);
	hostmint_public("ed25519", &b);
	assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
	assert_int_equal(check(NOW), HS_ERR_USAGE);
	hs_buf_free(&b);
}

static void
each_by_each(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		for (unsigned ca = 0; ca < HS_HK_COUNT; ca++) {
			struct hostmint_cert c = hostmint_cert(&mints[t], &mints[ca]);
			struct hs_buf b = {0}, sig = {0};

			hostmint_put_cert(&b, &c);
			assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
			assert_true(hs_str_eq(k.plain, hs_buf_str(&mints[t].blob)));
			assert_int_equal(check(1500), HS_OK);
			hostmint_sign(&sig, &mints[t], NULL, hs_str_c("session"));
			assert_int_equal(
			    hs_hostkey_verify(&k, hs_buf_str(&sig), hs_str_c("session")),
			    HS_OK);
			assert_int_equal(
			    hs_hostkey_verify(&k, hs_buf_str(&sig), hs_str_c("sessioN")),
			    HS_ERR_CRYPTO);
			hs_buf_reset(&b); // says that another signed it
			c.ca_blob = hs_buf_str(&mints[(ca + 1) % HS_HK_COUNT].blob);
			hostmint_put_cert(&b, &c);
			assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
			assert_int_equal(check(1500), HS_NO_SIG_CERT);
			hs_buf_free(&b);
			hs_buf_free(&sig);
		}
	}
}

static void
cut_lengthened_and_changed(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		struct hostmint_cert c =
		    hostmint_cert(&mints[t], &mints[(t + 1) % HS_HK_COUNT]);
		struct hs_buf b = {0};

		hostmint_put_cert(&b, &c);
		for (size_t n = 0; n < b.len; n++)
			assert_int_equal(parse((struct hs_str){b.p, n}), HS_ERR_SHORT);
		hs_put_u8(&b, 0);
		assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_TRAILING);
		b.len--;
		for (size_t i = 0; i < b.len; i++) {
			b.p[i] ^= (uint8_t)(1 << i % 8);
			assert_true(parse(hs_buf_str(&b)) != HS_OK || check(1500) != HS_OK);
			b.p[i] ^= (uint8_t)(1 << i % 8);
		}
		assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
		assert_int_equal(check(1500), HS_OK);
		hs_buf_free(&b);
	}
}

// What comes of a certificate with one field changed: of reading it, else of the check.
static int
comes_of(const struct hostmint_cert *c)
{
	struct hs_buf b = {0};
	int rc;

	hostmint_put_cert(&b, c);
	rc = parse(hs_buf_str(&b));
	if (rc == HS_OK)
		rc = check(1500);
	hs_hostkey_free(&k);
	hs_buf_free(&b);
	return rc;
}

static void
times_and_types(void **state)
{
	struct hostmint_cert c = hostmint_cert(&mints[0], &mints[1]);

	(void)state;
	assert_int_equal(comes_of(&c), HS_OK);
	for (uint32_t type = 0; type < 4; type++) {
		struct hs_buf b = {0};

		c.type = type;
		hostmint_put_cert(&b, &c); // a user's can be read
		assert_int_equal(parse(hs_buf_str(&b)),
		    type == HS_CERT_HOST || type == HS_CERT_USER ? HS_OK : HS_ERR_FORMAT);
		hs_buf_free(&b);
		hs_hostkey_free(&k);
		assert_int_equal(
		    comes_of(&c), type == HS_CERT_HOST ? HS_OK : HS_ERR_FORMAT);
	}
	c.type = HS_CERT_HOST | 0x100;
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
	c.type = HS_CERT_HOST;
	c.after = 1500;
	assert_int_equal(comes_of(&c), HS_OK);
	c.after = 1501;
	assert_int_equal(comes_of(&c), HS_NO_NOT_YET);
	c.before = 1501;
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
	c.after = 1000;
	assert_int_equal(comes_of(&c), HS_OK);
	c.before = 1500;
	assert_int_equal(comes_of(&c), HS_NO_EXPIRED);
	c.before = 999;
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
}

static void
texts(void **state)
{
	struct hostmint_cert c = hostmint_cert(&mints[0], &mints[1]);
	static const struct {
		const char *packed;
		size_t len;
		int want;
	} lists[] = {{"", 0, HS_OK}, {"\0\0\0\1x", 5, HS_OK},
	    {"\0\0\0\0", 4, HS_ERR_FORMAT}, {"\0\0\0\1\n", 5, HS_ERR_FORMAT},
	    {"\0\0\0\1\x7f", 5, HS_ERR_FORMAT}, {"\0\0\0\1\0", 5, HS_ERR_FORMAT},
	    {"\0\0\0\2x", 5, HS_ERR_SHORT}, {"\0\0\0", 3, HS_ERR_SHORT},
	    {"\0\0\0\1xy", 6, HS_ERR_SHORT}, {"\0\0\0\3*.x", 7, HS_OK}};
	struct hs_buf many = {0};

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		c.principals =
		    (struct hs_str){(const uint8_t *)lists[i].packed, lists[i].len};
		assert_int_equal(comes_of(&c), lists[i].want);
	}
	for (size_t i = 0; i < HS_PRINCIPALS_MAX; i++)
		hs_put_cstring(&many, "x");
	c.principals = hs_buf_str(&many);
	assert_int_equal(comes_of(&c), HS_OK);
	hs_put_cstring(&many, "x");
	c.principals = hs_buf_str(&many);
	assert_int_equal(comes_of(&c), HS_ERR_TOO_LONG);
	c.principals = (struct hs_str){0};
	c.key_id = hs_str_c("");
	assert_int_equal(comes_of(&c), HS_OK);
	c.key_id = hs_str_c("id\n");
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
	c.key_id = hs_str_c("id");
	c.nonce = (struct hs_str){0};
	assert_int_equal(comes_of(&c), HS_OK);
	c.reserved = hs_str_c("x");
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
	hs_buf_free(&many);
}

// In the place of critical options and of extensions; the latter are not looked at further.
static void
options_are(const char *packed, size_t len, int want)
{
	struct hostmint_cert c = hostmint_cert(&mints[0], &mints[1]);

	c.extensions = (struct hs_str){(const uint8_t *)packed, len};
	assert_int_equal(comes_of(&c), want);
	c.critical = c.extensions;
	c.extensions = (struct hs_str){0};
	assert_int_equal(
	    comes_of(&c), want == HS_OK && len > 0 ? HS_ERR_UNSUPPORTED : want);
}

#define A   "\0\0\0\1a\0\0\0\0"
#define B   "\0\0\0\1b\0\0\0\1d"
#define LEN (sizeof(A) - 1)

static void
options(void **state)
{
	struct hs_buf many = {0};
	char name[8];

	(void)state;
	options_are("", 0, HS_OK);
	options_are(A, LEN, HS_OK);
	options_are(A B, 2 * LEN + 1, HS_OK);
	options_are(B A, 2 * LEN + 1, HS_ERR_FORMAT);
	options_are(A A, 2 * LEN, HS_ERR_FORMAT);
	options_are("\0\0\0\0\0\0\0\0", 8, HS_ERR_FORMAT);
	for (size_t n = 1; n < LEN; n++)
		options_are(A, n, HS_ERR_SHORT);
	for (size_t i = 0; i < HS_OPTIONS_MAX; i++) {
		snprintf(name, sizeof name, "%03zu", i);
		hs_put_cstring(&many, name);
		hs_put_cstring(&many, "");
	}
	options_are((const char *)many.p, many.len, HS_OK);
	hs_put_cstring(&many, "999");
	hs_put_cstring(&many, "");
	options_are((const char *)many.p, many.len, HS_ERR_TOO_LONG);
	hs_buf_free(&many);
}

static void
signers(void **state)
{
	struct hostmint_cert c = hostmint_cert(&mints[0], &mints[1]);
	struct hs_buf b = {0}, big = {0};

	(void)state;
	hostmint_put_cert(&b, &c);
	c.ca_blob = hs_buf_str(&b); // a chain
	assert_int_equal(comes_of(&c), HS_ERR_KEY_TYPE);
	hs_buf_reset(&b);
	hs_put_cstring(&b, "sk-ssh-ed25519@openssh.com");
	hs_put_space(&b, 50);
	c.ca_blob = hs_buf_str(&b);
	assert_int_equal(comes_of(&c), HS_ERR_KEY_TYPE);
	c.ca_blob = (struct hs_str){0};
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
	c.ca_blob = (struct hs_str){mints[1].blob.p, mints[1].blob.len - 1};
	assert_int_equal(comes_of(&c), HS_ERR_FORMAT);
	c = hostmint_cert(&mints[0], &mints[HS_HK_RSA]);
	c.algorithm = "ssh-rsa";
	assert_int_equal(comes_of(&c), HS_NO_SIG_CERT);
	c.algorithm = "rsa-sha2-256";
	assert_int_equal(comes_of(&c), HS_OK);
	assert_non_null(hs_put_space(&big, HS_HOSTKEY_MAX));
	c.nonce = hs_buf_str(&big);
	assert_int_equal(comes_of(&c), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	hs_buf_free(&big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(openssh_certificates),
	    cmocka_unit_test(openssh_others), cmocka_unit_test(each_by_each),
	    cmocka_unit_test(cut_lengthened_and_changed), cmocka_unit_test(times_and_types),
	    cmocka_unit_test(texts), cmocka_unit_test(options), cmocka_unit_test(signers)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, make, unmake);
}
