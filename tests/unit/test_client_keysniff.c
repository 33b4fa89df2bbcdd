// SPDX-License-Identifier: ISC
//
// Which files are private keys, and which of those whoever reads them can use: keys that
// ssh-keygen made in all its formats, headers made by hand, and the look through a folder.
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/keyfiles.h"
#include "proto/armour.h"
#include "proto/text.h"
#include "tests/lib/scratch.h"

#define OPENSSH "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define END	"-----END OPENSSH PRIVATE KEY-----\n"

static enum hs_keysniff
sniff(const char *text)
{
	return hs_keysniff(hs_str_c(text));
}

static void
put_line(struct hs_buf *text, const struct hs_buf *blob, size_t keep)
{
	hs_put_fmt(text, OPENSSH);
	hs_text_put_base64(
	    text, (struct hs_str){blob->p, keep < blob->len ? keep : blob->len});
	hs_put_fmt(text, "\n" END);
}

// A file in OpenSSH's format, with those words in it.
static struct hs_buf
openssh(const char *cipher, const char *pub_type, int flags)
{
	struct hs_buf blob = {0}, text = {0}, pub = {0}, priv = {0};

	hs_put_cstring(&pub, pub_type);
	hs_put_cstring(&pub, "rest");
	hs_put_u32(&priv, 7);
	hs_put_u32(&priv, 7);
	hs_put_cstring(&priv, pub_type);
	if (strncmp(pub_type, "sk-ecdsa-", 9) == 0)
		hs_put_cstring(&priv, "nistp256");
	hs_put_cstring(&priv, "point");
	hs_put_cstring(&priv, "ssh:");
	if (flags >= 0)
		hs_put_u8(&priv, (uint8_t)flags);
	hs_put_raw(&blob, HS_KEYFILE_MAGIC, sizeof HS_KEYFILE_MAGIC);
	hs_put_cstring(&blob, cipher);
	hs_put_cstring(&blob, "none");
	hs_put_cstring(&blob, "");
	hs_put_u32(&blob, 1);
	hs_put_str(&blob, hs_buf_str(&pub));
	hs_put_str(&blob, hs_buf_str(&priv));
	put_line(&text, &blob, SIZE_MAX);
	hs_buf_free(&blob);
	hs_buf_free(&pub);
	hs_buf_free(&priv);
	return text;
}

static void
assert_openssh(const char *cipher, const char *pub_type, int flags, enum hs_keysniff want)
{
	struct hs_buf text = openssh(cipher, pub_type, flags);

	assert_int_equal(hs_keysniff(hs_buf_str(&text)), want);
	hs_buf_free(&text);
}

static void
openssh_keys_by_their_cipher(void **state)
{
	(void)state;
	assert_openssh("none", "ssh-ed25519", -1, HS_KEYSNIFF_BARE);
	assert_openssh("aes256-ctr", "ssh-ed25519", -1, HS_KEYSNIFF_PROTECTED);
	assert_openssh("", "ssh-ed25519", -1, HS_KEYSNIFF_PROTECTED);
	assert_openssh("none", "ssh-rsa", -1, HS_KEYSNIFF_BARE);
}

static void
security_keys_want_their_touch(void **state)
{
	(void)state;
	assert_openssh("none", "sk-ssh-ed25519@openssh.com", 1, HS_KEYSNIFF_PROTECTED);
	assert_openssh("none", "sk-ssh-ed25519@openssh.com", 5, HS_KEYSNIFF_PROTECTED);
	assert_openssh("none", "sk-ssh-ed25519@openssh.com", 0, HS_KEYSNIFF_BARE);
	assert_openssh("none", "sk-ssh-ed25519@openssh.com", 4, HS_KEYSNIFF_BARE);
	assert_openssh("none", "sk-ssh-ed25519@openssh.com", -1, HS_KEYSNIFF_BARE);
	assert_openssh(
	    "none", "sk-ecdsa-sha2-nistp256@openssh.com", 1, HS_KEYSNIFF_PROTECTED);
	assert_openssh("none", "sk-ecdsa-sha2-nistp256@openssh.com", 0, HS_KEYSNIFF_BARE);
}

static void
damaged_ones_are_keys_all_the_same(void **state)
{
	struct hs_buf blob = {0}, text = {0};

	(void)state;
	assert_int_equal(sniff(OPENSSH), HS_KEYSNIFF_PROTECTED);
	assert_int_equal(sniff(OPENSSH "!!!!\n"), HS_KEYSNIFF_PROTECTED);
	assert_int_equal(sniff(OPENSSH "AAAA\n" END), HS_KEYSNIFF_PROTECTED);
	hs_put_raw(&blob, HS_KEYFILE_MAGIC, sizeof HS_KEYFILE_MAGIC);
	hs_put_cstring(&blob, "none");
	put_line(&text, &blob, SIZE_MAX);
	assert_int_equal(hs_keysniff(hs_buf_str(&text)), HS_KEYSNIFF_BARE);
	hs_buf_reset(&text);
	put_line(&text, &blob, blob.len - 2);
	assert_int_equal(hs_keysniff(hs_buf_str(&text)), HS_KEYSNIFF_PROTECTED);
	hs_buf_free(&blob);
	hs_buf_free(&text);
}

static void
long_lines_and_blanks_in_base64(void **state)
{
	struct hs_buf text = openssh("none", "ssh-ed25519", -1), spaced = {0};

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		hs_put_u8(&spaced, text.p[i]);
		if (i > sizeof OPENSSH && i < text.len - sizeof END - 8 && i % 7 == 0)
			hs_put_fmt(&spaced, " \r\n");
	}
	assert_int_equal(hs_keysniff(hs_buf_str(&spaced)), HS_KEYSNIFF_BARE);
	hs_buf_free(&text);
	hs_buf_free(&spaced);
}

static void
pem_by_its_first_lines(void **state)
{
	(void)state;
	assert_int_equal(sniff("-----BEGIN RSA PRIVATE KEY-----\nMII\n"), HS_KEYSNIFF_BARE);
	assert_int_equal(sniff("-----BEGIN EC PRIVATE KEY-----\r\nMII"), HS_KEYSNIFF_BARE);
	assert_int_equal(sniff("-----BEGIN DSA PRIVATE KEY-----"), HS_KEYSNIFF_BARE);
	assert_int_equal(sniff("-----BEGIN PRIVATE KEY-----\nMII\n"), HS_KEYSNIFF_BARE);
	assert_int_equal(
	    sniff("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n"), HS_KEYSNIFF_PROTECTED);
	assert_int_equal(sniff("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
			       "DEK-Info: AES-128-CBC,0\n\nMII\n"),
	    HS_KEYSNIFF_PROTECTED);
	assert_int_equal(sniff("-----BEGIN RSA PRIVATE KEY-----\nX: y\n\nENCRYPTED: no\n"),
	    HS_KEYSNIFF_BARE);
	assert_int_equal(sniff("Bag Attributes\n  x\n-----BEGIN PRIVATE KEY-----  \nM"),
	    HS_KEYSNIFF_BARE);
	assert_int_equal(
	    sniff(
		"-----BEGIN CERTIFICATE-----\nM\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
	    HS_KEYSNIFF_PROTECTED);
	assert_int_equal(sniff("-----BEGIN ENCRYPTED PRIVATE KEY-----\nM\n"
			       "-----BEGIN EC PRIVATE KEY-----\nM\n"),
	    HS_KEYSNIFF_BARE);
}

static void
other_tools_keys(void **state)
{
	(void)state;
	assert_int_equal(
	    sniff(
		"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: x\r\n"),
	    HS_KEYSNIFF_BARE);
	assert_int_equal(sniff("PuTTY-User-Key-File-2: ssh-rsa\nEncryption: aes256-cbc\n"),
	    HS_KEYSNIFF_PROTECTED);
	assert_int_equal(sniff("PuTTY-User-Key-File-2: ssh-rsa\n"), HS_KEYSNIFF_PROTECTED);
	assert_int_equal(
	    sniff("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2"), HS_KEYSNIFF_PROTECTED);
}

static void
the_rest_is_none(void **state)
{
	static const char *const none[] = {"", "\n", "ssh-ed25519 AAAA x\n",
	    "-----BEGIN PUBLIC KEY-----\nM\n", "-----BEGIN CERTIFICATE-----\nM\n",
	    " -----BEGIN PRIVATE KEY-----\nM\n", "x-----BEGIN PRIVATE KEY-----\nM\n",
	    "-----BEGIN PRIVATE KEY----\nM\n", "-----BEGIN PRIVATE KEY-----x\nM\n",
	    "-----END PRIVATE KEY-----\n", "Host *\n\tIdentityFile x\n",
	    "---- BEGIN SSH2 PUBLIC KEY ----\n"};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (sniff(none[i]) != HS_KEYSNIFF_NONE)
			fail_msg("%s is no private key", none[i]);
}

// ---- folders

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(scratch_in(name), "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

#define BARE "-----BEGIN PRIVATE KEY-----\nM\n"
#define ENC  "-----BEGIN ENCRYPTED PRIVATE KEY-----\nM\n"

static int
end(void **state)
{
	(void)chmod(scratch_in("d"), 0700);
	(void)unlink(scratch_in("d/key"));
	(void)unlink(scratch_in("d/up"));
	(void)rmdir(scratch_in("d"));
	return scratch_remove(state);
}

static void
assert_found(int code, size_t n, size_t bare)
{
	struct hs_keyfiles k = {0};
	struct hs_err err = {0};

	assert_int_equal(hs_keyfiles_find(&k, scratch_dir, &err), code);
	assert_int_equal(err.code, code);
	assert_int_equal(k.n, n);
	assert_int_equal(hs_keyfiles_bare(&k), bare);
	for (size_t i = 1; i < k.n; i++)
		assert_true(strcmp(k.f[i - 1].path, k.f[i].path) < 0);
	hs_keyfiles_free(&k);
	assert_int_equal(k.n, 0);
}

static void
a_folder_is_looked_through(void **state)
{
	(void)state;
	assert_found(HS_OK, 0, 0);
	put("b", BARE);
	put("a", ENC);
	put("id.pub", "ssh-ed25519 AAAA\n");
	assert_int_equal(mkdir(scratch_in("d"), 0700), 0);
	put("d/key", BARE);
	assert_found(HS_OK, 3, 2);
	assert_int_equal(symlink("d/key", scratch_in("link")), 0);
	assert_int_equal(symlink("nowhere", scratch_in("dangling")), 0);
	assert_int_equal(symlink("loop", scratch_in("loop")), 0);
	assert_int_equal(symlink("/dev/zero", scratch_in("zero")), 0);
	assert_int_equal(mkfifo(scratch_in("fifo"), 0600), 0);
	assert_found(HS_OK, 4, 3);
}

static void
links_between_folders_have_an_end(void **state)
{
	(void)state;
	assert_int_equal(mkdir(scratch_in("d"), 0700), 0);
	assert_int_equal(symlink("..", scratch_in("d/up")), 0);
	put("d/key", BARE);
	assert_found(HS_OK, 1, 1);
}

static void
none_is_fine(void **state)
{
	struct hs_keyfiles k = {0};

	(void)state;
	assert_int_equal(hs_keyfiles_find(&k, scratch_in("none"), NULL), HS_OK);
	assert_int_equal(k.n, 0);
	put("file", BARE);
	assert_int_equal(hs_keyfiles_find(&k, scratch_in("file"), NULL), HS_ERR_IO);
	hs_keyfiles_free(&k);
}

static void
too_many_are_told(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i <= HS_KEYFILES_ENTRIES; i++) {
		snprintf(name, sizeof name, "%d", i);
		put(name, "");
	}
	assert_found(HS_ERR_TOO_LONG, 0, 0);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_make, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(openssh_keys_by_their_cipher),
	    cmocka_unit_test(security_keys_want_their_touch),
	    cmocka_unit_test(damaged_ones_are_keys_all_the_same),
	    cmocka_unit_test(long_lines_and_blanks_in_base64),
	    cmocka_unit_test(pem_by_its_first_lines),
	    cmocka_unit_test(other_tools_keys),
	    cmocka_unit_test(the_rest_is_none),
	    IN_FOLDER(a_folder_is_looked_through),
	    IN_FOLDER(links_between_folders_have_an_end),
	    IN_FOLDER(none_is_fine),
	    IN_FOLDER(too_many_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
