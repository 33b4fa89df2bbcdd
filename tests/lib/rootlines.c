// SPDX-License-Identifier: ISC
//
// Lines of the roots file. Contract in rootlines.h.
#include "tests/lib/rootlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/names.h"

struct hs_roots rootlines;
struct hs_buf rootlines_said;

static void
on_bad(void *arg, const struct hs_err *err)
{
	assert_int_equal(err->code, HS_ERR_CONFIG);
	hs_put_fmt(arg, "%u:%u: %s\n", err->line, err->column, hs_err_sentence(err));
}

struct hs_key
rootlines_key(enum hs_key_type type, uint8_t fill, const char *application)
{
	struct hs_key k = {.type = type, .publen = 32};

	memset(k.pub, fill, 32);
	snprintf(k.application, sizeof k.application, "%s", application);
	return k;
}

// Those of user, or where that is NULL the server's.
static int
read_text(struct hs_str text, const char *user)
{
	struct hs_buf b = {0};
	int rc;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == 1 || text.p[i] == 2) {
			struct hs_key k =
			    rootlines_key(HS_KT_SK_ED25519, text.p[i], HS_APPLICATION);

			hs_key_put_line(&b, &k);
		} else {
			hs_put_u8(&b, text.p[i]);
		}
	}
	hs_buf_reset(&rootlines_said);
	rc = user != NULL
		 ? hs_roots_add(
		       &rootlines, hs_buf_str(&b), hs_str_c(user), on_bad, &rootlines_said)
		 : hs_roots_parse(hs_buf_str(&b), &rootlines, on_bad, &rootlines_said);
	hs_put_u8(&rootlines_said, 0);
	assert_int_equal(hs_buf_err(&rootlines_said), HS_OK);
	hs_buf_free(&b);
	return rc;
}

int
rootlines_parse(struct hs_str text)
{
	hs_roots_free(&rootlines);
	return read_text(text, NULL);
}

int
rootlines_add(struct hs_str text, const char *user)
{
	return read_text(text, user);
}

const struct hs_root *
rootlines_good(const char *text)
{
	assert_int_equal(rootlines_parse(hs_str_c(text)), HS_OK);
	assert_string_equal((char *)rootlines_said.p, "");
	assert_int_equal(rootlines.n, 1);
	return &rootlines.v[0];
}

void
rootlines_bad(const char *text, const char *why)
{
	assert_int_equal(rootlines_parse(hs_str_c(text)), HS_OK);
	assert_int_equal(rootlines.n, 0);
	if (strncmp((char *)rootlines_said.p, why, strlen(why)) != 0)
		fail_msg("%s: %s", text, (char *)rootlines_said.p);
}

int
rootlines_free(void **state)
{
	(void)state;
	hs_roots_free(&rootlines);
	hs_buf_free(&rootlines_said);
	return 0;
}
