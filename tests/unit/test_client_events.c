// SPDX-License-Identifier: ISC
//
// The daemon's events as the client takes them: what is well formed is handed on in order,
// everything else ends it (rule 10). That some were missed is told before what waits now.
// And what they look like to a person and in JSON.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/events.h"
#include "proto/names.h"
#include "tests/lib/answering.h"

struct seen {
	size_t n;
	uint64_t last;
	char names[64]; // of the events, a blank behind each
	int stop_with;	// what to return at the first
};

static int
see(void *arg, const struct hs_agent_event *e)
{
	struct seen *s = arg;

	s->n++;
	s->last = e->seq;
	snprintf(s->names + strlen(s->names), sizeof s->names - strlen(s->names), "%.*s ",
	    (int)e->event.len, (const char *)e->event.p);
	return s->stop_with;
}

static struct hs_agent_event
event(uint64_t seq, const char *name, const char *code)
{
	return (struct hs_agent_event){.seq = seq,
	    .time = 1800000000,
	    .event = hs_str_c(name),
	    .code = hs_str_c(code),
	    .agent = hs_str_c("claude"),
	    .text = hs_str_c("a text\n"),
	    .until = 1800003600};
}

// An answer of those events, taken after s->after.
static int
take_told(struct hs_events *s, const struct hs_agent_told *told,
    const struct hs_agent_event *e, size_t count, int64_t passed, struct seen *seen)
{
	struct answering a = answering_begin();
	struct hs_buf b = {0};
	struct hs_error err = {0};
	int rc;

	hs_agent_told_put(&b, told);
	for (size_t i = 0; i < count; i++)
		hs_agent_event_put(&b, &e[i]);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	a.c->told = s->after; // here, and not by a daemon before this one
	assert_int_equal(hs_events(a.c, s->after, s->wait, &err), HS_DONE);
	assert_int_equal(hs_step(a.c, &err), HS_AGAIN);
	a.c->begun -= passed;
	rc = answering(&a, HS_EXT_EVENTS, HS_AGENT_DONE, hs_buf_str(&b), &err);
	if (rc == HS_DONE) {
		rc = hs_events_take(s, hs_got_events(a.c), see, seen);
	} else {
		assert_string_equal(err.code, "malformed");
		rc = HS_ERR_FORMAT;
	}
	hs_buf_free(&b);
	answering_end(&a);
	return rc;
}

// One that starts anew where it is the first, and only there.
static int
take(struct hs_events *s, uint64_t last, uint32_t n, const struct hs_agent_event *e,
    size_t count, int64_t passed, struct seen *seen)
{
	const struct hs_agent_told told = {last, s->after == 0, n};

	return take_told(s, &told, e, count, passed, seen);
}

static int
take_anew(struct hs_events *s, uint64_t last, uint32_t n, const struct hs_agent_event *e,
    size_t count, struct seen *seen)
{
	const struct hs_agent_told told = {last, 1, n};

	return take_told(s, &told, e, count, 0, seen);
}

static void
in_order(void **state)
{
	const struct hs_agent_event e[] = {
	    event(3, "asked", "4F7"), event(4, "armed", "4F7"), event(7, "granted", "4F7")};
	struct hs_events s = {0};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take(&s, 9, 3, e, 3, 0, &seen), HS_OK);
	assert_int_equal(seen.n, 3);
	assert_int_equal(s.after, 9);
	// what follows must lie behind that
	assert_int_equal(take(&s, 9, 1, e, 1, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(s.after, 9);
}

static void
a_snapshot_may_be_in_any_order(void **state)
{
	const struct hs_agent_event e[] = {
	    event(7, "parked", "4F7"), event(3, "asked", "5KD")};
	struct hs_events s = {0};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take(&s, 7, 2, e, 2, 0, &seen), HS_OK);
	s = (struct hs_events){.after = 2};
	assert_int_equal(take(&s, 7, 2, e, 2, 0, &seen), HS_ERR_FORMAT);
	s = (struct hs_events){.after = 2};
	assert_int_equal(take(&s, 7, 1, &e[1], 1, 0, &seen), HS_OK);
}

static void
anew_it_is_said_first(void **state)
{
	const struct hs_agent_event e[] = {event(3, "parked", "4F7"),
	    event(300, "armed", "5KD"), event(3, "asked", "7AB")};
	struct hs_events s = {.after = 7, .wait = 30};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take_anew(&s, 300, 3, e, 3, &seen), HS_OK); // before its time
	assert_string_equal(seen.names, "anew parked armed asked ");
	assert_int_equal(s.after, 300);
	seen = (struct seen){0};
	assert_int_equal(take_anew(&s, 301, 0, NULL, 0, &seen), HS_OK); // nothing waits
	assert_string_equal(seen.names, "anew ");
	assert_int_equal(seen.last, 301);
	assert_int_equal(s.after, 301);
	seen = (struct seen){.stop_with = 77};
	assert_int_equal(take_anew(&s, 400, 3, e, 3, &seen), 77);
	assert_string_equal(seen.names, "anew ");
	assert_int_equal(s.after, 301);
	s = (struct hs_events){0}; // the first is no news
	seen = (struct seen){0};
	assert_int_equal(take_anew(&s, 300, 3, e, 3, &seen), HS_OK);
	assert_string_equal(seen.names, "parked armed asked ");
}

static void
rule10_anew_but_wrong(void **state)
{
	const struct hs_agent_told two = {300, 2, 1}, not_first = {300, 0, 1};
	const struct hs_agent_event e = event(300, "asked", "4F7"),
				    ours = event(300, HS_EVENT_ANEW, "");
	struct hs_events s = {.after = 7};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take_told(&s, &two, &e, 1, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(take_anew(&s, 7, 0, NULL, 0, &seen), HS_ERR_FORMAT); // without end
	assert_int_equal(take_anew(&s, 6, 0, NULL, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 300, 1, &ours, 1, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(seen.n, 0);
	assert_int_equal(take_anew(&s, 299, 1, &e, 1, &seen), HS_ERR_FORMAT);
	assert_int_equal(take_anew(&s, 300, UINT32_MAX, &e, 1, &seen), HS_ERR_FORMAT);
	assert_int_equal(take_anew(&s, 300, 0, &e, 1, &seen), HS_ERR_FORMAT);
	assert_int_equal(s.after, 7);
	s.after = 0;
	assert_int_equal(take_told(&s, &not_first, &e, 1, 0, &seen), HS_ERR_FORMAT);
	s.wait = 30; // though the first said that there was nothing
	assert_int_equal(take_anew(&s, 0, 0, NULL, 0, &seen), HS_ERR_FORMAT);
}

static void
rule10_going_backwards_is_refused(void **state)
{
	const struct hs_agent_event twice[] = {
	    event(8, "asked", "4F7"), event(8, "asked", "5KD")};
	const struct hs_agent_event beyond = event(10, "asked", "4F7");
	struct hs_events s = {.after = 7};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take(&s, 6, 0, NULL, 0, 3600000, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 9, 2, twice, 2, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 9, 1, &beyond, 1, 0, &seen), HS_ERR_FORMAT);
	s.after = 0;
	assert_int_equal(take(&s, 9, 1, &beyond, 1, 0, &seen), HS_ERR_FORMAT);
}

static void
rule10_counts_that_lie_and_bytes_left_over(void **state)
{
	const struct hs_agent_event e[] = {
	    event(3, "asked", "4F7"), event(4, "armed", "4F7")};
	struct hs_events s = {0};
	struct seen seen = {0};
	struct answering a = answering_begin();
	const struct hs_str cut = {(const uint8_t *)"\0\0\0\0\0\0\0\1\1\0\0", 11};

	(void)state;
	assert_int_equal(take(&s, 9, UINT32_MAX, e, 2, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 9, 1, e, 2, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 9, 0, e, 1, 3600000, &seen), HS_ERR_FORMAT);
	assert_int_equal(hs_events(a.c, 0, 0, NULL), HS_DONE);
	assert_int_equal(answering(&a, HS_EXT_EVENTS, HS_AGENT_DONE, cut, NULL), HS_FAILED);
	assert_null(hs_got_events(a.c));
	answering_end(&a);
	assert_int_equal(s.after, 0);
}

static void
nothing_before_its_time_is_refused(void **state)
{
	struct hs_events s = {.after = 9, .wait = 30};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take(&s, 9, 0, NULL, 0, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 9, 0, NULL, 0, 28000, &seen), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 9, 0, NULL, 0, 28500, &seen), HS_OK);
	s.wait = 0;
	assert_int_equal(take(&s, 9, 0, NULL, 0, 0, &seen), HS_OK);
}

static void
events_that_cannot_be(void **state)
{
	static const char *const names[] = {
	    "", "As", "a b", "as\033[2J", "-a", "a23456789012345678901234567890123"};
	static const char *const codes[] = {"4f7", "4F", "4F7X", "4O7", "4 7", "\033[2"};
	static const char *const about[] = {
	    "asked", "armed", "parked", "granted", "declined", "refused", "gone"};
	static uint8_t much[HS_SHOWN_MAX + 1];
	struct hs_agent_event e;
	struct hs_events s = {0};
	struct seen seen = {0};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		e = event(3, names[i], "4F7");
		assert_int_equal(take(&s, 9, 1, &e, 1, 0, &seen), HS_ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		e = event(3, "asked", codes[i]);
		assert_int_equal(take(&s, 9, 1, &e, 1, 0, &seen), HS_ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
		e = event(3, about[i], "");
		assert_int_equal(take(&s, 9, 1, &e, 1, 0, &seen), HS_ERR_FORMAT);
	}
	memset(much, 'a', sizeof much);
	e = event(3, "asked", "4F7");
	e.text = (struct hs_str){much, sizeof much};
	assert_int_equal(take(&s, 9, 1, &e, 1, 0, &seen), HS_ERR_FORMAT);
	assert_int_equal(seen.n, 0);
	e.text.len--;
	assert_int_equal(take(&s, 9, 1, &e, 1, 0, &seen), HS_OK);
}

static void
events_of_later_versions_are_handed_on(void **state)
{
	const struct hs_agent_event e = event(3, "beamed", "");
	struct hs_events s = {0};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(take(&s, 9, 1, &e, 1, 0, &seen), HS_OK);
	assert_int_equal(seen.n, 1);
	assert_false(hs_event_waits(&e));
	assert_false(hs_event_ends(&e));
}

static void
who_takes_them_can_stop(void **state)
{
	const struct hs_agent_event e[] = {
	    event(3, "asked", "4F7"), event(4, "armed", "4F7")};
	struct hs_events s = {0};
	struct seen seen = {.stop_with = 77};

	(void)state;
	assert_int_equal(take(&s, 9, 2, e, 2, 0, &seen), 77);
	assert_int_equal(seen.n, 1);
}

static void
a_line_is_one_line_and_clean(void **state)
{
	struct hs_agent_event e = event(3, "refused", "4F7");
	struct hs_buf b = {0};

	(void)state;
	e.agent = hs_str_c("cl\033[2J");
	e.text = hs_str_c("no\nnot\033]0;x\a");
	e.why = hs_str_c("gone\n");
	e.id = hs_str_c("7c2e\r");
	hs_event_put_line(&b, &e, 1800000000);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	for (size_t i = 0; i < b.len; i++)
		assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
	hs_put_u8(&b, 0);
	assert_non_null(strstr((char *)b.p, "refused  4F7 cl?[2J 7c2e?, until "));
	assert_non_null(strstr((char *)b.p, ": no?not?]0;x? (gone?)"));
	hs_buf_reset(&b);
	e = event(3, "asked", "4F7"); // its text stands below, not in the line
	hs_event_put_line(&b, &e, 1800000000);
	hs_put_u8(&b, 0);
	assert_null(strstr((char *)b.p, "a text"));
	hs_buf_free(&b);
}

static void
json_has_every_field(void **state)
{
	static const char *const keys[] = {"seq", "time", "event", "code", "agent", "id",
	    "why", "text", "until", "pin", "said"};
	struct hs_agent_event e = event(3, "asked", "4F7");
	json_t *o = hs_event_json(&e);

	(void)state;
	assert_non_null(o);
	assert_int_equal(json_object_size(o), sizeof keys / sizeof keys[0]);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		assert_non_null(json_object_get(o, keys[i]));
	assert_string_equal(json_string_value(json_object_get(o, "text")), "a text\n");
	json_decref(o);
	e.text = hs_str_c("a\033b\nc");
	e.until = 0;
	o = hs_event_json(&e);
	assert_string_equal(json_string_value(json_object_get(o, "text")), "a?b\nc");
	assert_true(json_is_null(json_object_get(o, "until")));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),
	    cmocka_unit_test(a_snapshot_may_be_in_any_order),
	    cmocka_unit_test(anew_it_is_said_first),
	    cmocka_unit_test(rule10_anew_but_wrong),
	    cmocka_unit_test(rule10_going_backwards_is_refused),
	    cmocka_unit_test(rule10_counts_that_lie_and_bytes_left_over),
	    cmocka_unit_test(nothing_before_its_time_is_refused),
	    cmocka_unit_test(events_that_cannot_be),
	    cmocka_unit_test(events_of_later_versions_are_handed_on),
	    cmocka_unit_test(who_takes_them_can_stop),
	    cmocka_unit_test(a_line_is_one_line_and_clean),
	    cmocka_unit_test(json_has_every_field),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
