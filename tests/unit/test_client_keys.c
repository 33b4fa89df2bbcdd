// SPDX-License-Identifier: ISC
//
// Key files and certificates as the CLI writes and reads them: modes, never overwriting,
// whole or not at all, and every way a private key file can be wrong.
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/keygen.h"
#include "client/handseal/paths.h"
#include "client/handseal/subject.h"
#include "proto/text.h"
#include "tests/lib/scratch.h"

static void
a_new_key_is_read_back_and_signs(void **state)
{
	struct hs_sshkey made = {0}, read = {0};
	struct hs_buf file = {0}, sig = {0};
	struct hs_str data = hs_str_c("what is signed");

	(void)state;
	assert_int_equal(hs_keygen_make(&made, &file, NULL), HS_OK);
	assert_int_equal(hs_sshkey_parse(hs_buf_str(&file), &read, NULL), HS_OK);
	assert_true(hs_key_eq(&made.pub, &read.pub));
	assert_int_equal(made.pub.type, HS_KT_ED25519);
	assert_int_equal(hs_sshkey_sign(&read, data, &sig), HS_OK);
	assert_int_equal(hs_sig_verify(&made.pub, hs_buf_str(&sig), data, NULL), HS_OK);
	assert_int_not_equal(
	    hs_sig_verify(&made.pub, hs_buf_str(&sig), hs_str_c("another"), NULL), HS_OK);
	hs_sshkey_free(&made);
	hs_sshkey_free(&read);
	assert_null(made.secret);
	hs_buf_free(&file);
	hs_buf_free(&sig);
}

// An OpenSSH private key blob, with one thing wrong where wanted.
struct shape {
	const char *cipher, *type;
	uint32_t n, check;
	bool other_half, bad_padding, long_padding, trailing, short_secret, options;
};

static void
put_key(struct hs_buf *file, const struct shape *w)
{
	uint8_t pub[32], secret[64];
	struct hs_buf priv = {0}, blob = {0};

	crypto_sign_keypair(pub, secret);
	if (w->other_half)
		crypto_sign_keypair(pub, (uint8_t[64]){0});
	hs_put_u32(&priv, 7);
	hs_put_u32(&priv, w->check);
	hs_put_cstring(&priv, w->type);
	hs_put_string(&priv, pub, sizeof pub);
	hs_put_string(&priv, secret, w->short_secret ? 63 : 64);
	hs_put_cstring(&priv, "comment");
	for (uint8_t i = 1; priv.len % 8 != 0; i++)
		hs_put_u8(&priv, w->bad_padding ? 0 : i);
	for (uint8_t i = 1; w->long_padding && i <= 8; i++)
		hs_put_u8(&priv, i);
	hs_put_raw(&blob, "openssh-key-v1", 15);
	hs_put_cstring(&blob, w->cipher);
	hs_put_cstring(&blob, "none");
	hs_put_cstring(&blob, w->options ? "x" : "");
	hs_put_u32(&blob, w->n);
	hs_put_cstring(&blob, "public part, not looked at");
	hs_put_str(&blob, hs_buf_str(&priv));
	if (w->trailing)
		hs_put_u8(&blob, 0);
	hs_put_fmt(file, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	hs_text_put_base64(file, hs_buf_str(&blob));
	hs_put_fmt(file, "\n-----END OPENSSH PRIVATE KEY-----\n");
	hs_buf_free(&priv);
	hs_buf_free(&blob);
}

static void
wrong_key_files_are_refused(void **state)
{
	static const struct {
		struct shape shape;
		int code;
	} cases[] = {{{.cipher = "none", .type = "ssh-ed25519", .n = 1, .check = 7}, HS_OK},
	    {{.cipher = "aes256-ctr", .type = "ssh-ed25519", .n = 1, .check = 7},
		HS_ERR_UNSUPPORTED},
	    {{.cipher = "none", .type = "ssh-rsa", .n = 1, .check = 7}, HS_ERR_KEY_TYPE},
	    {{.cipher = "none", .type = "ssh-ed25519", .n = 2, .check = 7}, HS_ERR_FORMAT},
	    {{.cipher = "none", .type = "ssh-ed25519", .n = 0, .check = 7}, HS_ERR_FORMAT},
	    {{.cipher = "none", .type = "ssh-ed25519", .n = 1, .check = 8}, HS_ERR_FORMAT},
	    {{.cipher = "none",
		 .type = "ssh-ed25519",
		 .n = 1,
		 .check = 7,
		 .other_half = true},
		HS_ERR_CRYPTO},
	    {{.cipher = "none",
		 .type = "ssh-ed25519",
		 .n = 1,
		 .check = 7,
		 .bad_padding = true},
		HS_ERR_FORMAT},
	    {{.cipher = "none",
		 .type = "ssh-ed25519",
		 .n = 1,
		 .check = 7,
		 .long_padding = true},
		HS_ERR_FORMAT},
	    {{.cipher = "none",
		 .type = "ssh-ed25519",
		 .n = 1,
		 .check = 7,
		 .trailing = true},
		HS_ERR_TRAILING},
	    {{.cipher = "none",
		 .type = "ssh-ed25519",
		 .n = 1,
		 .check = 7,
		 .short_secret = true},
		HS_ERR_FORMAT},
	    {{.cipher = "none", .type = "ssh-ed25519", .n = 1, .check = 7, .options = true},
		HS_ERR_FORMAT}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_sshkey k = {0};
		struct hs_buf file = {0};

		put_key(&file, &cases[i].shape);
		if (hs_sshkey_parse(hs_buf_str(&file), &k, NULL) != cases[i].code)
			fail_msg("case %zu", i);
		assert_int_equal(k.secret != NULL, cases[i].code == HS_OK);
		hs_sshkey_free(&k);
		hs_buf_free(&file);
	}
}

static void
wrong_armour_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {{"", HS_ERR_KEY_TYPE},
	    {"-----BEGIN PRIVATE KEY-----\n", HS_ERR_KEY_TYPE},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----", HS_ERR_KEY_TYPE},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\n", HS_ERR_SHORT},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", HS_ERR_SHORT},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\n!!!!\n-----END OPENSSH PRIVATE "
	     "KEY-----\n",
		HS_ERR_FORMAT},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
		HS_ERR_FORMAT},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\nx",
		HS_ERR_TRAILING}};
	struct hs_sshkey k = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (hs_sshkey_parse(hs_str_c(cases[i].text), &k, NULL) != cases[i].code)
			fail_msg("case %zu", i);
		assert_null(k.secret);
	}
}

static void
a_new_pair_is_written_as_ssh_keygen_names_it(void **state)
{
	struct hs_subject s = {0};
	const char *cert = "ssh-ed25519-cert-v01@openssh.com Y2VydGlmaWNhdGU=";

	(void)state;
	umask(0);
	assert_int_equal(hs_subject_make(&s, scratch_in("id"), NULL), HS_OK);
	assert_int_equal(scratch_count(), 0); // nothing before there is a certificate
	assert_int_equal(hs_subject_write(&s, cert, NULL), HS_OK);
	assert_int_equal(scratch_count(), 3);
	assert_int_equal(scratch_mode("id"), 0600);
	assert_int_equal(scratch_mode("id.pub"), 0644);
	assert_int_equal(scratch_mode("id-cert.pub"), 0644);
	scratch_holds("id-cert.pub", "ssh-ed25519-cert-v01@openssh.com Y2VydGlmaWNhdGU=\n");
	hs_subject_free(&s);
}

static void
a_pair_is_never_overwritten(void **state)
{
	static const char *const names[] = {"id", "id.pub", "id-cert.pub"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hs_subject s = {0}, late = {0};

		assert_int_equal(hs_subject_make(&late, scratch_in("id"), NULL), HS_OK);
		assert_int_equal(hs_paths_write(scratch_in(names[i]), hs_str_c("mine"),
				     0600, false, NULL),
		    HS_OK);
		assert_int_equal(hs_subject_make(&s, scratch_in("id"), NULL), HS_ERR_IO);
		// somebody made it while the certificate was asked for
		assert_int_equal(
		    hs_subject_write(&late, "ssh-ed25519-cert-v01@openssh.com Yw==", NULL),
		    HS_ERR_IO);
		scratch_holds(names[i], "mine");
		assert_int_equal(scratch_count(), 1);
		assert_int_equal(unlink(scratch_in(names[i])), 0);
		hs_subject_free(&s);
		hs_subject_free(&late);
	}
}

static void
a_key_that_is_there_signs_by_its_file(void **state)
{
	struct hs_subject made = {0}, s = {0};
	struct hs_buf sig = {0};
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(hs_subject_make(&made, scratch_in("id"), NULL), HS_OK);
	assert_int_equal(
	    hs_subject_write(&made, "ssh-ed25519-cert-v01@openssh.com Yw==", NULL), HS_OK);
	// what stands in the certificate's place is no certificate over the key
	assert_int_equal(hs_subject_load(&s, scratch_in("id.pub"), NULL, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "not overwritten"));
	hs_subject_free(&s);
	memset(&s, 0, sizeof s);
	assert_int_equal(
	    hs_subject_load(&s, scratch_in("id.pub"), scratch_in("id"), NULL), HS_ERR_IO);
	hs_subject_free(&s);
	memset(&s, 0, sizeof s);
	assert_int_equal(unlink(scratch_in("id-cert.pub")), 0);
	assert_int_equal(hs_subject_load(&s, scratch_in("id.pub"), NULL, NULL), HS_OK);
	assert_string_equal(s.certificate, scratch_in("id-cert.pub"));
	assert_int_equal(hs_subject_sign(&s, hs_str_c("data"), &sig, NULL), HS_OK);
	assert_int_equal(
	    hs_sig_verify(&made.key, hs_buf_str(&sig), hs_str_c("data"), NULL), HS_OK);
	assert_int_equal(
	    hs_subject_write(&s, "ssh-ed25519-cert-v01@openssh.com Yw==", NULL), HS_OK);
	hs_buf_free(&sig);
	hs_subject_free(&s);
	hs_subject_free(&made);
}

static void
what_cannot_sign_says_why(void **state)
{
	struct hs_subject made = {0}, other = {0}, s = {0};
	struct hs_buf sig = {0};
	struct hs_err err = {0};

	(void)state;
	unsetenv("SSH_AUTH_SOCK");
	assert_int_equal(hs_subject_make(&made, scratch_in("id"), NULL), HS_OK);
	assert_int_equal(hs_subject_make(&other, scratch_in("id"), NULL), HS_OK);
	assert_int_equal(hs_paths_write(scratch_in("id.pub"), hs_buf_str(&made.public_line),
			     0644, false, NULL),
	    HS_OK);
	assert_int_equal(hs_subject_load(&s, scratch_in("id.pub"), NULL, NULL), HS_OK);
	assert_int_equal(hs_subject_sign(&s, hs_str_c("data"), &sig, &err), HS_NO_PROOF);
	assert_non_null(strstr(err.text, "there is no "));
	assert_non_null(strstr(err.text, "SSH_AUTH_SOCK is not set"));
	hs_subject_free(&s);
	memset(&s, 0, sizeof s);
	assert_int_equal(hs_paths_write(scratch_in("id"), hs_buf_str(&other.private_file),
			     0600, false, NULL),
	    HS_OK);
	setenv("SSH_AUTH_SOCK", "/nonexistent/agent", 1);
	assert_int_equal(hs_subject_load(&s, scratch_in("id.pub"), NULL, NULL), HS_OK);
	assert_int_equal(hs_subject_sign(&s, hs_str_c("data"), &sig, &err), HS_NO_PROOF);
	assert_non_null(strstr(err.text, "it is another key"));
	assert_non_null(strstr(err.text, "/nonexistent/agent"));
	unsetenv("SSH_AUTH_SOCK");
	hs_subject_free(&s);
	hs_subject_free(&made);
	hs_subject_free(&other);
	hs_buf_free(&sig);
}

static void
wrong_public_key_files_are_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {{"", HS_ERR_FORMAT}, {"ssh-ed25519\n", HS_ERR_FORMAT},
	    {"ssh-ed25519 AAAA\n", HS_ERR_FORMAT},
	    {"ecdsa-sha2-nistp256 "
	     "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+"
	     "Lzm5WOkQPJ3A32B"
	     "LeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=\n",
		HS_ERR_KEY_TYPE}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_subject s = {0};

		assert_int_equal(hs_paths_write(scratch_in("k.pub"),
				     hs_str_c(cases[i].text), 0644, true, NULL),
		    HS_OK);
		if (hs_subject_load(&s, scratch_in("k.pub"), NULL, NULL) != cases[i].code)
			fail_msg("case %zu", i);
		hs_subject_free(&s);
	}
}

// Given the private file, it says which one is wanted; a key of another type is told as
// such.
static void
the_private_file_is_not_the_public_one(void **state)
{
	struct hs_subject made = {0}, s = {0};
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(hs_subject_make(&made, scratch_in("id"), NULL), HS_OK);
	assert_int_equal(
	    hs_subject_write(&made, "ssh-ed25519-cert-v01@openssh.com Yw==", NULL), HS_OK);
	assert_int_equal(
	    hs_subject_load(&s, scratch_in("id"), NULL, &err), HS_ERR_KEY_TYPE);
	assert_non_null(strstr(err.text, "is a private key file: give the .pub"));
	hs_subject_free(&s);
	memset(&s, 0, sizeof s);
	assert_int_equal(
	    hs_paths_write(scratch_in("pem"), hs_str_c("-----BEGIN RSA PRIVATE KEY-----\n"),
		0600, false, NULL),
	    HS_OK);
	assert_int_equal(
	    hs_subject_load(&s, scratch_in("pem"), NULL, &err), HS_ERR_KEY_TYPE);
	assert_non_null(strstr(err.text, "give the .pub"));
	hs_subject_free(&s);
	hs_subject_free(&made);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {T(a_new_key_is_read_back_and_signs),
	    T(wrong_key_files_are_refused), T(wrong_armour_is_refused),
	    T(a_new_pair_is_written_as_ssh_keygen_names_it), T(a_pair_is_never_overwritten),
	    T(a_key_that_is_there_signs_by_its_file), T(what_cannot_sign_says_why),
	    T(wrong_public_key_files_are_refused),
	    T(the_private_file_is_not_the_public_one)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
