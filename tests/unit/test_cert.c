// SPDX-License-Identifier: ISC
//
// OpenSSH certificates both ways: those that ssh-keygen made (tests/vectors/certs) are
// read, and written again to the same bytes; what OpenSSH's format forbids is refused. What
// handseal means by a certificate is in test_grant.c and its neighbours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/cert.h"
#include "proto/text.h"
#include "tests/lib/chains.h"

static struct hs_cert c; // some kilobytes

static void
load(const char *name, struct hs_buf *blob)
{
	const char *src = getenv("HS_SRC");
	char path[4096], line[8192], *b64, *end;
	FILE *f;

	snprintf(
	    path, sizeof path, "%s/tests/vectors/certs/%s", src != NULL ? src : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	b64 = strchr(line, ' ') + 1;
	end = b64 + strcspn(b64, " \n");
	assert_int_equal(
	    hs_text_base64(
		(struct hs_str){(uint8_t *)b64, (size_t)(end - b64)}, HS_CERT_MAX, blob),
	    HS_OK);
}

static struct hs_cert_spec
spec_of(const struct hs_cert *from)
{
	struct hs_cert_spec s = {.key = &from->key,
	    .ca = &from->ca,
	    .serial = from->serial,
	    .key_id = from->key_id,
	    .principals = from->principals,
	    .nprincipals = from->nprincipals,
	    .valid_after = from->valid_after,
	    .valid_before = from->valid_before,
	    .critical = from->critical.v,
	    .extensions = from->extensions.v,
	    .ncritical = from->critical.n,
	    .nextensions = from->extensions.n};

	assert_int_equal(from->nonce.len, sizeof s.nonce);
	memcpy(s.nonce, from->nonce.p, sizeof s.nonce);
	return s;
}

// Reads a vector, verifies it, and writes the same bytes from its parts.
static void
read_and_rewrite(const char *name, struct hs_buf *blob)
{
	struct hs_buf again = {0};
	struct hs_cert_spec s;

	load(name, blob);
	assert_int_equal(hs_cert_parse(hs_buf_str(blob), &c), HS_OK);
	assert_int_equal(hs_cert_verify(&c, NULL), HS_OK);
	s = spec_of(&c);
	hs_cert_put_body(&again, &s);
	if (c.type == HS_CERT_USER) {
		assert_true(hs_str_eq(hs_buf_str(&again), c.body));
		hs_cert_put_signature(&again, c.signature);
		assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(blob)));
	}
	hs_buf_free(&again);
}

static void
openssh_plain(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	read_and_rewrite("user-plain", &b);
	assert_int_equal(c.serial, 1);
	assert_int_equal(c.type, HS_CERT_USER);
	assert_true(hs_str_is(c.key_id, "plain"));
	assert_int_equal(c.nprincipals, 1);
	assert_true(hs_str_is(c.principals[0], "deploy"));
	assert_int_equal(c.valid_after, 1767225600);
	assert_int_equal(c.valid_before, 1798761600);
	assert_int_equal(c.critical.n, 0);
	assert_int_equal(c.extensions.n, 5);
	assert_true(hs_str_is(c.extensions.v[0].name, "permit-X11-forwarding"));
	assert_int_equal(c.key.type, HS_KT_ED25519);
	hs_buf_free(&b);
}

static void
openssh_options(void **state)
{
	const struct hs_option *o;
	struct hs_buf b = {0};

	(void)state;
	read_and_rewrite("user-options", &b);
	assert_int_equal(c.serial, UINT64_MAX);
	assert_true(hs_str_is(c.key_id, "id with spaces"));
	assert_int_equal(c.nprincipals, 3);
	assert_true(hs_str_is(c.principals[2], "root"));
	assert_int_equal(c.critical.n, 3);
	o = hs_options_find(&c.critical, "force-command");
	assert_non_null(o);
	assert_int_equal(o->data.len, 4 + 12);
	assert_memory_equal(o->data.p + 4, "echo \"hello\"", 12);
	assert_non_null(hs_options_find(&c.critical, "ours@example.com"));
	assert_null(hs_options_find(&c.critical, "flag@example.com"));
	assert_int_equal(hs_options_find(&c.extensions, "flag@example.com")->data.len, 0);
	assert_null(hs_options_find(&c.extensions, ""));
	hs_buf_free(&b);
}

static void
openssh_others(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	read_and_rewrite("user-forever", &b);
	assert_int_equal(c.valid_after, 0);
	assert_int_equal(c.valid_before, UINT64_MAX);
	assert_int_equal(c.key.type, HS_KT_ECDSA);
	assert_int_equal(c.ca.type, HS_KT_ECDSA);
	hs_buf_reset(&b);
	read_and_rewrite("user-noprincipal", &b);
	assert_int_equal(c.nprincipals, 0);
	assert_int_equal(c.key_id.len, 0);
	hs_buf_reset(&b);
	read_and_rewrite("host", &b);
	assert_int_equal(c.type, HS_CERT_HOST);
	hs_buf_reset(&b);
	load("user-by-rsa", &b);
	assert_int_equal(hs_cert_parse(hs_buf_str(&b), &c), HS_ERR_KEY_TYPE);
	hs_buf_reset(&b);
	load("user-over-rsa", &b);
	assert_int_equal(hs_cert_parse(hs_buf_str(&b), &c), HS_ERR_KEY_TYPE);
	hs_buf_free(&b);
}

// Security keys as subject and as signer, which ssh-keygen makes only with the hardware.
static void
security_keys(void **state)
{
	struct hs_mint *const signers[] = {&chains.root, &chains.ecdsa_root};
	struct hs_str principal = chains_str("deploy");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hs_cert_spec s = {.key = &signers[1 - i]->key,
		    .ca = &signers[i]->key,
		    .principals = &principal,
		    .nprincipals = 1,
		    .valid_before = 1};
		struct hs_buf b = {0};
		struct hs_sk_sig sk;

		hs_cert_put_body(&b, &s);
		assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c), HS_OK);
		assert_int_equal(c.body.len, b.len);
		assert_int_equal(hs_cert_parse(hs_buf_str(&b), &c), HS_ERR_SHORT);
		assert_int_equal(hs_mint_sign(signers[i], &b, 0x05, 77), HS_OK);
		assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c), HS_ERR_TRAILING);
		assert_int_equal(hs_cert_parse(hs_buf_str(&b), &c), HS_OK);
		assert_true(hs_key_eq(&c.key, s.key) && hs_key_eq(&c.ca, s.ca));
		assert_int_equal(hs_cert_verify(&c, &sk), HS_OK);
		assert_int_equal(sk.flags, 0x05);
		assert_int_equal(sk.counter, 77);
		hs_buf_free(&b);
	}
}

static void
rule10_cut_lengthened_and_changed(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	load("user-options", &b);
	for (size_t n = 0; n < b.len; n++)
		assert_int_not_equal(hs_cert_parse((struct hs_str){b.p, n}, &c), HS_OK);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 0x80;
		assert_true(hs_cert_parse(hs_buf_str(&b), &c) != HS_OK ||
			    hs_cert_verify(&c, NULL) != HS_OK);
		b.p[i] ^= 0x80;
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_cert_parse(hs_buf_str(&b), &c), HS_ERR_TRAILING);
	hs_buf_free(&b);
}

// A body with one thing changed; want is what the reader says.
static void
reads(const struct hs_cert_spec *s, int want)
{
	struct hs_buf b = {0};

	hs_cert_put_body(&b, s);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c), want);
	hs_buf_free(&b);
}

static void
rule10_fields_out_of_form(void **state)
{
	struct hs_str principals[HS_PRINCIPALS_MAX + 1];
	struct hs_option options[HS_OPTIONS_MAX + 1];
	char names[HS_OPTIONS_MAX + 1][4];
	struct hs_cert_spec s = {.key = &chains.agent.key,
	    .ca = &chains.session.key,
	    .principals = principals,
	    .critical = options,
	    .extensions = options,
	    .valid_before = 1};

	(void)state;
	for (size_t i = 0; i <= HS_PRINCIPALS_MAX; i++)
		principals[i] = chains_str("x");
	for (size_t i = 0; i <= HS_OPTIONS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "%03zu", i);
		options[i] = (struct hs_option){chains_str(names[i]), chains_str("")};
	}
	reads(&s, HS_OK);
	s.nprincipals = HS_PRINCIPALS_MAX;
	reads(&s, HS_OK);
	s.nprincipals++;
	reads(&s, HS_ERR_TOO_LONG);
	s.nprincipals = 1;
	s.ncritical = s.nextensions = HS_OPTIONS_MAX;
	reads(&s, HS_OK);
	s.ncritical++;
	reads(&s, HS_ERR_TOO_LONG);
	s.ncritical = 2;
	options[1].name = options[0].name; // twice
	reads(&s, HS_ERR_FORMAT);
	options[1].name = chains_str("00"); // out of order
	reads(&s, HS_ERR_FORMAT);
	s.ncritical = s.nextensions = 1;
	options[0].name = chains_str("");
	reads(&s, HS_ERR_FORMAT);
	options[0].name = chains_str("a b");
	reads(&s, HS_ERR_FORMAT);
	options[0].name = chains_str("caf\xc3\xa9");
	reads(&s, HS_ERR_FORMAT);
	options[0].name = chains_str("a");
	reads(&s, HS_OK);
	principals[0] = chains_str("");
	reads(&s, HS_ERR_FORMAT);
	principals[0] = chains_str("a\nb");
	reads(&s, HS_ERR_FORMAT);
	principals[0] = chains_str("x");
	s.key_id = chains_str("id\x7f");
	reads(&s, HS_ERR_FORMAT);
	s.key_id = chains_str("id\n");
	reads(&s, HS_ERR_FORMAT);
	s.key_id = chains_str("id");
	s.valid_after = 1;
	reads(&s, HS_ERR_FORMAT);
	s.valid_after = 2;
	reads(&s, HS_ERR_FORMAT);
}

// Fields that no writer of ours can get wrong: type of certificate, reserved, signature
// key.
static void
rule10_bytes_out_of_form(void **state)
{
	struct hs_str principal = chains_str("deploy");
	struct hs_cert_spec s = {.key = &chains.agent.key,
	    .ca = &chains.session.key,
	    .principals = &principal,
	    .nprincipals = 1,
	    .valid_before = 1};
	struct hs_buf b = {0};
	size_t type_at, ca_at, reserved_at;

	(void)state;
	hs_cert_put_body(&b, &s);
	type_at = 4 + 32 + 4 + 32 + 4 + 32 + 8 + 3;
	ca_at = b.len - (4 + 4 + 11 + 4 + 32);
	reserved_at = ca_at - 1;
	assert_int_equal(b.p[type_at], HS_CERT_USER);
	for (unsigned t = 0; t < 256; t++) {
		b.p[type_at] = (uint8_t)t;
		assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c),
		    t == HS_CERT_USER || t == HS_CERT_HOST ? HS_OK : HS_ERR_FORMAT);
	}
	b.p[type_at] = HS_CERT_USER;
	b.p[reserved_at] = 1;
	assert_int_not_equal(hs_cert_parse_body(hs_buf_str(&b), &c), HS_OK);
	b.p[reserved_at] = 0;
	b.p[ca_at + 8] ^= 1; // the signer's type
	assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c), HS_ERR_KEY_TYPE);
	b.p[ca_at + 8] ^= 1;
	b.p[8] ^= 1; // the certificate's
	assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c), HS_ERR_KEY_TYPE);
	b.p[8] ^= 1;
	assert_int_equal(hs_cert_parse_body(hs_buf_str(&b), &c), HS_OK);
	hs_buf_free(&b);
}

// Something behind reserved that is not empty, with everything else right.
static void
rule10_reserved_and_size(void **state)
{
	struct hs_cert_spec s = {
	    .key = &chains.agent.key, .ca = &chains.session.key, .valid_before = 1};
	struct hs_buf b = {0}, odd = {0}, big = {0};
	size_t tail = 4 + 4 + 11 + 4 + 32;

	(void)state;
	hs_cert_put_body(&b, &s);
	hs_put_raw(&odd, b.p, b.len - tail - 4);
	hs_put_cstring(&odd, "x");
	hs_put_raw(&odd, b.p + b.len - tail, tail);
	assert_int_equal(hs_cert_parse_body(hs_buf_str(&odd), &c), HS_ERR_FORMAT);
	assert_non_null(hs_put_space(&big, HS_CERT_MAX + 1));
	assert_int_equal(hs_cert_parse(hs_buf_str(&big), &c), HS_ERR_TOO_LONG);
	assert_int_equal(hs_cert_parse((struct hs_str){0}, &c), HS_ERR_SHORT);
	hs_buf_free(&b);
	hs_buf_free(&odd);
	hs_buf_free(&big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(openssh_plain),
	    cmocka_unit_test(openssh_options),
	    cmocka_unit_test(openssh_others),
	    cmocka_unit_test(security_keys),
	    cmocka_unit_test(rule10_cut_lengthened_and_changed),
	    cmocka_unit_test(rule10_fields_out_of_form),
	    cmocka_unit_test(rule10_bytes_out_of_form),
	    cmocka_unit_test(rule10_reserved_and_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("cert", tests, chains_make, NULL);
}
