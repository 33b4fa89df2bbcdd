// SPDX-License-Identifier: ISC
//
// A loop, a policy, a scope and a reader of known_hosts, which is a shell script in a
// scratch folder, for the tests of agentd/knownhosts.h. Only for tests that are linked with
// agentd's objects.
#ifndef HS_TESTS_READING_H
#define HS_TESTS_READING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>
#include "agentd/knownhosts.h"
#include "tests/lib/fakeprog.h"
#include "tests/lib/scratch.h"

#define SECONDS 20

#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\nhost *.b.c\nhost web1\nuser a\n\naddr "        \
	"10.0.0.0/8\nhost db\nhost web1\nuser b\n\nns git\n"

// What is run, and what came of it.
static struct {
	uv_loop_t loop;
	struct hs_knownhosts_readers q;
	struct hs_policy policy;
	struct hs_scope *scope;
	struct hs_knownhosts_spec spec;
	struct hs_knownhosts_run *run;
	int ends, code;
	struct hs_knownhosts *k;
	struct hs_err err;
	bool cancels; // at the end
} t;

static struct hs_knownhosts_answer ans; // to be changed, then answers_ans

static inline struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

static inline void
policy(const char *text)
{
	hs_policy_free(&t.policy);
	assert_int_equal(
	    hs_policy_parse(hs_str_c(text), false, &t.policy, NULL, NULL), HS_OK);
}

static inline int
setup(void **state)
{
	memset(&t, 0, sizeof t);
	memset(&ans, 0, sizeof ans);
	if (scratch_make(state) != 0 || uv_loop_init(&t.loop) != 0)
		return 1;
	t.q.loop = &t.loop;
	policy("KnownHosts ~/.ssh/known_hosts /etc/ssh/ssh_known_hosts\n");
	assert_int_equal(hs_scope_parse(hs_str_c(SCOPE), &t.scope, NULL), HS_OK);
	t.spec = (struct hs_knownhosts_spec){.program = strdup(scratch_in("reader")),
	    .home = "/home/anna",
	    .policy = &t.policy,
	    .scope = t.scope,
	    .ms = SECONDS * 1000};
	return 0;
}

static inline int
teardown(void **state)
{
	hs_knownhosts_cancel(&t.run);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t.loop), 0); // nothing is left in it
	free((char *)t.spec.program);
	hs_knownhosts_free(&t.k);
	hs_scope_free(&t.scope);
	hs_policy_free(&t.policy);
	return scratch_remove(state);
}

static inline void
on_done(void *arg, int code, struct hs_knownhosts *k, const struct hs_err *err)
{
	assert_ptr_equal(arg, &t);
	assert_int_equal(code == HS_OK, k != NULL);
	t.ends++;
	t.code = code;
	t.k = k;
	t.err = *err;
	if (t.cancels)
		hs_knownhosts_cancel(&t.run); // too late, and harmless
	t.run = NULL;
}

static inline int
start(void)
{
	t.ends = 0;
	t.err = (struct hs_err){0};
	hs_knownhosts_free(&t.k);
	return hs_knownhosts_read(&t.q, &t.spec, on_done, &t, &t.run, &t.err);
}

static inline void
run(void)
{
	if (start() != HS_OK)
		fail_msg("%s", t.err.text);
	assert_int_equal(t.ends, 0); // later
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(t.ends, 1);
}

static inline void
write_file(const char *name, const void *p, size_t len, mode_t mode)
{
	FILE *f = fopen(scratch_in(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(scratch_in(name), mode), 0);
}

// The reader is a shell script, in the scratch folder; it writes its pid to `pids`.
static inline void
reader(const char *body)
{
	char text[1024];
	int n = snprintf(
	    text, sizeof text, "#!/bin/sh\ncd %s\necho $$ >>pids\n%s\n", scratch_dir, body);

	write_file("reader", text, (size_t)n, 0700);
}

static inline void
answers(const void *p, size_t len)
{
	write_file("answer", p, len, 0600);
	reader("cat >/dev/null; exec cat answer");
	run();
}

static inline void
answers_ans(void)
{
	struct hs_buf b = {0};

	hs_knownhosts_answer_put(&b, &ans);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	answers(b.p, b.len);
	hs_buf_free(&b);
}

// None of those that wrote to `pids` lives any more.
static inline void
all_ended(void)
{
	for (int i = 0; !fakeprog_all_ended(scratch_dir); i++) {
		assert_true(i < SECONDS * 200);
		usleep(5000);
	}
}

#endif
