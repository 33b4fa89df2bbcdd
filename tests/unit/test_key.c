// SPDX-License-Identifier: ISC
//
// Public keys against what OpenSSH made (tests/vectors/keys): lines, blobs, fingerprints;
// and blobs that are wrong in one thing. Signatures are in test_sig.c.
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
#include "proto/text.h"

static const char *const files[HS_KT_COUNT] = {
    [HS_KT_ED25519] = "ed25519",
    [HS_KT_ECDSA] = "ecdsa",
    [HS_KT_SK_ED25519] = "sk-ed25519",
    [HS_KT_SK_ECDSA] = "sk-ecdsa",
};

static void
read_vector(const char *name, const char *suffix, struct hs_buf *out)
{
	const char *src = getenv("HS_SRC");
	char path[4096];
	uint8_t part[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/vectors/keys/%s%s", src != NULL ? src : ".",
	    name, suffix);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(part, 1, sizeof part, f);
	fclose(f);
	assert_true(n > 1 && n < sizeof part && part[n - 1] == '\n');
	hs_put_raw(out, part, n - 1); // without the last LF
}

static struct hs_key
vector(enum hs_key_type type)
{
	struct hs_buf line = {0};
	struct hs_key k;

	read_vector(files[type], ".pub", &line);
	assert_int_equal(hs_key_parse_line(hs_buf_str(&line), &k, NULL), HS_OK);
	hs_buf_free(&line);
	return k;
}

static void
openssh_lines(void **state)
{
	struct hs_buf prints = {0};

	(void)state;
	read_vector("fingerprints", "", &prints);
	hs_put_u8(&prints, 0);
	for (unsigned t = 0; t < HS_KT_COUNT; t++) {
		struct hs_buf line = {0}, again = {0};
		char fp[HS_FINGERPRINT_LEN + 1], want[128];
		struct hs_str comment;
		struct hs_key k;

		read_vector(files[t], ".pub", &line);
		assert_int_equal(hs_key_parse_line(hs_buf_str(&line), &k, &comment), HS_OK);
		assert_int_equal(k.type, t);
		assert_int_equal(
		    hs_key_is_sk(&k), t == HS_KT_SK_ED25519 || t == HS_KT_SK_ECDSA);
		assert_string_equal(k.application, hs_key_is_sk(&k) ? "ssh:handseal" : "");
		snprintf(want, sizeof want, "%s vector", files[t]);
		assert_true(hs_str_is(comment, want));
		hs_key_put_line(&again, &k);
		hs_put_fmt(&again, " %s", want);
		assert_true(hs_str_eq(hs_buf_str(&line), hs_buf_str(&again)));
		hs_key_fingerprint(&k, fp);
		assert_int_equal(strlen(fp), HS_FINGERPRINT_LEN);
		snprintf(want, sizeof want, "256 %s %s vector (", fp, files[t]);
		assert_non_null(strstr((const char *)prints.p, want));
		hs_buf_free(&line);
		hs_buf_free(&again);
	}
	hs_buf_free(&prints);
}

static void
blobs_cut_and_continued(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_KT_COUNT; t++) {
		struct hs_key k = vector(t), got, untouched;
		struct hs_buf b = {0};
		struct hs_rd r;

		hs_key_put(&b, &k);
		assert_int_equal(hs_key_parse(hs_buf_str(&b), &got), HS_OK);
		assert_true(hs_key_eq(&k, &got));
		memset(&got, 0xaa, sizeof got);
		untouched = got;
		for (size_t n = 0; n < b.len; n++) {
			assert_int_equal(
			    hs_key_parse((struct hs_str){b.p, n}, &got), HS_ERR_SHORT);
			assert_memory_equal(&got, &untouched, sizeof got);
		}
		hs_put_u8(&b, 0);
		assert_int_equal(hs_key_parse(hs_buf_str(&b), &got), HS_ERR_TRAILING);
		assert_memory_equal(&got, &untouched, sizeof got);
		r = hs_rd_of(hs_buf_str(&b));
		r.p += 4 + strlen(hs_key_type_name(t));
		r.left -= 4 + strlen(hs_key_type_name(t));
		assert_int_equal(hs_key_read_fields(&r, t, &got), HS_OK);
		assert_int_equal(r.left, 1);
		assert_true(hs_key_eq(&k, &got));
		hs_buf_free(&b);
	}
}

static void
types(void **state)
{
	static const char *const others[] = {"", "ssh-rsa",
	    "ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp384", "ssh-ed25519 ",
	    "SSH-ED25519", "ssh-ed2551", "ssh-dss"};
	struct hs_key k = vector(HS_KT_ED25519);
	struct hs_rd r = hs_rd_init(NULL, 0);

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct hs_buf b = {0};

		hs_put_cstring(&b, others[i]);
		hs_key_put_fields(&b, &k);
		assert_int_equal(hs_key_parse(hs_buf_str(&b), &k), HS_ERR_KEY_TYPE);
		hs_buf_free(&b);
	}
	assert_int_equal(hs_key_parse((struct hs_str){0}, &k), HS_ERR_SHORT);
	assert_int_equal(hs_key_read_fields(&r, HS_KT_COUNT, &k), HS_ERR_KEY_TYPE);
	assert_string_equal(hs_key_type_name(HS_KT_COUNT), "");
	assert_string_equal(hs_key_type_name((enum hs_key_type) - 1), "");
}

static int
parse_parts(enum hs_key_type t, const char *curve, const uint8_t *pub, size_t len,
    const char *app, size_t applen)
{
	struct hs_buf b = {0};
	struct hs_key k;
	int rc;

	hs_put_cstring(&b, hs_key_type_name(t));
	if (curve != NULL)
		hs_put_cstring(&b, curve);
	hs_put_string(&b, pub, len);
	if (app != NULL)
		hs_put_string(&b, app, applen);
	rc = hs_key_parse(hs_buf_str(&b), &k);
	hs_buf_free(&b);
	return rc;
}

static void
points(void **state)
{
	// the field's prime: as x and y it is zero to who does not look
	static const uint8_t prime[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff};
	static const char *const curves[] = {
	    "nistp384", "nistp521", "", "NISTP256", "nistp25"};

	(void)state;
	for (int sk = 0; sk < 2; sk++) {
		enum hs_key_type t = sk ? HS_KT_SK_ECDSA : HS_KT_ECDSA;
		const char *app = sk ? "ssh:x" : NULL;
		struct hs_key k = vector(t);
		uint8_t p[66] = {0};

#define POINT(len) parse_parts(t, "nistp256", p, len, app, 5)
		memcpy(p, k.pub, 65);
		assert_int_equal(POINT(65), HS_OK);
		for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
			assert_int_equal(
			    parse_parts(t, curves[i], p, 65, app, 5), HS_ERR_FORMAT);
		assert_int_equal(POINT(66), HS_ERR_FORMAT);
		assert_int_equal(POINT(64), HS_ERR_FORMAT);
		assert_int_equal(POINT(0), HS_ERR_FORMAT);
		p[0] = (uint8_t)(2 + (p[64] & 1)); // compressed
		assert_int_equal(POINT(33), HS_ERR_FORMAT);
		assert_int_equal(POINT(65), HS_ERR_FORMAT);
		p[0] = (uint8_t)(6 + (p[64] & 1)); // hybrid
		assert_int_equal(POINT(65), HS_ERR_FORMAT);
		p[0] = 0; // infinity
		assert_int_equal(POINT(1), HS_ERR_FORMAT);
		assert_int_equal(POINT(65), HS_ERR_FORMAT);
		for (size_t bit = 8; bit < 65 * 8; bit += 7) { // off the curve
			memcpy(p, k.pub, 65);
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(POINT(65), HS_ERR_FORMAT);
		}
		memset(p + 1, 0, 64);
		assert_int_equal(POINT(65), HS_ERR_FORMAT);
		memset(p + 1, 0xff, 64);
		assert_int_equal(POINT(65), HS_ERR_FORMAT);
		memcpy(p + 1, prime, 32);
		memcpy(p + 33, k.pub + 33, 32);
		assert_int_equal(POINT(65), HS_ERR_FORMAT);
#undef POINT
	}
}

static void
ed25519_lengths(void **state)
{
	static const uint8_t p[64];

	(void)state;
	for (size_t n = 0; n <= 64; n++) {
		assert_int_equal(parse_parts(HS_KT_ED25519, NULL, p, n, NULL, 0),
		    n == 32 ? HS_OK : HS_ERR_FORMAT);
		assert_int_equal(parse_parts(HS_KT_SK_ED25519, NULL, p, n, "ssh:x", 5),
		    n == 32 ? HS_OK : HS_ERR_FORMAT);
	}
}

static void
applications(void **state)
{
	static const uint8_t p[32];
	static const char *const bad[] = {
	    "ssh: x", "ssh:\t", "ssh:\x7f", "ssh:\xc3\xbc", "\n"};
	char longest[HS_SK_APPLICATION_MAX + 1];

	(void)state;
#define APP(s, n) parse_parts(HS_KT_SK_ED25519, NULL, p, 32, s, n)
	memset(longest, 'x', sizeof longest);
	assert_int_equal(APP(longest, sizeof longest - 1), HS_OK);
	assert_int_equal(APP(longest, sizeof longest), HS_ERR_TOO_LONG);
	assert_int_equal(APP("", 0), HS_ERR_FORMAT);
	assert_int_equal(APP("ssh:\0x", 6), HS_ERR_FORMAT);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(APP(bad[i], strlen(bad[i])), HS_ERR_FORMAT);
#undef APP
}

static void
equality(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_KT_COUNT; t++) {
		struct hs_key a = vector(t), b = a;

		assert_true(hs_key_eq(&a, &b));
		b.pub[b.publen - 1] ^= 1;
		assert_false(hs_key_eq(&a, &b));
		b = a;
		b.publen--;
		assert_false(hs_key_eq(&a, &b));
		b = a;
		b.application[0] ^= 1;
		assert_false(hs_key_eq(&a, &b));
		b = a;
		b.type = (enum hs_key_type)((t + 1) % HS_KT_COUNT);
		assert_false(hs_key_eq(&a, &b));
	}
}

#define ED "AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

static void
line(const char *text, int want, const char *comment)
{
	struct hs_str got = {0};
	struct hs_key k;
	int rc = hs_key_parse_line(hs_str_c(text), &k, &got);

	if (rc != want || (rc == HS_OK && !hs_str_is(got, comment)))
		fail_msg("%s: %d, %.*s", text, rc, (int)got.len, got.p);
}

static void
lines(void **state)
{
	static char big[2048];

	(void)state;
	line("ssh-ed25519 " ED, HS_OK, "");
	line("ssh-ed25519 " ED "  ", HS_OK, "");
	line("ssh-ed25519\t " ED " \ta b \t", HS_OK, "a b");
	line("ssh-ed25519 " ED " gr\xc3\xbc", HS_OK, "gr\xc3\xbc");
	line("", HS_ERR_FORMAT, "");
	line("ssh-ed25519", HS_ERR_FORMAT, "");
	line("ssh-ed25519 ", HS_ERR_FORMAT, "");
	line(" ssh-ed25519 " ED, HS_ERR_FORMAT, "");
	line("ssh-ed25519 " ED "\n", HS_ERR_FORMAT, "");
	line("ssh-ed25519 " ED " a\rb", HS_ERR_FORMAT, "");
	line("ssh-ed25519 " ED " \x7f", HS_ERR_FORMAT, "");
	line("ssh-ed25519 " ED "=", HS_ERR_FORMAT, "");
	line("ssh-ed25519 " ED "AAAA", HS_ERR_TRAILING, "");
	line("ssh-ed25519 AAAA" ED, HS_ERR_KEY_TYPE, "");
	line("ssh-ed25519 !" ED, HS_ERR_FORMAT, "");
	line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", HS_ERR_SHORT, "");
	line("ssh-rsa " ED, HS_ERR_KEY_TYPE, "");
	line("sk-ssh-ed25519@openssh.com " ED, HS_ERR_FORMAT, "");
	line("restrict ssh-ed25519 " ED, HS_ERR_KEY_TYPE, "");
	line("ssh-ed25519-cert-v01@openssh.com " ED, HS_ERR_KEY_TYPE, "");
	memset(big, 'A', sizeof big - 1);
	memcpy(big, "ssh-ed25519 ", 12);
	big[12 + 4 * 86] = '\0';
	line(big, HS_ERR_TOO_LONG, "");
	big[12 + 4 * 85] = '\0'; // 255 bytes: read, and no key
	line(big, HS_ERR_KEY_TYPE, "");
}

static void
errors_of_the_buffer(void **state)
{
	struct hs_key k = vector(HS_KT_ED25519);
	struct hs_buf b = {.err = HS_ERR_NOMEM};

	(void)state;
	hs_key_put_line(&b, &k);
	assert_int_equal(hs_buf_err(&b), HS_ERR_NOMEM);
	assert_int_equal(b.len, 0);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(openssh_lines),
	    cmocka_unit_test(blobs_cut_and_continued), cmocka_unit_test(types),
	    cmocka_unit_test(points), cmocka_unit_test(ed25519_lengths),
	    cmocka_unit_test(applications), cmocka_unit_test(equality),
	    cmocka_unit_test(lines), cmocka_unit_test(errors_of_the_buffer)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
