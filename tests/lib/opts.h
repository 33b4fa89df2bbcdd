// SPDX-License-Identifier: ISC
//
// Scope options as a command line gives them, and that they are refused.
#ifndef HS_TESTS_OPTS_H
#define HS_TESTS_OPTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "client/handseal/scopeopts.h"

// opt, value, opt, value, ..., 0
static inline void
take(struct hs_scopeopts *o, ...)
{
	va_list ap;
	int opt;

	va_start(ap, o);
	while ((opt = va_arg(ap, int)) != 0) {
		assert_true(hs_scopeopts_is(opt));
		assert_int_equal(
		    hs_scopeopts_take(o, opt, va_arg(ap, const char *), NULL), HS_OK);
	}
	va_end(ap);
}

static inline void
assert_refused(
    const struct hs_scopeopts *o, const char *ttl_option, int code, const char *part)
{
	struct hs_scope *scope = (struct hs_scope *)&scope; // to see it nulled
	struct hs_err err = {0};

	assert_int_equal(hs_scopeopts_build(o, 60, ttl_option, &scope, &err), code);
	assert_int_equal(err.code, code);
	assert_null(scope);
	if (strstr(hs_err_sentence(&err), part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", hs_err_sentence(&err), part);
}

#endif
