// SPDX-License-Identifier: ISC
//
// The software key's control words and their socket: every word, every wrong word, lines
// that are no lines. What the words do to a host is in the tests through libfido2.
#include "tests/softkey/fixture.h"

#include "tests/softkey/ctl.h"

static struct hs_ctap *ctap;
static struct fix fix;

static int
setup(void **state)
{
	(void)state;
	return hs_ctap_new(&ctap, NULL, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	hs_ctap_free(ctap);
	return 0;
}

static enum hs_ctl_action
say(const char *line, const char *want)
{
	struct hs_ctl r;

	hs_ctl_command(ctap, hs_str_c(line), &r);
	hs_put_u8(&r.answer, 0);
	assert_int_equal(hs_buf_err(&r.answer), HS_OK);
	assert_string_equal((const char *)r.answer.p, want);
	hs_buf_free(&r.answer);
	return r.action;
}

#define OK(line)	 assert_int_equal(say(line, "ok\n"), HS_CTL_ANSWER)
#define ERROR(line, why) assert_int_equal(say(line, "error " why "\n"), HS_CTL_ANSWER)

static void
unknown_and_miscounted(void **state)
{
	static const char *const lines[] = {"touch now", "touch-next 2", "auto",
	    "auto on off", "wait 1 2", "state all", "pin", "pin 2468 13579", "always-uv",
	    "always-uv on on", "old", "unplug it", "plug it", "replug it", "fault",
	    "fault error 36 all more", "fault none a b c d e f"};

	(void)state;
	ERROR("", "there is no such word");
	ERROR("   ", "there is no such word");
	ERROR("touc", "there is no such word");
	ERROR("touch2", "there is no such word");
	ERROR("Touch", "there is no such word");
	ERROR("touch\t", "there is no such word");
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ERROR(lines[i], "too few or too many words");
	OK("  auto   on  "); // blanks are no matter
	assert_true(ctap->auto_touch);
}

static void
on_and_off(void **state)
{
	(void)state;
	OK("auto on");
	assert_true(ctap->auto_touch);
	ERROR("auto maybe", "on or off?");
	assert_true(ctap->auto_touch);
	OK("auto off");
	assert_false(ctap->auto_touch);
	OK("always-uv on");
	assert_true(ctap->store.always_uv);
	ERROR("always-uv yes", "on or off?");
	OK("always-uv off");
	assert_false(ctap->store.always_uv);
	OK("old on");
	assert_true(ctap->old);
	ERROR("old ON", "on or off?");
	OK("old off");
	assert_false(ctap->old);
}

static void
state_of_a_new_key(void **state)
{
	(void)state;
	assert_int_equal(
	    say("state", "waiting no\ncounter 0\npin no\nretries 8\nalways-uv off\n"
			 "old off\nresidents 0\nauto off\ntouch-next off\n"
			 "plugged yes\nfault none\nok\n"),
	    HS_CTL_ANSWER);
}

static void
touches(void **state)
{
	(void)state;
	ERROR("touch", "nothing waits");
	OK("touch-next");
	assert_true(ctap->touch_next);
	ctap->touch_next = false;
	ctap->waiting = true;
	assert_int_equal(say("touch", "ok\n"), HS_CTL_TOUCH);
	assert_int_equal(say("touch-next", "ok\n"), HS_CTL_TOUCH);
	assert_false(ctap->touch_next);
	assert_int_equal(say("auto off", "ok\n"), HS_CTL_ANSWER);
	assert_int_equal(say("auto on", "ok\n"), HS_CTL_TOUCH);
	OK("fault no-touch");
	ERROR("touch", "the fault no-touch is set");
	OK("auto on");
	OK("touch-next");
	assert_true(ctap->touch_next);
}

static void
waits(void **state)
{
	struct hs_ctl r;

	(void)state;
	hs_ctl_command(ctap, hs_str_c("wait"), &r);
	assert_int_equal(r.action, HS_CTL_WAIT);
	assert_int_equal(r.seconds, 30);
	hs_buf_free(&r.answer);
	hs_ctl_command(ctap, hs_str_c("wait 3600"), &r);
	assert_int_equal(r.seconds, 3600);
	hs_buf_free(&r.answer);
	ERROR("wait 3601", "how many seconds?");
	ERROR("wait -1", "how many seconds?");
	ERROR("wait 5s", "how many seconds?");
	ERROR("wait 18446744073709551616", "how many seconds?");
}

static void
plugs(void **state)
{
	(void)state;
	ERROR("plug", "it is plugged in");
	ctap->waiting = true;
	ctap->pin.has_token = true;
	ctap->pin.misses = 3;
	assert_int_equal(say("unplug", "ok\n"), HS_CTL_UNPLUG);
	assert_false(ctap->plugged || ctap->waiting);
	ERROR("unplug", "it is not plugged in");
	OK("plug");
	assert_true(ctap->plugged);
	assert_false(ctap->pin.has_token);
	assert_int_equal(ctap->pin.misses, 0);
	ctap->pin.misses = 3;
	assert_int_equal(say("replug", "ok\n"), HS_CTL_UNPLUG);
	assert_true(ctap->plugged);
	assert_int_equal(ctap->pin.misses, 0);
}

static void
faults(void **state)
{
#define NAME(sym, name) name,
	static const char *const names[] = {HS_CTAP_FAULTS(NAME)};
#undef NAME
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *status = i == HS_FAULT_ERROR ? " 7f" : "";

		snprintf(line, sizeof line, "fault %s%s", names[i], status);
		OK(line);
		assert_int_equal(ctap->fault, i);
		assert_false(ctap->fault_all);
		assert_string_equal(hs_ctap_fault_name(ctap->fault), names[i]);
		snprintf(line, sizeof line, "fault %s%s all", names[i], status);
		OK(line);
		assert_int_equal(ctap->fault_all, i != HS_FAULT_NONE);
		snprintf(line, sizeof line, "fault %s%s some", names[i], status);
		ERROR(line, "only \"all\" may follow");
	}
	assert_string_equal(hs_ctap_fault_name((enum hs_ctap_fault)99), "none");
	OK("fault none");
	ERROR("fault nothing", "there is no such fault");
	ERROR("fault error", "which status? two hexadecimal digits, not 00");
	ERROR("fault error 0", "which status? two hexadecimal digits, not 00");
	ERROR("fault error 00", "which status? two hexadecimal digits, not 00");
	ERROR("fault error 0x", "which status? two hexadecimal digits, not 00");
	ERROR("fault error 123", "which status? two hexadecimal digits, not 00");
	ERROR("fault error g0", "which status? two hexadecimal digits, not 00");
	assert_int_equal(ctap->fault, HS_FAULT_NONE);
	OK("fault error aF");
	assert_int_equal(ctap->fault_status, 0xaf);
}

static void
pins(void **state)
{
	(void)state;
	ERROR("pin 123", "a PIN has 4 characters at least and 63 bytes at most");
	OK("pin 2468");
	assert_true(ctap->store.pin_set);
	ctap->store.path = "/nonexistent/state";
	ERROR("pin 13579", "the state could not be written");
	{
		struct hs_ctl r;

		hs_ctl_command(ctap, hs_str_c("always-uv on"), &r);
		assert_memory_equal(r.answer.p, "error /nonexistent/state", 24);
		hs_buf_free(&r.answer);
	}
}

// ---- the socket

static int
setup_server(void **state)
{
	(void)state;
	fix_make(&fix, 60000);
	return 0;
}

static int
teardown_server(void **state)
{
	(void)state;
	fix_free(&fix);
	return 0;
}

static int
raw(const char *bytes, size_t len)
{
	int fd = fix_connect(fix.control, SOCK_STREAM);

	assert_true(fd >= 0);
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	return fd;
}

static void
lines_that_are_none(void **state)
{
	char longest[HS_CTL_LINE_MAX + 1];
	int fd;

	(void)state;
	assert_string_equal(
	    fix_answer(raw("state\nstate\n", 12)), ""); // closed, unanswered
	memset(longest, 'a', sizeof longest);
	assert_string_equal(fix_answer(raw(longest, HS_CTL_LINE_MAX)), "");
	longest[HS_CTL_LINE_MAX - 1] = '\n'; // just fits
	assert_string_equal(
	    fix_answer(raw(longest, HS_CTL_LINE_MAX)), "error there is no such word\n");
	fd = raw("sta", 3); // in two parts
	assert_int_equal(send(fd, "te\n", 3, MSG_NOSIGNAL), 3);
	assert_non_null(strstr(fix_answer(fd), "\nok\n"));
	fd = raw("never finished", 14);
	shutdown(fd, SHUT_WR);
	assert_string_equal(fix_answer(fd), "");
	fd = raw("wait 20\n", 8); // more while it waits
	assert_int_equal(send(fd, "touch\n", 6, MSG_NOSIGNAL), 6);
	assert_string_equal(fix_answer(fd), "");
	close(raw("wait 20\n", 8)); // goes away while it waits
	fix_state_has(&fix, "waiting no\n");
}

// As many hands as there is room for: the next is closed, those are served all the same.
static void
many_hands(void **state)
{
	int fds[40] = {0};

	(void)state;
	for (size_t i = 0; i < 32; i++)
		fds[i] = raw("s", 1);
	for (size_t i = 32; i < 40; i++) { // closed before it could send
		fds[i] = fix_connect(fix.control, SOCK_STREAM);
		assert_true(fds[i] >= 0);
	}
	for (size_t i = 39; i >= 32; i--)
		assert_string_equal(fix_answer(fds[i]), "");
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(send(fds[i], "tate\n", 5, MSG_NOSIGNAL), 5);
		assert_non_null(strstr(fix_answer(fds[i]), "\nok\n"));
	}
	fix_ok(&fix, "auto on");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define V(name) cmocka_unit_test_setup_teardown(name, setup_server, teardown_server)
	const struct CMUnitTest tests[] = {
	    T(unknown_and_miscounted),
	    T(on_and_off),
	    T(state_of_a_new_key),
	    T(touches),
	    T(waits),
	    T(plugs),
	    T(faults),
	    T(pins),
	    V(lines_that_are_none),
	    V(many_hands),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
