// SPDX-License-Identifier: ISC
//
// OpenSSH's private key file of a security key: what is taken from it, and every way in
// which it can be wrong. (That OpenSSH accepts files of this form is shown in
// tests/e2e/enroll.t.)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/rootfile.h"
#include "proto/text.h"

#define FIRST "-----BEGIN OPENSSH PRIVATE KEY-----"
#define LAST  "-----END OPENSSH PRIVATE KEY-----"

static const uint8_t ed25519[32] = {0x03, 0xa1, 0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d,
    0x70, 0xdd, 0x18, 0xe7, 0x4b, 0xc0, 0x99, 0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5, 0x0d,
    0x5f, 0x1d, 0xdc, 0x86, 0x64, 0x12, 0x55, 0x31, 0xb8};
// the generator of P-256
static const uint8_t p256[65] = {0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8,
    0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33,
    0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

// What a file is made of; zeros are what is right.
struct shape {
	const char *type, *curve, *application, *comment, *reserved;
	const char *magic, *cipher, *kdf, *options;
	uint32_t keys, check; // 0: one key; equal checks
	uint8_t flags;
	size_t handle, pub_cut; // bytes; bytes missing from the public key
	bool no_handle, other_outer, bad_padding, long_padding, trailing, off_curve;
};

static const char *
either(const char *a, const char *b)
{
	return a != NULL ? a : b;
}

static void
put_public(struct hs_buf *b, const struct shape *w, const char *type, bool outer)
{
	bool ecdsa = strncmp(type, "sk-ecdsa", 8) == 0;
	uint8_t pub[65];
	size_t len = ecdsa ? sizeof p256 : sizeof ed25519;

	memcpy(pub, ecdsa ? p256 : ed25519, len);
	pub[len - 1] =
	    (uint8_t)(pub[len - 1] ^ (w->off_curve || (outer && w->other_outer)));
	hs_put_cstring(b, type);
	if (ecdsa)
		hs_put_cstring(b, either(w->curve, "nistp256"));
	hs_put_string(b, pub, len - w->pub_cut);
	hs_put_cstring(b, either(w->application, "ssh:handseal"));
}

static void
put_blob(struct hs_buf *blob, const struct shape *w)
{
	const char *type = either(w->type, "sk-ssh-ed25519@openssh.com");
	struct hs_buf priv = {0}, pub = {0};
	uint8_t handle[1100];

	memset(handle, 'h', sizeof handle);
	put_public(&pub, w, type, true);
	hs_put_u32(&priv, 7);
	hs_put_u32(&priv, 7 + w->check);
	put_public(&priv, w, type, false);
	hs_put_u8(&priv, w->flags > 0 ? w->flags : 0x01);
	hs_put_string(&priv, handle, w->no_handle ? 0 : w->handle > 0 ? w->handle : 64);
	hs_put_cstring(&priv, either(w->reserved, ""));
	hs_put_cstring(&priv, either(w->comment, "anna@laptop"));
	for (uint8_t i = 1; priv.len % 8 != 0; i++)
		hs_put_u8(&priv, w->bad_padding ? 0 : i);
	for (uint8_t i = 1; w->long_padding && i <= 8; i++)
		hs_put_u8(&priv, i);
	hs_put_raw(blob, either(w->magic, "openssh-key-v1"), 15);
	hs_put_cstring(blob, either(w->cipher, "none"));
	hs_put_cstring(blob, either(w->kdf, "none"));
	hs_put_cstring(blob, either(w->options, ""));
	hs_put_u32(blob, w->keys > 0 ? w->keys : 1);
	hs_put_str(blob, hs_buf_str(&pub));
	hs_put_str(blob, hs_buf_str(&priv));
	if (w->trailing)
		hs_put_u8(blob, 0);
	hs_buf_free(&priv);
	hs_buf_free(&pub);
}

static void
wrap(struct hs_buf *file, struct hs_str blob, const char *eol)
{
	struct hs_buf b64 = {0};

	hs_text_put_base64(&b64, blob);
	hs_put_fmt(file, "%s%s", FIRST, eol);
	for (size_t i = 0; i < b64.len; i += 70) {
		hs_put_raw(file, b64.p + i, b64.len - i < 70 ? b64.len - i : 70);
		hs_put_fmt(file, "%s", eol);
	}
	hs_put_fmt(file, "%s%s", LAST, eol);
	assert_int_equal(hs_buf_err(file), HS_OK);
	hs_buf_free(&b64);
}

static int
parse(const struct shape *w, const char *eol, struct hs_root_record *r, struct hs_err *err)
{
	struct hs_buf blob = {0}, file = {0};
	int rc;

	put_blob(&blob, w);
	wrap(&file, hs_buf_str(&blob), eol);
	rc = hs_openssh_sk_parse(hs_buf_str(&file), r, err);
	hs_buf_free(&blob);
	hs_buf_free(&file);
	return rc;
}

static void
both_kinds_are_taken(void **state)
{
	const struct shape ed = {0}, ec = {.type = "sk-ecdsa-sha2-nistp256@openssh.com"};
	struct hs_root_record r = {.name = "kept", .created = 7};

	(void)state;
	assert_int_equal(parse(&ed, "\n", &r, NULL), HS_OK);
	assert_int_equal(r.key.type, HS_KT_SK_ED25519);
	assert_memory_equal(r.key.pub, ed25519, sizeof ed25519);
	assert_string_equal(r.key.application, "ssh:handseal");
	assert_int_equal(r.handle_len, 64);
	assert_int_equal(r.handle[63], 'h');
	assert_string_equal(r.owner, "anna@laptop");
	assert_string_equal(r.name, "kept");
	assert_int_equal(r.created, 7);
	assert_int_equal(parse(&ec, "\r\n", &r, NULL), HS_OK);
	assert_int_equal(r.key.type, HS_KT_SK_ECDSA);
	assert_memory_equal(r.key.pub, p256, sizeof p256);
}

static void
flags_of_no_matter_are_passed_over(void **state)
{
	static const uint8_t flags[] = {0x01, 0x20, 0x21, 0x31};

	(void)state;
	for (size_t i = 0; i < sizeof flags; i++) {
		const struct shape w = {.flags = flags[i]};
		struct hs_root_record r = {0};

		assert_int_equal(parse(&w, "\n", &r, NULL), HS_OK);
		assert_false(r.verify);
	}
}

static void
verify_required_is_taken_over(void **state)
{
	static const uint8_t flags[] = {0x04, 0x05, 0x25, 0xff};

	(void)state;
	for (size_t i = 0; i < sizeof flags; i++) {
		const struct shape w = {.flags = flags[i]};
		struct hs_root_record r = {0};

		assert_int_equal(parse(&w, "\n", &r, NULL), HS_OK);
		assert_true(r.verify);
	}
}

static void
a_comment_that_may_not_be_shown_is_left_out(void **state)
{
	char long_comment[130];
	struct {
		const char *comment, *owner;
	} cases[] = {{"", ""}, {" ", ""}, {"  Anna Berg ", "Anna Berg"}, {"a\nName x", ""},
	    {"a\x1b[2J", ""}, {"\xff", ""}, {long_comment, ""}, {long_comment + 1, NULL}};

	(void)state;
	memset(long_comment, 'c', sizeof long_comment);
	long_comment[129] = '\0'; // one more than an owner may have
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct shape w = {.comment = cases[i].comment};
		struct hs_root_record r = {.owner = "before"};

		assert_int_equal(parse(&w, "\n", &r, NULL), HS_OK);
		assert_string_equal(
		    r.owner, cases[i].owner != NULL ? cases[i].owner : cases[i].comment);
	}
}

static void
wrong_files_are_refused(void **state)
{
	static const struct {
		struct shape shape;
		int code;
		const char *what;
	} cases[] = {
	    {{.type = "ssh-ed25519"}, HS_ERR_KEY_TYPE, "not a security key"},
	    {{.type = "sk-ssh-ed448@openssh.com"}, HS_ERR_KEY_TYPE, "not a security key"},
	    {{.type = ""}, HS_ERR_KEY_TYPE, "not a security key"},
	    {{.application = "ssh:"}, HS_ERR_KEY_TYPE, "its application is ssh:, "},
	    {{.application = "ssh:handseal2"}, HS_ERR_KEY_TYPE, "its application is"},
	    {{.application = ""}, HS_ERR_FORMAT, "malformed"},
	    {{.application = "ssh:\x1b[2J"}, HS_ERR_FORMAT, "malformed"},
	    {{.cipher = "aes256-ctr", .kdf = "bcrypt"}, HS_ERR_UNSUPPORTED, "encrypted"},
	    {{.cipher = "aes256-ctr"}, HS_ERR_UNSUPPORTED, "encrypted"},
	    {{.kdf = "bcrypt"}, HS_ERR_UNSUPPORTED, "encrypted"},
	    {{.options = "x"}, HS_ERR_FORMAT, "malformed"},
	    {{.magic = "openssh-key-v2"}, HS_ERR_FORMAT, "malformed"},
	    {{.keys = 2}, HS_ERR_FORMAT, "malformed"},
	    {{.check = 1}, HS_ERR_FORMAT, "malformed"},
	    {{.handle = 1025}, HS_ERR_TOO_LONG, "malformed"},
	    {{.no_handle = true}, HS_ERR_FORMAT, "malformed"},
	    {{.reserved = "x"}, HS_ERR_FORMAT, "malformed"},
	    {{.pub_cut = 1}, HS_ERR_FORMAT, "malformed"},
	    {{.other_outer = true}, HS_ERR_FORMAT, "malformed"},
	    {{.bad_padding = true}, HS_ERR_FORMAT, "malformed"},
	    {{.long_padding = true}, HS_ERR_FORMAT, "malformed"},
	    {{.trailing = true}, HS_ERR_TRAILING, "malformed"},
	    {{.type = "sk-ecdsa-sha2-nistp256@openssh.com", .curve = "nistp384"},
		HS_ERR_FORMAT, "malformed"},
	    {{.type = "sk-ecdsa-sha2-nistp256@openssh.com", .off_curve = true},
		HS_ERR_FORMAT, "malformed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_root_record r = {.owner = "untouched"};
		struct hs_err err = {0};
		int rc = parse(&cases[i].shape, "\n", &r, &err);

		if (rc != cases[i].code || (int)err.code != rc ||
		    strstr(err.text, cases[i].what) == NULL)
			fail_msg("case %zu: %d %s", i, rc, err.text);
		assert_string_equal(r.owner, "untouched");
		assert_int_equal(r.handle_len, 0);
	}
}

static void
a_handle_of_1024_bytes_is_taken(void **state)
{
	const struct shape w = {.handle = 1024};
	struct hs_root_record r = {0};

	(void)state;
	assert_int_equal(parse(&w, "\n", &r, NULL), HS_OK);
	assert_int_equal(r.handle_len, 1024);
}

static void
a_blob_cut_anywhere_is_refused(void **state)
{
	const struct shape w = {0};
	struct hs_buf blob = {0}, file = {0};
	struct hs_root_record r = {0};

	(void)state;
	put_blob(&blob, &w);
	for (size_t n = 0; n < blob.len; n++) {
		hs_buf_reset(&file);
		wrap(&file, (struct hs_str){blob.p, n}, "\n");
		assert_int_not_equal(
		    hs_openssh_sk_parse(hs_buf_str(&file), &r, NULL), HS_OK);
	}
	hs_buf_reset(&file);
	wrap(&file, hs_buf_str(&blob), "\n");
	for (size_t n = 0; n < file.len; n++)
		assert_int_not_equal(
		    hs_openssh_sk_parse((struct hs_str){file.p, n}, &r, NULL), HS_OK);
	assert_int_equal(r.handle_len, 0);
	hs_buf_free(&blob);
	hs_buf_free(&file);
}

static void
wrong_armour_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {{"", HS_ERR_KEY_TYPE}, {"\n", HS_ERR_KEY_TYPE},
	    {FIRST, HS_ERR_KEY_TYPE}, {"-----BEGIN PRIVATE KEY-----\n", HS_ERR_KEY_TYPE},
	    {" " FIRST "\n" LAST "\n", HS_ERR_KEY_TYPE}, {FIRST "\n", HS_ERR_SHORT},
	    {FIRST "\nAAAA\n", HS_ERR_SHORT}, {FIRST "\n" LAST "\n", HS_ERR_SHORT},
	    {FIRST "\n!!!!\n" LAST "\n", HS_ERR_FORMAT},
	    {FIRST "\nAAA\n" LAST "\n", HS_ERR_FORMAT},
	    {FIRST "\nAAAA\n" LAST "\nx", HS_ERR_TRAILING},
	    {FIRST "\nAAAA\n" LAST "\n\n", HS_ERR_TRAILING}};
	struct hs_root_record r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_err err = {0};

		if (hs_openssh_sk_parse(hs_str_c(cases[i].text), &r, &err) != cases[i].code)
			fail_msg("case %zu: %s", i, err.text);
	}
}

static void
a_file_has_a_limit(void **state)
{
	struct hs_buf file = {0};
	struct hs_root_record r = {0};

	(void)state;
	hs_put_fmt(&file, FIRST "\n");
	while (file.len <= HS_ROOTFILE_MAX)
		hs_put_fmt(&file, "AAAA\n");
	assert_int_equal(hs_openssh_sk_parse(hs_buf_str(&file), &r, NULL), HS_ERR_TOO_LONG);
	hs_buf_free(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_kinds_are_taken),
	    cmocka_unit_test(flags_of_no_matter_are_passed_over),
	    cmocka_unit_test(verify_required_is_taken_over),
	    cmocka_unit_test(a_comment_that_may_not_be_shown_is_left_out),
	    cmocka_unit_test(wrong_files_are_refused),
	    cmocka_unit_test(a_handle_of_1024_bytes_is_taken),
	    cmocka_unit_test(a_blob_cut_anywhere_is_refused),
	    cmocka_unit_test(wrong_armour_is_refused),
	    cmocka_unit_test(a_file_has_a_limit),
	};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
