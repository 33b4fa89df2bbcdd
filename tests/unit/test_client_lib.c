// SPDX-License-Identifier: ISC
//
// libhandseal before answers that are cut, late, early, false, or not to be shown; before
// calls that make no sense; and in pieces as small as a byte (rule 10). What real daemons
// answer is tests/e2e/libhandseal.t's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "proto/names.h"
#include "tests/lib/answering.h"

#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"
#define OFTEN 60000

static const struct hs_ask usual = {.scope = SCOPE, .agent = "claude"};

static int
status_body(struct hs_buf *b, const char *session)
{
	const struct hs_agent_status_info m = {.version = hs_str_c("0.1.0"),
	    .socket = hs_str_c("/run/a.sock"),
	    .now = 1800000000,
	    .open = session[0] != '\0',
	    .session = hs_str_c(session),
	    .end = 1800003600,
	    .root = hs_str_c("blue"),
	    .flags = 5,
	    .log_ok = 1};

	hs_agent_status_put(b, &m);
	return hs_buf_err(b);
}

static void
calls_that_make_no_sense(void **state)
{
	struct answering a = answering_begin();
	const struct hs_ask nothing = {.agent = "claude"};
	const struct hs_ask both = {.scope = SCOPE, .names = "deploy"};
	const struct hs_ask wrong = {.scope = "max-ttl none\n"};
	struct hs_ask half = usual;
	struct hs_error err;

	(void)state;
	half.holder.public_key = "ssh-ed25519 AAAA";
	assert_int_equal(hs_wants(a.c), 0);
	assert_int_equal(hs_due(a.c), -1);
	assert_int_equal(hs_step(a.c, &err), HS_MISUSED);
	assert_string_equal(err.code, "usage");
	assert_int_equal(hs_finish(a.c, -1, &err), HS_MISUSED);
	assert_int_equal(hs_wait(a.c, NULL, NULL, 1, &err), HS_MISUSED);
	assert_int_equal(hs_wait(a.c, "4f7", NULL, 1, &err), HS_MISUSED);
	assert_int_equal(hs_wait(a.c, "4F7X", NULL, 1, &err), HS_MISUSED);
	assert_int_equal(hs_open(a.c, &nothing, &err), HS_MISUSED);
	assert_int_equal(hs_open(a.c, &both, &err), HS_MISUSED);
	assert_int_equal(hs_open(a.c, &wrong, &err), HS_MISUSED);
	assert_string_equal(err.code, "scope-invalid");
	assert_int_equal(hs_request(a.c, &half, &err), HS_MISUSED);
	assert_int_equal(hs_sign(a.c, "", "m", 1, &err), HS_MISUSED);
	assert_int_equal(hs_wants(a.c), 0); // nothing was begun
	assert_int_equal(answering_asked(&a, NULL, 0), 0);
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(hs_wants(a.c), POLLOUT);
	assert_in_range(hs_due(a.c), 1, HS_CONN_SECONDS * 1000);
	assert_int_equal(hs_close(a.c, &err), HS_MISUSED); // one is under way
	assert_int_equal(hs_step(a.c, &err), HS_AGAIN);
	assert_int_equal(hs_wants(a.c), POLLIN);
	assert_string_equal(err.code, "");
	answering_end(&a);
	hs_disconnect(NULL);
	hs_keypair_free(NULL);
}

static void
what_is_begun_leaves_no_error(void **state)
{
	struct answering a = answering_begin();
	struct hs_error err = {.code = "old", .sentence = "old", .remedy = "old"};

	(void)state;
	assert_int_equal(hs_seat(a.c, &usual, &err), HS_DONE);
	assert_string_equal(err.code, "");
	assert_string_equal(err.sentence, "");
	assert_string_equal(err.remedy, "");
	answering_end(&a);
}

// An answer at once, without an event, to who would wait for an hour.
static int
told_at_once(struct answering *a, uint64_t after, const struct hs_agent_told *m)
{
	struct hs_buf b = {0};
	struct hs_error err;
	int result;

	hs_agent_told_put(&b, m);
	assert_int_equal(hs_events(a->c, after, 3600, &err), HS_DONE);
	result = answering(a, HS_EXT_EVENTS, HS_AGENT_DONE, hs_buf_str(&b), &err);
	hs_buf_free(&b);
	return result;
}

static void
events_that_begin_anew(void **state)
{
	const struct hs_agent_told none = {0, 1, 0}, few = {3, 1, 0};
	struct answering a = answering_begin();

	(void)state;
	// nothing waits
	assert_int_equal(told_at_once(&a, 0, &few), HS_DONE);
	assert_int_equal(hs_got_events(a.c)->last, 3);
	assert_int_equal(told_at_once(&a, 3, &few), HS_FAILED); // without end
	answering_end(&a);
	// what was known is from a daemon before this one
	a = answering_begin();
	assert_int_equal(told_at_once(&a, 500, &few), HS_DONE);
	assert_int_equal(hs_got_events(a.c)->last, 3);
	assert_int_equal(hs_got_events(a.c)->anew, 1);
	assert_int_equal(told_at_once(&a, 3, &few), HS_FAILED);
	answering_end(&a);
	a = answering_begin();
	assert_int_equal(told_at_once(&a, 0, &none), HS_FAILED);
	answering_end(&a);
}

// Nothing to sign with, and what listens does not say why: as the main socket does not.
static void
no_keys(void **state)
{
	static const uint8_t none[] = {
	    0, 0, 0, 5, HS_AGENT_IDENTITIES, 0, 0, 0, 0, 0, 0, 0, 1, HS_AGENT_FAILURE};
	static const uint8_t odd[] = {
	    0, 0, 0, 5, HS_AGENT_IDENTITIES, 0, 0, 0, 0, 0, 0, 0, 2, HS_AGENT_FAILURE, 0};
	struct answering a = answering_begin();
	struct hs_error err;

	(void)state;
	assert_int_equal(hs_sign(a.c, "git", "m", 1, NULL), HS_DONE);
	assert_int_equal(
	    answering_each(&a, (struct hs_str){none, sizeof none}, &err), HS_FAILED);
	assert_string_equal(err.code, "not-found");
	assert_int_equal(hs_sign(a.c, "git", "m", 1, NULL), HS_DONE);
	assert_int_equal(
	    answering_each(&a, (struct hs_str){odd, sizeof odd}, &err), HS_FAILED);
	assert_string_equal(err.code, "malformed");
	answering_end(&a);
}

static void
an_answer_in_pieces(void **state)
{
	struct answering a = answering_begin();
	struct hs_buf body = {0}, frame = {0};
	size_t mark, asked;

	(void)state;
	assert_int_equal(status_body(&body, ""), HS_OK);
	mark = hs_agent_reply_begin(&frame, HS_EXT_STATUS, HS_AGENT_DONE);
	hs_put_raw(&frame, body.p, body.len);
	hs_agent_frame_end(&frame, mark);
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(hs_step(a.c, NULL), HS_AGAIN);
	asked = answering_asked(&a, NULL, 0);
	assert_int_equal(asked, 4 + 1 + 4 + strlen(HS_EXT_STATUS));
	for (size_t i = 0; i < frame.len; i++) {
		assert_int_equal(hs_step(a.c, NULL), HS_AGAIN);
		assert_null(hs_got_status(a.c));
		assert_int_equal(write(a.fd, frame.p + i, 1), 1);
	}
	assert_int_equal(hs_step(a.c, NULL), HS_DONE);
	assert_string_equal(hs_got_status(a.c)->root, "blue");
	assert_int_equal(hs_got_status(a.c)->verified, 1);
	assert_null(hs_got_closed(a.c)); // it is not that
	assert_null(hs_got_signature(a.c));
	hs_buf_free(&body);
	hs_buf_free(&frame);
	answering_end(&a);
}

// Each prefix of a good answer, and it with a byte more.
static void
rule10_answers_that_are_cut(void **state)
{
	struct hs_buf body = {0};
	struct hs_error err;

	(void)state;
	assert_int_equal(status_body(&body, "0123456789abcdef"), HS_OK);
	hs_put_u8(&body, 0);
	for (size_t len = 0; len <= body.len; len++) {
		struct answering a = answering_begin();
		struct hs_str part = {body.p, len};
		bool whole = len == body.len - 1;

		assert_int_equal(hs_status(a.c, NULL), HS_DONE);
		assert_int_equal(answering(&a, HS_EXT_STATUS, HS_AGENT_DONE, part, &err),
		    whole ? HS_DONE : HS_FAILED);
		assert_string_equal(err.code, whole ? "" : "malformed");
		assert_int_equal(hs_got_status(a.c) != NULL, whole);
		assert_int_equal(hs_status(a.c, &err), whole ? HS_DONE : HS_FAILED);
		answering_end(&a);
	}
	hs_buf_free(&body);
}

static void
rule10_answers_that_are_none(void **state)
{
	static const struct {
		const char *p;
		size_t len;
		int result;
		const char *code;
	} cases[] = {{"\0\0\0\0", 4, HS_FAILED, "malformed"},
	    {"\377\377\377\377", 4, HS_FAILED, "too-long"},
	    {"\0\0\0\1\5\0", 6, HS_FAILED, "trailing-bytes"},
	    {"\0\0\0\1\5", 5, HS_FAILED, "unsupported"},
	    {"\0\0\0\1\34", 5, HS_FAILED, "unsupported"},
	    {"\0\0\0\1\6", 5, HS_FAILED, "malformed"},
	    {"\0\0\0\12\35\0\0\0\1x\0\0\0\0", 14, HS_FAILED, "malformed"}};
	struct hs_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answering a = answering_begin();
		struct hs_str bytes = {(const uint8_t *)cases[i].p, cases[i].len};
		bool alive = strcmp(cases[i].code, "unsupported") == 0;

		assert_int_equal(hs_status(a.c, NULL), HS_DONE);
		assert_int_equal(answering_raw(&a, bytes, &err), cases[i].result);
		assert_string_equal(err.code, cases[i].code);
		assert_int_equal(hs_status(a.c, &err), alive ? HS_DONE : HS_FAILED);
		answering_end(&a);
	}
}

static void
a_peer_that_hangs_up(void **state)
{
	struct answering a = answering_begin();
	struct hs_error err;

	(void)state;
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(hs_step(a.c, &err), HS_AGAIN);
	assert_int_equal(write(a.fd, "\0\0", 2), 2);
	(void)answering_asked(&a, NULL, 0);
	assert_int_equal(shutdown(a.fd, SHUT_RDWR), 0);
	assert_int_equal(hs_finish(a.c, OFTEN, &err), HS_FAILED);
	assert_string_equal(err.code, "io-failed");
	assert_non_null(strstr(err.sentence, "in the middle"));
	answering_end(&a);
}

static void
an_answer_that_is_late(void **state)
{
	struct answering a = answering_begin();
	struct hs_error err;

	(void)state;
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(hs_finish(a.c, 0, &err), HS_AGAIN); // it is still under way
	assert_int_equal(hs_finish(a.c, 5, &err), HS_AGAIN);
	a.c->overdue = hs_conn_clock();
	assert_int_equal(hs_due(a.c), 0);
	assert_int_equal(hs_finish(a.c, -1, &err), HS_FAILED);
	assert_string_equal(err.sentence, "there was no answer in time");
	answering_end(&a);
}

static void
refusals_by_their_code(void **state)
{
	static const struct {
		const char *code;
		int result;
	} cases[] = {{"outside-ceiling", HS_REFUSED}, {"touch-declined", HS_DECLINED},
	    {"touch-denied", HS_DECLINED}, {"no-session", HS_NOT_OPEN},
	    {"not-found", HS_FAILED}, {"of-later-versions", HS_REFUSED},
	    {"no-device", HS_REFUSED}};
	struct answering a = answering_begin();
	struct hs_agent_refusal r = {
	    .sentence = hs_str_c("no\033[2J way"), .remedy = hs_str_c("first\nsecond\007")};
	struct hs_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		r.code = hs_str_c(cases[i].code);
		assert_int_equal(hs_close(a.c, &err), HS_DONE);
		assert_int_equal(
		    answering_refused(&a, HS_EXT_CLOSE, &r, &err), cases[i].result);
		assert_string_equal(err.code, cases[i].code);
		assert_string_equal(err.sentence, "no?[2J way");
		assert_string_equal(err.remedy, "first\nsecond?");
	}
	assert_int_equal(
	    hs_open(a.c, &(struct hs_ask){.scope = SCOPE, .ttl = 60}, &err), 0);
	assert_int_equal(answering_refused(&a, HS_EXT_OPEN, &r, &err), HS_NOT_OPEN);
	answering_end(&a);
}

// What does not fit is cut, never in the middle of a character.
static void
a_sentence_that_is_long(void **state)
{
	struct answering a = answering_begin();
	struct hs_buf much = {0};
	struct hs_agent_refusal r = {.code = hs_str_c("busy")};
	struct hs_error err;

	(void)state;
	hs_put_u8(&much, 'a');
	for (int i = 0; i < 2000; i++)
		hs_put_fmt(&much, "ü");
	r.sentence = r.remedy = hs_buf_str(&much);
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(answering_refused(&a, HS_EXT_STATUS, &r, &err), HS_REFUSED);
	assert_int_equal(strlen(err.sentence), sizeof err.sentence - 1);
	assert_int_equal(strlen(err.remedy), sizeof err.remedy - 1);
	r.sentence.p++;
	r.sentence.len--;
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(answering_refused(&a, HS_EXT_STATUS, &r, &err), HS_REFUSED);
	assert_int_equal(strlen(err.sentence), sizeof err.sentence - 2);
	hs_buf_free(&much);
	answering_end(&a);
}

static void
nobody_listens(void **state)
{
	struct hs_client *c = (struct hs_client *)&state;
	struct hs_error err;
	char far[200];

	(void)state;
	assert_int_equal(hs_connect("/nonesuch/agent.sock", &c, &err), HS_NO_DAEMON);
	assert_null(c);
	assert_string_equal(err.code, "not-found");
	memset(far, 'a', sizeof far - 1);
	far[sizeof far - 1] = '\0';
	assert_int_equal(hs_connect(far, &c, &err), HS_FAILED);
	assert_string_equal(err.code, "too-long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(calls_that_make_no_sense),
	    cmocka_unit_test(what_is_begun_leaves_no_error),
	    cmocka_unit_test(events_that_begin_anew), cmocka_unit_test(no_keys),
	    cmocka_unit_test(an_answer_in_pieces),
	    cmocka_unit_test(rule10_answers_that_are_cut),
	    cmocka_unit_test(rule10_answers_that_are_none),
	    cmocka_unit_test(a_peer_that_hangs_up),
	    cmocka_unit_test(an_answer_that_is_late),
	    cmocka_unit_test(refusals_by_their_code),
	    cmocka_unit_test(a_sentence_that_is_long), cmocka_unit_test(nobody_listens)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
