// SPDX-License-Identifier: ISC
//
// What libhandseal believes of answers about askings, seats and proofs: what was not asked
// for, would be shown otherwise than it is, or comes before its time, is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/names.h"
#include "tests/lib/answering.h"

#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"

static const struct hs_agent_status_info none_open = {
    .version = {(const uint8_t *)"0.1.0", 5}, .log_ok = 1};
static const struct hs_ask usual = {.scope = SCOPE, .agent = "claude"};

static int
ask(struct answering *a, const struct hs_agent_asked *m, struct hs_error *err)
{
	const struct hs_ask open = {.scope = SCOPE, .ttl = 60};
	struct hs_buf b = {0};
	int result;

	assert_int_equal(hs_open(a->c, &open, NULL), HS_DONE);
	hs_agent_asked_put(&b, m);
	result = answering(a, HS_EXT_OPEN, HS_AGENT_PENDING, hs_buf_str(&b), err);
	hs_buf_free(&b);
	return result;
}

static const struct hs_agent_asked good = {.code = {(const uint8_t *)"4F7", 3},
    .shown = {(const uint8_t *)"one\ntwo\n", 8},
    .armed = 30,
    .keys = {(const uint8_t *)"blue,spare", 10},
    .until = 1800003600};

static void
rule6_a_text_that_would_be_shown_otherwise_is_not_shown(void **state)
{
	static const char *const texts[] = {
	    "", "a\033[2J", "a\xe2\x80\xae", "a\xff", "a\r\n"};
	struct hs_agent_asked m = good;
	struct hs_error err;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct answering a = answering_begin();

		m.shown = hs_str_c(texts[i]);
		assert_int_equal(ask(&a, &m, &err), HS_FAILED);
		assert_string_equal(err.code, "helper-lied");
		assert_null(hs_got_touch(a.c));
		answering_end(&a);
	}
}

static void
an_asking_is_waited_for(void **state)
{
	struct answering a = answering_begin();
	struct hs_agent_waiting w = {
	    .code = hs_str_c("4F7"), .state = HS_STATE_PARKED, .until = 7};
	struct hs_buf b = {0};
	struct hs_error err;

	(void)state;
	assert_int_equal(ask(&a, &good, &err), HS_WAITING);
	assert_string_equal(hs_got_touch(a.c)->code, "4F7");
	assert_string_equal(hs_got_touch(a.c)->shown, "one\ntwo\n");
	assert_string_equal(hs_got_touch(a.c)->keys, "blue,spare");
	assert_int_equal(hs_got_touch(a.c)->state, HS_STATE_SHOWN);
	hs_agent_waiting_put(&b, &w);
	assert_int_equal(hs_wait(a.c, NULL, NULL, 0, &err), HS_DONE);
	assert_int_equal(
	    answering(&a, HS_EXT_PENDING, HS_AGENT_PENDING, hs_buf_str(&b), &err),
	    HS_WAITING);
	assert_int_equal(hs_got_touch(a.c)->state, HS_STATE_PARKED);
	assert_int_equal(hs_got_touch(a.c)->until, 7);
	// before its time, which would make a caller ask without end
	assert_int_equal(hs_wait(a.c, NULL, NULL, 30, &err), HS_DONE);
	assert_int_equal(
	    answering(&a, HS_EXT_PENDING, HS_AGENT_PENDING, hs_buf_str(&b), &err),
	    HS_FAILED);
	assert_string_equal(err.code, "malformed");
	hs_buf_free(&b);
	answering_end(&a);
}

// What the last call gave is what the next is asked with, so it lives until that has begun.
static void
what_was_got_is_asked_with(void **state)
{
	struct answering a = answering_begin();
	struct hs_agent_status_info m = none_open;
	struct hs_buf status = {0};
	struct hs_ask again = {.agent = "claude"};
	uint8_t frame[4096];
	size_t n;

	(void)state;
	assert_int_equal(ask(&a, &good, NULL), HS_WAITING);
	assert_int_equal(hs_wait(a.c, hs_got_touch(a.c)->code, NULL, 0, NULL), HS_DONE);
	assert_int_equal(hs_step(a.c, NULL), HS_AGAIN);
	n = answering_asked(&a, frame, sizeof frame);
	assert_non_null(memmem(frame, n, "\0\0\0\0034F7", 7));
	answering_end(&a);

	a = answering_begin();
	m.ceiling = hs_str_c(SCOPE);
	hs_agent_status_put(&status, &m);
	assert_int_equal(hs_status(a.c, NULL), HS_DONE);
	assert_int_equal(
	    answering(&a, HS_EXT_STATUS, HS_AGENT_DONE, hs_buf_str(&status), NULL),
	    HS_DONE);
	again.scope = hs_got_status(a.c)->scope;
	assert_int_equal(hs_seat(a.c, &again, NULL), HS_DONE);
	assert_null(hs_got_status(a.c));
	assert_int_equal(hs_step(a.c, NULL), HS_AGAIN);
	n = answering_asked(&a, frame, sizeof frame);
	assert_non_null(memmem(frame, n, SCOPE, sizeof SCOPE - 1));
	hs_buf_free(&status);
	answering_end(&a);
}

// A session waited for by its code: it is no certificate, and is held against what was
// asked.
static void
an_own_asking_by_its_code(void **state)
{
	struct answering a = answering_begin();
	const struct hs_agent_opened m = {.grant = hs_str_c("none"),
	    .session = hs_str_c("0123456789abcdef"),
	    .root = hs_str_c("blue"),
	    .end = 1800003600,
	    .flags = 1};
	struct hs_buf b = {0};
	struct hs_error err;

	(void)state;
	hs_agent_opened_put(&b, &m);
	assert_int_equal(ask(&a, &good, NULL), HS_WAITING);
	assert_int_equal(hs_wait(a.c, "4F7", NULL, 0, NULL), HS_DONE);
	assert_int_equal(
	    answering(&a, HS_EXT_PENDING, HS_AGENT_DONE, hs_buf_str(&b), &err), HS_FAILED);
	assert_string_not_equal(err.code, "malformed"); // it is, but only the grant in it
	hs_buf_free(&b);
	answering_end(&a);
}

static void
an_asking_that_is_another(void **state)
{
	struct answering a = answering_begin();
	struct hs_agent_waiting w = {.code = hs_str_c("5KD"), .state = HS_STATE_ARMED};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(ask(&a, &good, NULL), HS_WAITING);
	hs_agent_waiting_put(&b, &w);
	assert_int_equal(hs_wait(a.c, NULL, NULL, 0, NULL), HS_DONE);
	assert_int_equal(
	    answering(&a, HS_EXT_PENDING, HS_AGENT_PENDING, hs_buf_str(&b), NULL),
	    HS_FAILED);
	hs_buf_free(&b);
	answering_end(&a);
}

// A session without a touch cannot be, nor a seat of another scope, nor one whose socket
// would break an environment.
static void
rule1_what_cannot_be_had_for_nothing(void **state)
{
	static const struct {
		const char *socket, *scope;
		int result;
	} cases[] = {{"/run/x/agent.sock", SCOPE, HS_DONE},
	    {"run/x/agent.sock", SCOPE, HS_FAILED}, {"/run/\nx", SCOPE, HS_FAILED},
	    {"/", SCOPE, HS_FAILED}, {"/run/x", "max-ttl 900\n", HS_FAILED},
	    {"/run/x", "max-ttl 900\nmax-uses *\n\naddr *\ncmd *\nhost *\nuser *\n",
		HS_FAILED}};
	struct hs_agent_seated m = {.id = hs_str_c("0123456789abcdef.3"), .end = 9};
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answering a = answering_begin();

		hs_buf_reset(&b);
		m.socket = hs_str_c(cases[i].socket);
		m.scope = hs_str_c(cases[i].scope);
		hs_agent_seated_put(&b, &m);
		assert_int_equal(hs_seat(a.c, &usual, NULL), HS_DONE);
		assert_int_equal(
		    answering(&a, HS_EXT_SEAT, HS_AGENT_DONE, hs_buf_str(&b), NULL),
		    cases[i].result);
		answering_end(&a);
	}
	{
		struct answering a = answering_begin();
		const struct hs_ask open = {.scope = SCOPE, .ttl = 60};

		assert_int_equal(hs_open(a.c, &open, NULL), HS_DONE);
		assert_int_equal(
		    answering(&a, HS_EXT_OPEN, HS_AGENT_DONE, hs_buf_str(&b), NULL),
		    HS_FAILED);
		answering_end(&a);
	}
	hs_buf_free(&b);
}

// A NUL would cut what a caller compares.
static void
rule10_strings_with_a_nul(void **state)
{
	struct answering a = answering_begin();
	struct hs_agent_closed m = {.session = {(const uint8_t *)"0123\0cdef", 9}};
	struct hs_buf b = {0};
	struct hs_error err;

	(void)state;
	hs_agent_closed_put(&b, &m);
	assert_int_equal(hs_close(a.c, NULL), HS_DONE);
	assert_int_equal(
	    answering(&a, HS_EXT_CLOSE, HS_AGENT_DONE, hs_buf_str(&b), &err), HS_FAILED);
	assert_string_equal(err.code, "malformed");
	hs_buf_free(&b);
	answering_end(&a);
}

// ---- proofs

static int
sign_badly(void *arg, const uint8_t *data, size_t len, uint8_t *sig, size_t *siglen)
{
	(void)data;
	(void)len;
	(void)sig;
	*siglen = *(const size_t *)arg;
	return 0;
}

static void
rule9_a_signer_that_does_not_sign(void **state)
{
	size_t lens[] = {0, 83, HS_SIGNATURE_MAX, HS_SIGNATURE_MAX + 1, SIZE_MAX};
	uint8_t pub[32], secret[64], seed[32] = {7};
	struct hs_key key = {.type = HS_KT_ED25519, .publen = 32};
	struct hs_buf line = {0}, body = {0};
	struct hs_error err;

	(void)state;
	crypto_sign_seed_keypair(pub, secret, seed);
	memcpy(key.pub, pub, sizeof pub);
	hs_key_put_line(&line, &key);
	hs_put_u8(&line, 0);
	hs_agent_status_put(&body, &none_open);
	assert_int_equal(hs_buf_err(&body), HS_OK);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct answering a = answering_begin();
		struct hs_ask m = usual;

		m.holder = (struct hs_holder){.public_key = (const char *)line.p,
		    .sign = sign_badly,
		    .sign_arg = &lens[i]};
		assert_int_equal(hs_request(a.c, &m, NULL), HS_DONE);
		assert_int_equal(
		    answering(&a, HS_EXT_STATUS, HS_AGENT_DONE, hs_buf_str(&body), &err),
		    HS_FAILED);
		assert_int_equal(hs_wants(a.c), 0); // nothing more was sent
		assert_int_equal(answering_asked(&a, NULL, 0), 0);
		answering_end(&a);
	}
	hs_buf_free(&line);
	hs_buf_free(&body);
}

static void
keys_that_cannot_be_read(void **state)
{
	struct hs_keypair *k = NULL;
	struct hs_error err;

	(void)state;
	assert_int_equal(hs_keypair_read("", 0, &k, &err), HS_FAILED);
	assert_string_equal(err.code, "key-type");
	assert_null(k);
	assert_int_equal(
	    hs_keypair_read("-----BEGIN OPENSSH PRIVATE KEY-----\n", 36, &k, NULL),
	    HS_FAILED);
	assert_null(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule6_a_text_that_would_be_shown_otherwise_is_not_shown),
	    cmocka_unit_test(an_asking_is_waited_for),
	    cmocka_unit_test(what_was_got_is_asked_with),
	    cmocka_unit_test(an_own_asking_by_its_code),
	    cmocka_unit_test(an_asking_that_is_another),
	    cmocka_unit_test(rule1_what_cannot_be_had_for_nothing),
	    cmocka_unit_test(rule10_strings_with_a_nul),
	    cmocka_unit_test(rule9_a_signer_that_does_not_sign),
	    cmocka_unit_test(keys_that_cannot_be_read)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
