// SPDX-License-Identifier: ISC
//
// handseald and the reader of known_hosts: what it is asked, what is believed of its
// answers, and every way in which it can go wrong. What its table says is
// test_agentd_knowntable.c's.
#include "tests/lib/reading.h"

static struct hs_knownhosts_request req;

static void
fails(const char *body, int code, const char *sentence)
{
	reader(body);
	run();
	if (t.code != code || strstr(t.err.text, sentence) == NULL)
		fail_msg("%s\n-> %d %s", body, t.code, t.err.text);
	assert_int_equal(t.err.code, code);
}

// ---- what it is asked

static void
asked(void)
{
	struct hs_buf b = {0};
	unsigned long len;
	const char *p;

	ans.n = 0;
	hs_knownhosts_answer_put(&b, &ans);
	write_file("answer", b.p, b.len, 0600);
	reader("cat >request; exec cat answer");
	run();
	assert_int_equal(t.code, HS_OK);
	hs_buf_free(&b);
	p = fakeprog_file(scratch_dir, "request", &len);
	assert_int_equal(
	    hs_knownhosts_request_parse((struct hs_str){(const uint8_t *)p, len}, &req),
	    HS_OK);
}

static void
the_request(void **state)
{
	static const uint16_t ports[] = {2222, 443};

	(void)state;
	asked();
	assert_int_equal(req.nfiles, 2);
	assert_true(hs_str_is(req.files[0], "/home/anna/.ssh/known_hosts"));
	assert_true(hs_str_is(req.files[1], "/etc/ssh/ssh_known_hosts"));
	assert_int_equal(req.nhosts, 3); // once each
	assert_true(hs_str_is(req.hosts[0], "*.b.c"));
	assert_true(hs_str_is(req.hosts[1], "db"));
	assert_true(hs_str_is(req.hosts[2], "web1"));
	assert_int_equal(req.nports, 0);
	policy("KnownHosts none");
	t.spec.ports = ports;
	t.spec.nports = 2;
	asked();
	assert_int_equal(req.nfiles, 0);
	assert_int_equal(req.nports, 2);
	assert_int_equal(req.ports[1], 443);
	policy("");
	t.spec.home = "/";
	asked();
	assert_int_equal(req.nfiles, 4);
	assert_true(hs_str_is(req.files[1], "//.ssh/known_hosts2"));
	assert_true(hs_str_is(req.files[3], "/etc/ssh/ssh_known_hosts2"));
	hs_scope_free(&t.scope);
	assert_int_equal(
	    hs_scope_parse(S("max-ttl 1\nmax-uses 1\n\nns git\n"), &t.scope, NULL), HS_OK);
	t.spec.scope = t.scope;
	asked();
	assert_int_equal(req.nhosts, 0);
}

static void
next_to_nothing_is_inherited(void **state)
{
	const char *env;

	(void)state;
	setenv("SECRET", "x", 1);
	reader(
	    "env | grep -v -E '^(_|SHLVL|PWD|OLDPWD)=' | sort >env; ls /proc/$$/fd >fds");
	run();
	unsetenv("SECRET");
	env = fakeprog_file(scratch_dir, "env", NULL);
	assert_string_equal(env, "LC_ALL=C\nPATH=/usr/local/bin:/usr/bin:/bin\n");
	// from 10 on they are the shell's own
	assert_non_null(strstr(fakeprog_file(scratch_dir, "fds", NULL), "1\n"));
	assert_null(strstr(fakeprog_file(scratch_dir, "fds", NULL), "\n3\n"));
}

static void
what_cannot_be_asked(void **state)
{
	static const uint16_t ports[HS_KNOWNHOSTS_PORTS_MAX + 1];
	char home[300];

	(void)state;
	reader("exit 0");
	t.spec.home = "";
	assert_int_equal(start(), HS_ERR_CONFIG);
	assert_string_equal(
	    t.err.text, "HOME is not set, so it is not known where ~/.ssh/known_hosts is");
	memset(home, 'h', sizeof home);
	home[0] = '/';
	home[sizeof home - 1] = '\0';
	t.spec.home = home;
	assert_int_equal(start(), HS_OK); // 299 + 18
	uv_run(&t.loop, UV_RUN_DEFAULT);
	{
		char text[300];

		snprintf(text, sizeof text, "KnownHosts ~/%0230d", 0);
		policy(text);
	}
	assert_int_equal(start(), HS_ERR_CONFIG);
	assert_non_null(strstr(t.err.text, "has more than 511 bytes"));
	policy("");
	t.spec.ports = ports;
	t.spec.nports = HS_KNOWNHOSTS_PORTS_MAX + 1;
	assert_int_equal(start(), HS_ERR_TOO_LONG);
	assert_string_equal(t.err.text, "there are more than 16 ports");
	assert_int_equal(t.ends, 0);
}

static void
what_cannot_be_run(void **state)
{
	(void)state;
	assert_int_equal(start(), HS_ERR_IO);
	assert_non_null(strstr(t.err.text, "the reader of known_hosts ("));
	assert_non_null(strstr(t.err.text, "cannot be run: no such file"));
	write_file("reader", "", 0, 0600);
	assert_int_equal(start(), HS_ERR_IO);
	assert_non_null(strstr(t.err.text, "cannot be run: permission denied"));
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(t.ends, 0);
}

// ---- hostile ones

static void
rule9_one_that_dies(void **state)
{
	(void)state;
	fails("exit 3", HS_ERR_IO,
	    "the reader of known_hosts ended with status 3 and without an answer");
	fails(
	    "exit 0", HS_ERR_IO, "cannot be read: the message ends before it is complete");
	fails("kill -SEGV $$", HS_ERR_IO, "was ended by signal 11");
	fails("printf x; kill -KILL $$", HS_ERR_IO, "was ended by signal 9");
	assert_null(t.k);
}

static void
rule9_one_that_hangs(void **state)
{
	(void)state;
	t.spec.ms = 300;
	fails("sleep 1000", HS_ERR_IO, "did not end in time and was killed");
	fails("trap '' TERM; printf half; while :; do sleep 5; done", HS_ERR_IO,
	    "did not end in time and was killed");
	fails("exec </dev/null >/dev/null; sleep 1000", HS_ERR_IO,
	    "did not end in time and was killed");
	all_ended();
}

static void
rule9_what_it_leaves_behind(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_knownhosts_answer_put(&b, &ans);
	write_file("answer", b.p, b.len, 0600);
	// a child of it holds its output open
	reader("cat answer; sleep 1000 & echo $! >>pids");
	run();
	assert_int_equal(t.code, HS_OK);
	all_ended();
	hs_buf_free(&b);
}

static void
rule10_too_much(void **state)
{
	static uint8_t big[4 + HS_KNOWNHOSTS_ANSWER_MAX + 1];

	(void)state;
	fails("exec cat /dev/zero", HS_ERR_IO,
	    "the answer of the reader of known_hosts is too long");
	big[1] = 4; // 0x40001: one more than may be
	big[3] = 1;
	big[4] = HS_KNOWNHOSTS_VERSION;
	answers(big, sizeof big);
	assert_int_equal(t.code, HS_ERR_IO);
	assert_string_equal(t.err.text, "the answer of the reader of known_hosts cannot be "
					"read: it is longer than the limit");
	all_ended();
}

static void
rule10_answers_that_are_none(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	ans.n = 1;
	ans.v[0] = (struct hs_knownhosts_entry){HS_KNOWNHOSTS_KEY, S("key"), S("web1")};
	hs_knownhosts_answer_put(&b, &ans);
	hs_put_u8(&b, 0);
	answers(b.p, b.len);
	assert_int_equal(t.code, HS_ERR_IO);
	assert_non_null(strstr(t.err.text, "bytes are left over"));
	answers(b.p, b.len - 2);
	assert_int_equal(t.code, HS_ERR_IO);
	answers("hello", 5);
	assert_int_equal(t.code, HS_ERR_IO);
	b.p[4]++;
	answers(b.p, b.len - 1);
	assert_int_equal(t.code, HS_ERR_IO);
	assert_non_null(strstr(t.err.text, "this version does not do that"));
	ans.v[0].name = S("*"); // of a host's own key
	answers_ans();
	assert_int_equal(t.code, HS_ERR_IO);
	hs_buf_free(&b);
}

static void
its_own_failures_are_told(void **state)
{
	(void)state;
	ans.code = HS_ERR_TOO_LONG;
	ans.sentence = S("the files revoke too much");
	answers_ans();
	assert_int_equal(t.code, HS_ERR_TOO_LONG);
	assert_int_equal(t.err.code, HS_ERR_TOO_LONG);
	assert_string_equal(t.err.text, "the files revoke too much");
	assert_null(t.k);
}

// ---- letting go

static void
cancelled(void **state)
{
	(void)state;
	reader("trap '' TERM; while :; do sleep 5; done");
	assert_int_equal(start(), HS_OK);
	hs_knownhosts_cancel(&t.run); // before the loop ran
	assert_null(t.run);
	hs_knownhosts_cancel(&t.run); // fine
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(t.ends, 0);
	assert_null(t.k);
	reader("sleep 1000");
	assert_int_equal(start(), HS_OK);
	while (!fakeprog_has(scratch_dir, "pids")) {
		uv_run(&t.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	hs_knownhosts_cancel(&t.run);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(t.ends, 0);
	all_ended();
	// with the answer on its way
	ans.n = 0;
	{
		struct hs_buf b = {0};

		hs_knownhosts_answer_put(&b, &ans);
		write_file("answer", b.p, b.len, 0600);
		hs_buf_free(&b);
	}
	reader("cat answer; : >answered; sleep 1000");
	assert_int_equal(start(), HS_OK);
	while (!fakeprog_has(scratch_dir, "answered")) {
		uv_run(&t.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	hs_knownhosts_cancel(&t.run);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(t.ends, 0);
	all_ended();
}

static void
cancelled_from_within(void **state)
{
	(void)state;
	t.cancels = true;
	answers_ans();
	assert_int_equal(t.code, HS_OK);
	fails("exit 1", HS_ERR_IO, "status 1");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(the_request), T(next_to_nothing_is_inherited),
	    T(what_cannot_be_asked), T(what_cannot_be_run), T(rule9_one_that_dies),
	    T(rule9_one_that_hangs), T(rule9_what_it_leaves_behind), T(rule10_too_much),
	    T(rule10_answers_that_are_none), T(its_own_failures_are_told), T(cancelled),
	    T(cancelled_from_within)};

	signal(SIGPIPE, SIG_IGN); // as the daemon does
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
