// SPDX-License-Identifier: ISC
//
// handseal server: what a server sends is taken apart, and what goes there is quoted so
// that a shell makes of it just what was put in. The rest is tests/e2e/server_*.t's.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/handseal/server_link.h"

static void
lines(void **state)
{
	struct hs_serverfact f;
	char big[HS_SERVERFACTS_LINE_MAX + 2];

	(void)state;
	assert_int_equal(hs_serverfacts_line(hs_str_c("kind none"), &f), HS_OK);
	assert_true(hs_str_is(f.key, "kind") && hs_str_is(f.value, "none"));
	assert_int_equal(hs_serverfacts_line(hs_str_c("root "), &f), HS_OK);
	assert_true(hs_str_is(f.key, "root") && f.value.len == 0);
	assert_int_equal(hs_serverfacts_line(hs_str_c("command-user a b  c"), &f), HS_OK);
	assert_true(hs_str_is(f.value, "a b  c"));
	for (const char *const *bad = (const char *const[]){"", " x", "kind", "Kind none",
		 "kind\tnone", "kind1 x", "say \x1b[2J", "say a\rb", "say \x7f",
		 "abcdefghijklmnopqrstuvwxyz x", NULL};
	     *bad != NULL; bad++)
		assert_int_equal(hs_serverfacts_line(hs_str_c(*bad), &f), HS_ERR_FORMAT);
	memset(big, 'a', sizeof big);
	assert_int_equal(
	    hs_serverfacts_line((struct hs_str){(uint8_t *)big, sizeof big}, &f),
	    HS_ERR_TOO_LONG);
}

static void
texts(void **state)
{
	struct hs_str text = hs_str_c("noise\nroot a\n\nroot b\nkind other"), v;
	struct hs_serverfact f;
	struct hs_buf b = {0};

	(void)state;
	assert_true(hs_serverfacts_find(text, "root", &v) && hs_str_is(v, "a"));
	assert_true(hs_serverfacts_find(text, "kind", &v) && hs_str_is(v, "other"));
	assert_false(hs_serverfacts_find(text, "roo", &v));
	assert_int_equal(v.len, 0);
	hs_server_text(text, "root", &b);
	assert_true(hs_str_is(hs_buf_str(&b), "a\nb\n"));
	hs_buf_free(&b);
	assert_true(hs_serverfacts_next(&text, &f) && hs_serverfacts_next(&text, &f) &&
		    hs_serverfacts_next(&text, &f) && !hs_serverfacts_next(&text, &f));
}

static void
lists(void **state)
{
	struct hs_str name;
	uint64_t t;

	(void)state;
	assert_int_equal(
	    hs_serverfacts_list(hs_str_c("1795485600 /var/x/7c2e.list"), &t, &name), HS_OK);
	assert_true(t == 1795485600 && hs_str_is(name, "7c2e.list"));
	for (const char *const *bad = (const char *const[]){"", "1", "1 ", "x /a", "1 /a/",
		 "-1 /a", "01 /a", "99999999999999999999 /a", NULL};
	     *bad != NULL; bad++)
		assert_int_equal(
		    hs_serverfacts_list(hs_str_c(*bad), &t, &name), HS_ERR_FORMAT);
}

// What sh makes of it.
static void
through_sh(struct hs_str value, struct hs_buf *out)
{
	struct hs_serverscript c = {0};
	struct hs_serverargs a = {0};
	struct hs_err err = {0};
	int status = -1;

	hs_serverscript_set(&c, "x", value);
	hs_put_fmt(&c.front, "printf %%s \"$x\"");
	hs_put_u8(&c.front, '\0');
	assert_int_equal(hs_buf_err(&c.front), HS_OK);
	hs_serverargs_put(&a, "sh");
	hs_serverargs_put(&a, "-c");
	hs_serverargs_put(&a, (const char *)c.front.p);
	assert_int_equal(hs_serverlink_run(&a, 20, out, NULL, &status, &err), HS_OK);
	assert_int_equal(status, 0);
	hs_serverscript_free(&c);
}

static void
quoting(void **state)
{
	const char *seed = getenv("HS_SEED");
	unsigned short s[3] = {0, 0, 0};
	struct hs_serverscript c = {0};
	uint8_t v[64];

	(void)state;
	s[0] = (unsigned short)(seed != NULL ? strtoul(seed, NULL, 10)
					     : (unsigned long)time(NULL));
	printf("# HS_SEED=%hu\n", s[0]);
	for (int round = 0; round < 60; round++) {
		static const char likely[] = "'\"\\$`(){};&|<>*?#!~ \n=%-";
		size_t n = (size_t)(erand48(s) * sizeof v);
		struct hs_buf out = {0};

		for (size_t i = 0; i < n; i++) {
			v[i] = (uint8_t)(0x20 + (int)(erand48(s) * (0x7f - 0x20)));
			if (erand48(s) < 0.5)
				v[i] = (uint8_t)
				    likely[(size_t)(erand48(s) * (sizeof likely - 1))];
			if (v[i] == '\n')
				v[i] = 0xe9;
		}
		through_sh((struct hs_str){v, n}, &out);
		assert_int_equal(out.len, n);
		assert_memory_equal(out.p, v, n);
		hs_buf_free(&out);
	}
	hs_serverscript_set(&c, "x", hs_str_c("a\nb"));
	assert_int_equal(hs_serverscript_len(&c), 0);
	hs_serverscript_free(&c);
}

// What is written is as long as was said, whatever the programs are.
static void
length(void **state)
{
	char dir[] = "/tmp/hs-server-XXXXXX", path[64];
	static const char *const names[] = {"handseal-verify", "handseal-shell"};

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t n = 1; n < 260; n += n < 130 ? 1 : 64) {
		struct hs_serverscript c = {0};
		struct hs_err err = {0};
		long written;
		FILE *f;

		for (size_t i = 0; i < 2; i++) {
			(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
			f = fopen(path, "w");
			assert_non_null(f);
			for (size_t k = 0; k < n + i; k++)
				fputc((int)k, f);
			assert_int_equal(fclose(f), 0);
		}
		hs_serverscript_begin(&c, "");
		assert_int_equal(hs_serverscript_programs(&c, dir, &err), HS_OK);
		hs_serverscript_call(&c, "true");
		f = tmpfile();
		assert_non_null(f);
		assert_int_equal(hs_serverscript_write(&c, fileno(f), &err), HS_OK);
		written = lseek(fileno(f), 0, SEEK_CUR);
		assert_int_equal((size_t)written, hs_serverscript_len(&c));
		(void)fclose(f);
		hs_serverscript_free(&c);
	}
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static void
runs(void **state)
{
	struct hs_serverargs a = {0}, many = {0};
	struct hs_buf out = {0}, errors = {0};
	struct hs_err err = {0};
	int status;

	(void)state;
	hs_serverargs_put(&a, "sh");
	hs_serverargs_put(&a, "-c");
	hs_serverargs_put(&a, "echo out; echo err >&2; cat; exit 7");
	assert_int_equal(hs_serverlink_run(&a, 20, &out, &errors, &status, &err), HS_OK);
	assert_int_equal(status, 7);
	assert_true(hs_str_is(hs_buf_str(&out), "out\n"));
	assert_true(hs_str_is(hs_buf_str(&errors), "err\n"));
	a.v[2] = "exec sleep 60";
	assert_int_equal(hs_serverlink_run(&a, 1, &out, NULL, &status, &err), HS_ERR_IO);
	a.v[0] = "/nonexistent/program";
	assert_int_equal(hs_serverlink_run(&a, 20, NULL, &errors, &status, &err), HS_OK);
	assert_int_equal(status, 255);
	for (int i = 0; i <= HS_SERVERLINK_ARGS; i++)
		hs_serverargs_put(&many, "x");
	assert_int_equal(
	    hs_serverlink_run(&many, 20, NULL, NULL, &status, &err), HS_ERR_USAGE);
	hs_buf_free(&out);
	hs_buf_free(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(texts),
	    cmocka_unit_test(lists), cmocka_unit_test(quoting), cmocka_unit_test(length),
	    cmocka_unit_test(runs)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
