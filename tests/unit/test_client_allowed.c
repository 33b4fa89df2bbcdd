// SPDX-License-Identifier: ISC
//
// What a seat's scopes permit, by itself and by what touches gave it beside, held against
// what somebody typed. Whether a single scope permits something is test_scope_request.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "client/handseal/allowed.h"
#include "client/handseal/cli.h"
#include "proto/text.h"

#define NOW	UINT64_C(1800000000)
#define SESSION "7c2e000000000000"
#define SHELL	"(a shell)"
#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd id ...\ncmd ls\nhost db1\nuser deploy\n\n" \
	"addr 10.0.0.0/8\naddr 2001:db8::/32\ncmd uptime\nhost web1\nuser deploy\n"

static struct hs_agent_seat_item
usual(void)
{
	return (struct hs_agent_seat_item){.agent = hs_str_c("claude"),
	    .scope = hs_str_c(SCOPE),
	    .end = NOW + 60,
	    .uses_left = HS_USES_ANY};
}

static int
take_as(struct hs_seats *s, struct hs_agent_seat_item m, uint64_t serial, uint64_t parent)
{
	char id[48], above[48] = "";

	snprintf(id, sizeof id, SESSION ".%" PRIu64, serial);
	if (parent > 0)
		snprintf(above, sizeof above, SESSION ".%" PRIu64, parent);
	m.id = hs_str_c(id);
	m.parent = hs_str_c(above);
	return hs_seats_take(s, &m);
}

static int
allowed(const struct hs_seats *s, const char *user, const char *host, const char *command,
    const char *may)
{
	struct hs_allowed_wish wish = {.user = hs_str_c(user),
	    .host = hs_str_c(host),
	    .command = command != NULL,
	    .shell = command != NULL && strcmp(command, SHELL) == 0};
	struct hs_words words = {0};
	struct hs_str list[8];
	struct hs_buf b = {0};
	int rc;

	if (wish.shell)
		wish.command = false;
	else if (command != NULL)
		assert_int_equal(hs_words_parse(hs_str_c(command), 8, &words, NULL), HS_OK);
	for (size_t i = 0; i < words.n; i++)
		list[i] = words.w[i].text;
	wish.words = list;
	wish.nwords = words.n;
	rc = hs_allowed_by(s, 0, NOW, &wish, &b);
	assert_string_equal(hs_cli_cstr(&b), may);
	hs_words_free(&words);
	hs_buf_free(&b);
	return rc;
}

static void
what_a_seat_may(void **state)
{
	struct hs_agent_seat_item m = usual();
	struct hs_seats s = {0};

	(void)state;
	assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
	// from some address that it allows, whatever the family
	assert_int_equal(
	    allowed(&s, "deploy", "web1", "uptime", "deploy@web1: uptime"), HS_OK);
	assert_int_equal(allowed(&s, "deploy", "web1", NULL, "deploy@web1: uptime"), HS_OK);
	assert_int_equal(allowed(&s, "deploy", "db1", "id -u",
			     "deploy@db1: id ... (and any further words) | ls"),
	    HS_OK);
	assert_int_equal(allowed(&s, "deploy", "db1", "ls -l", ""), HS_NO_COMMAND);
	assert_int_equal(allowed(&s, "deploy", "web1", "", ""), HS_NO_COMMAND);
	assert_int_equal(allowed(&s, "deploy", "web1", "id", ""), HS_NO_COMMAND);
	assert_int_equal(allowed(&s, "deploy", "web1", SHELL, ""), HS_NO_COMMAND);
	assert_int_equal(allowed(&s, "deploy", "web2", SHELL, ""), HS_NO_HOST);
	assert_int_equal(allowed(&s, "deploy", "web2", "uptime", ""), HS_NO_HOST);
	assert_int_equal(allowed(&s, "root", "web1", "uptime", ""), HS_NO_USER);
	assert_int_equal(allowed(&s, "\033", "\033", NULL, ""), HS_NO_USER);
	// what touches gave it
	m.more = 1;
	m.scope =
	    hs_str_c("max-ttl 900\nmax-uses 1\n\naddr *\ncmd *\nhost web1\nuser root\n");
	m.uses_left = 0;
	assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
	assert_int_equal(allowed(&s, "root", "web1", "uptime", ""), HS_NO_USES);
	m.uses_left = 1;
	m.end = NOW;
	assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
	assert_int_equal(allowed(&s, "root", "web1", "uptime", ""), HS_NO_USES);
	m.end = NOW + 1;
	assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
	assert_int_equal(allowed(&s, "root", "web1", "", "root@web1: any command"), HS_OK);
	assert_int_equal(allowed(&s, "root", "web1", SHELL, ""), HS_NO_PTY);
	m.scope = hs_str_c("max-ttl 900\nmax-uses 1\n\naddr *\ncmd *\nhost web1\npermit "
			   "pty\nuser root\n");
	assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
	assert_int_equal(allowed(&s, "root", "web1", SHELL,
			     "root@web1: any command, and an interactive shell"),
	    HS_OK);
	// another seat's count for nothing
	m.more = 0;
	m.scope =
	    hs_str_c("max-ttl 900\nmax-uses 1\n\naddr *\ncmd *\nhost web9\nuser root\n");
	assert_int_equal(take_as(&s, m, 4, 3), HS_OK);
	assert_int_equal(allowed(&s, "root", "web9", NULL, ""), HS_NO_HOST);
	hs_seats_free(&s);
}

static void
scopes_that_permit_no_login(void **state)
{
	static const char *const texts[] = {
	    "", "\033", "max-ttl 900\nmax-uses *\n\nuser root\n"};
	struct hs_agent_seat_item m = usual();

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct hs_seats s = {0};

		m.scope = hs_str_c(texts[i]);
		assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
		assert_int_equal(allowed(&s, "root", "web1", "id", ""), HS_ERR_SCOPE);
		hs_seats_free(&s);
	}
	m.scope = hs_str_c("max-ttl 900\nmax-uses *\n\nns git\n");
	for (int command = 0; command < 2; command++) {
		struct hs_seats s = {0};

		assert_int_equal(take_as(&s, m, 3, 0), HS_OK);
		assert_int_equal(
		    allowed(&s, "root", "web1", command ? "id" : NULL, ""), HS_NO_USER);
		hs_seats_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_seat_may),
	    cmocka_unit_test(scopes_that_permit_no_login),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
