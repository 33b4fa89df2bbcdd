// SPDX-License-Identifier: ISC
//
// Checkpoints of a daemon's log: the session key signs the record before, while records
// come and last when the session ends; each verifies, and none follows another.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/checkpoint.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/auditlog.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"

struct seen { // of a log
	int lines, checkpoints;
	char last[32], before[32]; // the newest line's event, and the one's before it
};

// The value of a member, up to its closing quote.
static bool
member(const char *line, const char *name, char *out, size_t size)
{
	char key[64];
	const char *at, *end;

	(void)snprintf(key, sizeof key, "\"%s\":\"", name);
	at = strstr(line, key);
	if (at == NULL)
		return false;
	at += strlen(key);
	end = strchr(at, '"');
	assert_non_null(end);
	assert_true((size_t)(end - at) < size);
	memcpy(out, at, (size_t)(end - at));
	out[end - at] = '\0';
	return true;
}

// By hand, as PROTOCOL.audit says, with the key that the session has.
static void
verify(const struct hs_key *key, const char *line, uint64_t seq,
    const uint8_t head[static HS_AUDIT_HASH])
{
	char session[32], sig[256], id[HS_SESSION_ID_LEN + 1];
	struct hs_buf blob = {0}, message = {0};

	assert_true(member(line, "session", session, sizeof session));
	assert_true(member(line, "signature", sig, sizeof sig));
	hs_session_id(key, id);
	assert_string_equal(session, id);
	assert_int_equal(hs_text_base64(hs_str_c(sig), sizeof sig, &blob), HS_OK);
	hs_checkpoint_put_signed(&message, session, seq, head);
	assert_int_equal(
	    hs_sig_verify(key, hs_buf_str(&blob), hs_buf_str(&message), NULL), HS_OK);
	hs_buf_reset(&message);
	hs_checkpoint_put_signed(&message, session, seq + 1, head);
	assert_int_not_equal(
	    hs_sig_verify(key, hs_buf_str(&blob), hs_buf_str(&message), NULL), HS_OK);
	hs_buf_free(&blob);
	hs_buf_free(&message);
}

struct looking {
	const struct hs_key *key;
	struct seen *out;
	uint8_t head[HS_AUDIT_HASH];
};

static void
look_at(struct hs_str line, void *arg)
{
	struct looking *l = arg;
	struct seen *out = l->out;
	uint8_t prev[HS_AUDIT_HASH];
	uint64_t seq;

	assert_int_equal(hs_auditline_parse(line, &seq, prev), HS_OK);
	assert_int_equal(seq, ++out->lines);
	assert_memory_equal(prev, l->head, sizeof prev);
	memcpy(out->before, out->last, sizeof out->before);
	assert_true(member((const char *)line.p, "event", out->last, sizeof out->last));
	if (strcmp(out->last, "checkpoint") == 0) {
		out->checkpoints++;
		assert_string_not_equal(out->before, "checkpoint");
		verify(l->key, (const char *)line.p, seq - 1, l->head);
	}
	assert_int_equal(hs_auditline_hash(line, l->head), HS_OK);
}

static void
look(const struct hs_key *key, struct seen *out)
{
	struct looking l = {.key = key, .out = out};

	*out = (struct seen){0};
	(void)snprintf(auditlog.dir, sizeof auditlog.dir, "%s", world_dir);
	auditlog_each(look_at, &l);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
begin(struct world *w)
{
	world_helper("sign");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(NULL);
	world_begin(w);
	world_open(w->client, SCOPE, 60);
	world_until(w, DONE);
	assert_true(w->d.session.open);
}

static void
rest(struct world *w)
{
	do
		world_turn(w);
	while (!hs_audit_idle(w->d.audit));
}

static void
once_a_second_while_records_come(void **state)
{
	struct hs_audit_record r = {.event = "refuse", .time = 5};
	uint64_t began, until;
	struct hs_key key;
	struct seen seen;
	struct world w;

	(void)state;
	began = now_ms(); // a slow disk may take a second for the session alone
	begin(&w);
	key = w.d.session.pub;
	look(&key, &seen);
	assert_in_range(seen.checkpoints, 0, (now_ms() - began) / 1000);
	until = now_ms() + 2500;
	while (now_ms() < until) { // records without end
		assert_int_equal(
		    hs_audit_put(w.d.audit, &r, NULL, NULL, NULL, NULL), HS_OK);
		rest(&w);
	}
	rest(&w);
	look(&key, &seen);
	assert_in_range(seen.checkpoints, 1, (now_ms() - began) / 1000);
	// then, a second after the last record, one over it, and no more
	for (int i = 0; i < WORLD_DEADLINE_MS && !hs_audit_sealed(w.d.audit); i++)
		world_turn(&w);
	rest(&w);
	look(&key, &seen);
	assert_string_equal(seen.last, "checkpoint");
	assert_string_equal(seen.before, "refuse");
	world_end(&w);
}

static void
last_when_it_is_closed(void **state)
{
	struct hs_key key;
	struct seen seen;
	struct world w;

	(void)state;
	begin(&w);
	key = w.d.session.pub;
	world_send(w.client, HS_EXT_CLOSE, NULL, NULL, -1);
	while (w.d.session.open)
		world_turn(&w);
	assert_null(w.d.session.key.secret);
	rest(&w);
	look(&key, &seen);
	assert_string_equal(seen.before, "close");
	assert_string_equal(seen.last, "checkpoint");
	// what comes later is nobody's to sign
	world_open(w.client, "nothing", 60);
	for (int i = 0; i < WORLD_DEADLINE_MS && hs_audit_sealed(w.d.audit); i++)
		world_turn(&w);
	rest(&w);
	look(&key, &seen);
	assert_string_equal(seen.before, "checkpoint");
	assert_string_equal(seen.last, "refuse");
	world_end(&w);
}

static void
last_when_it_expires(void **state)
{
	struct hs_key key;
	struct seen seen;
	struct hs_now now;
	struct world w;

	(void)state;
	begin(&w);
	key = w.d.session.pub;
	w.d.session.held[0]->end_boot_ms = 1; // long ago
	hs_daemon_tick(&w.d, &now);
	assert_false(w.d.session.open);
	rest(&w);
	look(&key, &seen);
	assert_string_equal(seen.before, "expire");
	assert_string_equal(seen.last, "checkpoint");
	world_end(&w);
}

// A disk that cannot be written costs the checkpoint, and nothing else: the next one is
// over what is there.
static void
none_over_what_is_not_there(void **state)
{
	struct hs_audit_record r = {.event = "refuse", .time = 5};
	struct hs_key key;
	struct seen seen;
	struct world w;

	(void)state;
	begin(&w);
	key = w.d.session.pub;
	hs_audit_limits(w.d.audit, 64 << 20, UINT64_MAX); // r.time is long ago
	atomic_store(&world_log_broken, 1);
	assert_int_equal(hs_audit_put(w.d.audit, &r, NULL, NULL, NULL, NULL), HS_OK);
	for (int i = 0; i < WORLD_DEADLINE_MS && !hs_audit_sealed(w.d.audit); i++)
		world_turn(&w);
	rest(&w);
	assert_false(hs_audit_ok(w.d.audit));
	atomic_store(&world_log_broken, 0);
	assert_int_equal(hs_audit_put(w.d.audit, &r, NULL, NULL, NULL, NULL), HS_OK);
	for (int i = 0; i < WORLD_DEADLINE_MS && !hs_audit_sealed(w.d.audit); i++)
		world_turn(&w);
	rest(&w);
	look(&key, &seen);
	assert_string_equal(seen.last, "checkpoint");
	assert_int_equal(seen.checkpoints, 1);
	world_end(&w);
}

int
main(int argc, char **argv)
{
	int rc = world_program(argc, argv);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(once_a_second_while_records_come),
	    cmocka_unit_test(last_when_it_is_closed),
	    cmocka_unit_test(last_when_it_expires),
	    cmocka_unit_test(none_over_what_is_not_there)};

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
