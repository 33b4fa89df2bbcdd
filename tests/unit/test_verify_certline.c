// SPDX-License-Identifier: ISC
//
// Goal of this test: text that a client or a file gives as a certificate is taken only in
// its exact form (rule10), and the times that people type are read as they mean them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "client/verify/explain.h"
#include "proto/certline.h"
#include "proto/text.h"

#define TYPE "ssh-ed25519-cert-v01@openssh.com"

// base64 of a blob that begins with the type string and goes on with extra bytes of 0x07.
static void
make(struct hs_buf *text, const char *type, size_t extra)
{
	struct hs_buf blob = {0};

	hs_put_cstring(&blob, type);
	for (size_t i = 0; i < extra; i++)
		hs_put_u8(&blob, 7);
	hs_text_put_base64(text, hs_buf_str(&blob));
	assert_int_equal(hs_buf_err(text), HS_OK);
	hs_buf_free(&blob);
}

static int
blob_of(const char *type, struct hs_str base64)
{
	struct hs_buf blob = {0};
	int rc = hs_certline_blob(hs_str_c(type), base64, &blob, NULL);

	if (rc == HS_OK)
		assert_true(blob.len > 4);
	hs_buf_free(&blob);
	return rc;
}

static int
file_of(const char *head, struct hs_str base64, const char *tail)
{
	struct hs_buf text = {0}, blob = {0};
	struct hs_err err = {0};
	int rc;

	hs_put_raw(&text, head, strlen(head));
	hs_put_raw(&text, base64.p, base64.len);
	hs_put_raw(&text, tail, strlen(tail));
	rc = hs_certline_file(hs_buf_str(&text), &blob, &err);
	assert_int_equal(rc, err.code);
	hs_buf_free(&text);
	hs_buf_free(&blob);
	return rc;
}

static void
rule10_blob(void **state)
{
	struct hs_buf b = {0};
	struct hs_str s;

	(void)state;
	make(&b, TYPE, 30);
	s = hs_buf_str(&b);
	assert_int_equal(blob_of(TYPE, s), HS_OK);
	assert_int_equal(blob_of("ssh-ed25519", s), HS_ERR_FORMAT);
	assert_int_equal(blob_of("", s), HS_ERR_FORMAT);
	s.len--;
	assert_int_equal(blob_of(TYPE, s), HS_ERR_FORMAT);
	s.len = 0;
	assert_int_equal(blob_of(TYPE, s), HS_ERR_FORMAT);
	assert_int_equal(blob_of(TYPE, hs_str_c("AAAA")), HS_ERR_FORMAT);
	assert_int_equal(blob_of(TYPE, hs_str_c("AAAA AAAA")), HS_ERR_FORMAT);
	assert_int_equal(blob_of(TYPE, hs_str_c("/////w==")), HS_ERR_FORMAT);
	hs_buf_free(&b);
}

static void
rule10_blob_bounds(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	make(&b, TYPE, HS_CERT_MAX - sizeof TYPE + 1 - 4);
	assert_int_equal(blob_of(TYPE, hs_buf_str(&b)), HS_OK);
	hs_buf_reset(&b);
	make(&b, TYPE, HS_CERT_MAX - sizeof TYPE + 1 - 3);
	assert_int_equal(blob_of(TYPE, hs_buf_str(&b)), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
}

static void
rule10_file(void **state)
{
	struct hs_buf b = {0};
	struct hs_str s, none = {0};

	(void)state;
	make(&b, TYPE, 30);
	s = hs_buf_str(&b);
	assert_int_equal(file_of(TYPE " ", s, "\n"), HS_OK);
	assert_int_equal(file_of(TYPE " ", s, ""), HS_OK);
	assert_int_equal(file_of(TYPE " ", s, "\r\n"), HS_OK);
	assert_int_equal(file_of(TYPE "\t ", s, " a comment of words\n"), HS_OK);
	assert_int_equal(file_of("", s, "\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of(TYPE, none, "\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of(TYPE " ", none, "\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of(" " TYPE " ", s, "\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of("", none, ""), HS_ERR_FORMAT);
	assert_int_equal(file_of("", none, "\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of(TYPE " ", s, "\n\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of("\n" TYPE " ", s, "\n"), HS_ERR_FORMAT);
	assert_int_equal(file_of("ssh-rsa ", s, "\n"), HS_ERR_FORMAT);
	hs_buf_free(&b);
}

static void
rule10_file_bytes(void **state)
{
	static const char nul[] = TYPE " AA\0AA\n";
	struct hs_buf blob = {0}, text = {0};

	(void)state;
	assert_int_equal(
	    hs_certline_file(
		(struct hs_str){(const uint8_t *)nul, sizeof nul - 1}, &blob, NULL),
	    HS_ERR_FORMAT);
	assert_int_equal(
	    hs_certline_file((struct hs_str){NULL, 0}, &blob, NULL), HS_ERR_FORMAT);
	make(&text, TYPE, HS_CERT_MAX);
	for (size_t i = text.len; i <= HS_CERTLINE_MAX; i++)
		hs_put_u8(&text, ' ');
	assert_int_equal(hs_certline_file(hs_buf_str(&text), &blob, NULL), HS_ERR_TOO_LONG);
	hs_buf_free(&text);
	hs_buf_free(&blob);
}

static void
times(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {{"0", 0}, {"1795000000", 1795000000}, {"1970-01-01T00:00:00Z", 0},
	    {"1970-03-01T00:00:00Z", 5097600}, {"2000-02-29T12:34:56Z", 951827696},
	    {"2026-11-23T18:05:00Z", 1795457100}, {"9999-12-31T23:59:59Z", 253402300799}};
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x10", "01",
	    "253402300800", "99999999999999999999", "2026-11-23", "2026-11-23T18:05:00",
	    "2026-11-23 18:05:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	    "2026-02-29T00:00:00Z", "1900-01-01T00:00:00Z", "2026-04-31T00:00:00Z",
	    "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
	    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00Zx", "20x6-01-01T00:00:00Z",
	    "2026-01-01T00:00:0 Z"};
	uint64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(hs_explain_time(good[i].text, &t), HS_OK);
		assert_int_equal(t, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (hs_explain_time(bad[i], &t) == HS_OK)
			fail_msg("taken as a time: %s", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule10_blob),
	    cmocka_unit_test(rule10_blob_bounds),
	    cmocka_unit_test(rule10_file),
	    cmocka_unit_test(rule10_file_bytes),
	    cmocka_unit_test(times),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
