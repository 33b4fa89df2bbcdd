// SPDX-License-Identifier: ISC
//
// Signatures in files: what ssh-keygen wrote (tests/vectors/keys) is read and written back
// to the byte, and verified; each cut, each field of another form, is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/key.h"
#include "proto/sshsig.h"

static void
read_file(const char *name, struct hs_buf *b)
{
	char path[512];
	uint8_t chunk[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/vectors/keys/%s", getenv("HS_SRC"), name);
	f = fopen(path, "rb");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		hs_put_raw(b, chunk, n);
	fclose(f);
}

static void
what_ssh_keygen_wrote(void **state)
{
	static const char *const names[] = {
	    "ed25519.sig", "ecdsa.sig", "sk-ed25519.sig", "sk-ecdsa.sig"};
	struct hs_buf text = {0}, blob = {0}, again = {0}, message = {0}, to_sign = {0};
	uint8_t digest[64];
	struct hs_sshsig s;
	struct hs_key key;

	(void)state;
	read_file("message", &message);
	crypto_hash_sha512(digest, message.p, message.len);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		hs_buf_reset(&text);
		hs_buf_reset(&blob);
		hs_buf_reset(&again);
		hs_buf_reset(&to_sign);
		read_file(names[i], &text);
		assert_int_equal(hs_sshsig_unwrap(hs_buf_str(&text), &blob), HS_OK);
		assert_int_equal(hs_sshsig_parse(hs_buf_str(&blob), &s), HS_OK);
		assert_true(hs_str_is(s.ns, "file"));
		assert_false(s.sha256);
		assert_int_equal(hs_key_parse(s.key, &key), HS_OK);
		hs_sshsig_put_digest(&to_sign, &s, digest, sizeof digest);
		assert_int_equal(
		    hs_sig_verify(&key, s.signature, hs_buf_str(&to_sign), NULL), HS_OK);
		hs_sshsig_put_text(&again, hs_buf_str(&blob));
		assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(&text)));
		hs_buf_reset(&again);
		hs_sshsig_put(&again, &s);
		assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(&blob)));
	}
	hs_buf_free(&text);
	hs_buf_free(&blob);
	hs_buf_free(&again);
	hs_buf_free(&message);
	hs_buf_free(&to_sign);
}

static struct hs_sshsig
good(void)
{
	return (struct hs_sshsig){
	    .key = hs_str_c("key"), .ns = hs_str_c("git"), .signature = hs_str_c("sig")};
}

static void
rule10_blobs_that_are_cut(void **state)
{
	struct hs_sshsig s = good(), got = {0};
	struct hs_buf b = {0};

	(void)state;
	hs_sshsig_put(&b, &s);
	for (size_t len = 0; len < b.len; len++)
		assert_int_not_equal(
		    hs_sshsig_parse((struct hs_str){b.p, len}, &got), HS_OK);
	assert_null(got.key.p); // untouched
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_OK);
	hs_put_u8(&b, 0);
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_ERR_TRAILING);
	hs_buf_free(&b);
}

static void
rule10_blobs_of_another_form(void **state)
{
	struct hs_sshsig s = good(), got;
	struct hs_buf b = {0};

	(void)state;
	s.sha256 = true;
	hs_sshsig_put(&b, &s);
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_OK);
	assert_true(got.sha256);
	b.p[9] = 2; // the version
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_ERR_UNSUPPORTED);
	b.p[0] = 's';
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_ERR_FORMAT);
	hs_buf_reset(&b);
	s.ns = (struct hs_str){0};
	hs_sshsig_put(&b, &s);
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_ERR_FORMAT);
	hs_buf_reset(&b);
	hs_put_raw(
	    &b, "SSHSIG\0\0\0\1\0\0\0\1k\0\0\0\1n\0\0\0\1r\0\0\0\6sha512\0\0\0\1s", 40);
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_ERR_UNSUPPORTED);
	hs_buf_reset(&b);
	hs_put_raw(&b, "SSHSIG\0\0\0\1\0\0\0\1k\0\0\0\1n\0\0\0\0\0\0\0\4sha1\0\0\0\1s", 37);
	assert_int_equal(hs_sshsig_parse(hs_buf_str(&b), &got), HS_ERR_UNSUPPORTED);
	hs_buf_free(&b);
}

static void
rule10_armour_of_another_form(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {{"", HS_ERR_KEY_TYPE},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\n", HS_ERR_KEY_TYPE},
	    {"-----BEGIN SSH SIGNATURE-----\nAAAA\n", HS_ERR_SHORT},
	    {"-----BEGIN SSH SIGNATURE-----\nAA A\n-----END SSH SIGNATURE-----\n",
		HS_ERR_FORMAT},
	    {"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\nx",
		HS_ERR_TRAILING},
	    {"-----BEGIN SSH SIGNATURE-----\r\nAAAA\r\n-----END SSH SIGNATURE-----\r\n",
		HS_OK}};
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		hs_buf_reset(&b);
		assert_int_equal(
		    hs_sshsig_unwrap(hs_str_c(cases[i].text), &b), cases[i].rc);
	}
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_ssh_keygen_wrote),
	    cmocka_unit_test(rule10_blobs_that_are_cut),
	    cmocka_unit_test(rule10_blobs_of_another_form),
	    cmocka_unit_test(rule10_armour_of_another_form)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
