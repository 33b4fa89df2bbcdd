// SPDX-License-Identifier: ISC
//
// Many readings of known_hosts at once: a few run, the rest wait their turn. One by itself
// is test_agentd_knownhosts.c's.
#include "tests/lib/reading.h"

#define MANY 40

static struct one {
	struct hs_knownhosts_run *run;
	int code, place;
	struct one *lets_go_of, *also;
} many[MANY];
static int nended;

static void on_one(void *arg, int code, struct hs_knownhosts *k, const struct hs_err *err);

static void
read_for(struct one *o)
{
	assert_int_equal(
	    hs_knownhosts_read(&t.q, &t.spec, on_one, o, &o->run, &t.err), HS_OK);
}

static void
on_one(void *arg, int code, struct hs_knownhosts *k, const struct hs_err *err)
{
	struct one *o = arg;

	(void)err;
	assert_int_equal(o->place, 0); // once
	o->place = ++nended;
	o->code = code;
	o->run = NULL;
	hs_knownhosts_free(&k);
	if (o->lets_go_of != NULL)
		hs_knownhosts_cancel(&o->lets_go_of->run);
	if (o->also != NULL)
		assert_int_equal(hs_knownhosts_read(
				     &t.q, &t.spec, on_one, o->also, &o->also->run, &t.err),
		    HS_OK);
}

static void
start_many(int n)
{
	memset(many, 0, sizeof many);
	nended = 0;
	for (int i = 0; i < n; i++)
		assert_int_equal(hs_knownhosts_read(
				     &t.q, &t.spec, on_one, &many[i], &many[i].run, &t.err),
		    HS_OK);
	assert_int_equal(nended, 0);
}

// Answers once nobody else who started with it is missing: "go" is there.
static void
answers_at_go(void)
{
	struct hs_buf b = {0};

	hs_knownhosts_answer_put(&b, &ans);
	write_file("answer", b.p, b.len, 0600);
	hs_buf_free(&b);
	reader("until [ -e go ]; do sleep 0.02; done; exec cat answer");
}

static size_t
started(void)
{
	unsigned long len = 0;
	const char *p = fakeprog_has(scratch_dir, "pids")
			    ? fakeprog_file(scratch_dir, "pids", &len)
			    : "";
	size_t n = 0;

	for (unsigned long i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

static void
until_started(size_t n)
{
	for (int i = 0; started() < n; i++) {
		assert_true(i < SECONDS * 1000);
		uv_run(&t.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static void
few_run_at_one_time(void **state)
{
	(void)state;
	answers_at_go();
	start_many(MANY);
	until_started(HS_KNOWNHOSTS_RUNNING);
	assert_int_equal(t.q.running, HS_KNOWNHOSTS_RUNNING);
	for (int i = 0; i < 20; i++) {
		uv_run(&t.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	assert_int_equal(started(), HS_KNOWNHOSTS_RUNNING);
	write_file("go", "", 0, 0600);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(nended, MANY);
	assert_int_equal(started(), MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(many[i].code, HS_OK);
	assert_int_equal(t.q.running, 0);
}

static void
in_the_order_of_asking(void **state)
{
	const int slow = HS_KNOWNHOSTS_RUNNING - 1; // which leaves one place

	(void)state;
	answers_at_go();
	start_many(slow);
	until_started((size_t)slow);
	reader("exec cat answer");
	for (int i = slow; i < MANY - 1; i++)
		read_for(&many[i]);
	many[slow].also = &many[MANY - 1]; // asks when a place is free, and others wait
	for (int i = 0; nended < MANY - slow; i++) {
		assert_true(i < SECONDS * 1000);
		uv_run(&t.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	for (int i = slow; i < MANY; i++)
		assert_int_equal(many[i].place, i - slow + 1);
	write_file("go", "", 0, 0600);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(nended, MANY);
}

static void
waiting_takes_nothing_of_its_time(void **state)
{
	(void)state;
	reader("exec sleep 1000");
	t.spec.ms = 300;
	start_many(2 * HS_KNOWNHOSTS_RUNNING);
	until_started(HS_KNOWNHOSTS_RUNNING);
	answers_at_go(); // from now on
	write_file("go", "", 0, 0600);
	for (int i = HS_KNOWNHOSTS_RUNNING; i < 2 * HS_KNOWNHOSTS_RUNNING; i++)
		assert_non_null(many[i].run);
	// asked after those, with time enough
	t.spec.ms = SECONDS * 1000;
	read_for(&many[MANY - 1]);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(nended, 2 * HS_KNOWNHOSTS_RUNNING + 1);
	for (int i = 0; i < HS_KNOWNHOSTS_RUNNING; i++)
		assert_int_equal(many[i].code, HS_ERR_IO);
	assert_int_equal(many[MANY - 1].code, HS_OK);
	all_ended();
}

static void
let_go_of_while_waiting(void **state)
{
	const int n = HS_KNOWNHOSTS_RUNNING + 4;

	(void)state;
	answers_at_go();
	start_many(n);
	hs_knownhosts_cancel(&many[n - 1].run); // the last, one between, the first
	hs_knownhosts_cancel(&many[n - 3].run);
	hs_knownhosts_cancel(&many[n - 4].run);
	many[0].lets_go_of = &many[n - 2];
	many[1].lets_go_of = &many[n - 2];
	write_file("go", "", 0, 0600);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_null(t.q.waiting);
	for (int i = 0; i < HS_KNOWNHOSTS_RUNNING; i++)
		assert_int_equal(many[i].code, HS_OK);
	for (int i = n - 4; i < n; i++)
		assert_null(many[i].run);
	// all of those that run: the next ones start nevertheless
	answers_at_go();
	start_many(n);
	for (int i = 0; i < HS_KNOWNHOSTS_RUNNING; i++)
		hs_knownhosts_cancel(&many[i].run);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(nended, 4);
	all_ended();
}

static void
gone_while_others_wait(void **state)
{
	const int n = 3 * HS_KNOWNHOSTS_RUNNING;

	(void)state;
	answers_at_go();
	start_many(n);
	until_started(HS_KNOWNHOSTS_RUNNING);
	many[n - 2].lets_go_of = &many[n - 1];
	many[n - 1].lets_go_of = &many[n - 1]; // itself, too late
	assert_int_equal(unlink(t.spec.program), 0);
	write_file("go", "", 0, 0600);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(nended, n - 1);
	for (int i = 0; i < n - 1; i++)
		assert_int_equal(
		    many[i].code, i < HS_KNOWNHOSTS_RUNNING ? HS_OK : HS_ERR_IO);
	assert_null(t.q.waiting);
	assert_int_equal(t.q.running, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(few_run_at_one_time),
	    T(in_the_order_of_asking), T(waiting_takes_nothing_of_its_time),
	    T(let_go_of_while_waiting), T(gone_while_others_wait)};

	signal(SIGPIPE, SIG_IGN); // as the daemon does
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
