// SPDX-License-Identifier: ISC
//
// Goal of this test: refusals that repeat fill no log, and none is missing in it: what they
// are counted with, that what differs is told apart, what makes room, what a session's and
// the daemon's end leave, and a log that cannot be written.
#include "tests/lib/seating.h"
#include <stdlib.h>
#include "agentd/repeats.h"

// What is on record: how many lines of refusals, and for how many they stand.
struct refusals {
	size_t lines;
	uint64_t all;
};

static struct refusals
on_record(const char *what)
{
	char path[PATH_MAX], line[16384];
	struct refusals n = {0};
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/audit.jsonl", world_dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		const char *count = strstr(line, "\"count\":");

		if (strstr(line, "\"event\":\"refuse\"") == NULL ||
		    strstr(line, what) == NULL)
			continue;
		n.lines++;
		n.all += count != NULL ? strtoull(count + 8, NULL, 10) : 1;
	}
	assert_int_equal(fclose(f), 0);
	return n;
}

static void
wait_for(const char *what, uint64_t all)
{
	for (int i = 0; i < WORLD_DEADLINE_MS && on_record(what).all != all; i++)
		world_turn(&w);
	assert_int_equal(on_record(what).all, all);
}

// A request that is no seat's to end: refused, whoever asks.
static void
refused_by(int sock)
{
	const struct hs_agent_seat end_it = {.what = HS_SEAT_END};

	world_send(sock, HS_EXT_SEAT, WORLD_PUT(seat), &end_it, -1);
	world_refused(&w, sock, HS_EXT_SEAT, HS_NO_SUCH);
}

// The same kind, made without a peer.
static bool
counted(const char *whose)
{
	const struct hs_audit_record r = {.event = "refuse",
	    .agent = hs_str_c(whose),
	    .code = hs_code_name(HS_NO_GONE),
	    .session = w.d.session.id};
	struct hs_audit_record own = r;
	struct hs_now now;

	hs_clock_read(&now);
	if (hs_repeats_counted(w.d.repeats, &r, &now))
		return true;
	hs_daemon_note(&w.d, &own);
	return false;
}

static void
a_record_a_second(void **unused)
{
	struct hs_now from, to;
	struct refusals n;

	(void)unused;
	begin(POLICY);
	hs_clock_read(&from);
	for (int i = 0; i < 300; i++)
		refused_by(w.client);
	wait_for("not-found", 300);
	hs_clock_read(&to);
	n = on_record("not-found");
	assert_in_range(n.lines, 2, 2 + (to.boot_ms - from.boot_ms) / 1000);
	refused_by(w.client); // and on it goes
	wait_for("not-found", 301);
	end();
}

static void
what_differs_is_told_apart(void **unused)
{
	(void)unused;
	begin(POLICY);
	for (int i = 0; i < 4; i++) {
		char name[24];

		(void)snprintf(name, sizeof name, "agent%d", i);
		assert_false(counted(name));
		assert_true(counted(name));
	}
	wait_for("\"agent\":\"agent0\"", 2);
	wait_for("\"agent\":\"agent3\"", 2);
	assert_int_equal(on_record("").lines, 8);
	end();
}

// More kinds than are remembered: of those that were counted none goes unrecorded.
static void
room_is_made(void **unused)
{
	enum { MANY = 200 };
	char name[24];

	(void)unused;
	begin(POLICY);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "agent%d", i);
		assert_false(counted(name));
		assert_true(counted(name));
		assert_true(counted(name));
	}
	wait_for("", MANY * 3);
	assert_int_equal(on_record("").lines, MANY * 2);
	end();
}

static void
close_session(void)
{
	world_send(w.client, HS_EXT_CLOSE, NULL, NULL, -1);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_CLOSE, &body), HS_AGENT_DONE);
	assert_false(w.d.session.open);
}

// It stands in front of the last line that the session's key signs for.
static void
a_sessions_end(void **unused)
{
	uint64_t before;

	(void)unused;
	begin(POLICY);
	open_session();
	assert_false(counted("late"));
	assert_true(counted("late"));
	before = hs_audit_tip(w.d.audit, 1).seq;
	close_session();
	for (int i = 0; i < WORLD_DEADLINE_MS && !hs_audit_idle(w.d.audit); i++)
		world_turn(&w);
	assert_true(on_record("\"agent\":\"late\"").all == 2 &&
		    on_record("\"agent\":\"late\"").lines == 2);
	assert_non_null(strstr(world_record("\"event\":\"refuse\""), "\"count\":1"));
	assert_true(
	    strtoull(world_record("\"event\":\"refuse\"") + 7, NULL, 10) <= before + 1);
	assert_true(strtoull(world_record("\"event\":\"close\"") + 7, NULL, 10) >
		    strtoull(world_record("\"event\":\"refuse\"") + 7, NULL, 10));
	end();
}

static void
the_daemons_end(void **unused)
{
	(void)unused;
	begin(POLICY);
	assert_false(counted("last"));
	for (int i = 0; i < 9; i++)
		assert_true(counted("last"));
	hs_repeats_flush(w.d.repeats);
	w.d.stopping = true; // what comes now is recorded by itself
	assert_false(counted("later"));
	assert_false(counted("later"));
	w.d.stopping = false;
	end();
	assert_true(on_record("\"agent\":\"last\"").all == 10 &&
		    on_record("\"agent\":\"last\"").lines == 2);
}

// Nobody is answered as if it were on record.
static void
rule4_a_log_that_cannot_be_written(void **unused)
{
	(void)unused;
	begin(POLICY);
	refused_by(w.client);
	atomic_store(&world_log_broken, 1);
	for (int i = 0; i < 2; i++) {
		world_open(w.client, "no scope\n", 600);
		world_refused(&w, w.client, HS_EXT_OPEN, HS_NO_RECORD);
	}
	assert_false(hs_audit_ok(w.d.audit));
	assert_false(counted("broken"));
	assert_false(counted("broken"));
	atomic_store(&world_log_broken, 0);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_record_a_second),
	    cmocka_unit_test(what_differs_is_told_apart), cmocka_unit_test(room_is_made),
	    cmocka_unit_test(a_sessions_end), cmocka_unit_test(the_daemons_end),
	    cmocka_unit_test(rule4_a_log_that_cannot_be_written)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
