// SPDX-License-Identifier: ISC
//
// The software key when no answer comes, as a host sees it through libfido2: never touched,
// stalled, unplugged, left by its host, or busy with another.
#include <sys/stat.h>
#include "tests/softkey/faulted.h"

static void
reopen(void)
{
	fix_dev_free(dev);
	dev = fix_dev(&fix);
}

static void
no_touch(void **state)
{
	(void)state;
	fix_dev_free(dev);
	fix_stop(&fix, SIGTERM);
	fix.touch_ms = 120;
	fix_start(&fix);
	dev = fix_dev(&fix);
	fix_ok(&fix, "auto on");
	fix_ok(&fix, "touch-next");
	set_fault("no-touch");
	assert_int_equal(sign_only(), FIDO_ERR_USER_ACTION_TIMEOUT);
	assert_int_equal(enroll_only(), FIDO_ERR_USER_ACTION_TIMEOUT);
	fix_state_has(&fix, "touch-next on\n"); // nobody used it
	set_fault("none");
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
touch_while_no_touch(void **state)
{
	struct fix_ceremony c = {.dev = dev, .a = fix_assert(cred)};

	(void)state;
	set_fault("no-touch");
	fix_ok(&fix, "auto off");
	fix_begin(&fix, &c);
	fix_error(&fix, "touch", "the fault no-touch is set");
	fix_ok(&fix, "auto on");
	fix_state_has(&fix, "waiting yes\n");
	set_fault("none");
	fix_ok(&fix, "touch");
	assert_int_equal(fix_end(&c), FIDO_OK);
	fido_assert_free(&c.a);
}

static void
stall(void **state)
{
	(void)state;
	set_fault("stall");
	assert_int_equal(probe(), FIDO_OK);
	assert_int_equal(fido_dev_set_timeout(dev, 300), FIDO_OK);
	assert_int_equal(sign_only(), FIDO_ERR_RX); // no keepalive either
	assert_int_equal(fido_dev_cancel(dev), FIDO_OK);
	fix_state_has(&fix, "waiting no\n");
	reopen(); // which a key that is pulled and plugged in again does
	set_fault("none");
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
stall_from_the_first_byte(void **state)
{
	static const fido_dev_io_t io = {
	    fix_io_open, fix_io_close, fix_io_read, fix_io_write};
	fido_dev_t *other = fido_dev_new();

	(void)state;
	fix_ok(&fix, "fault stall all");
	fix_dev_free(dev);
	assert_int_equal(fido_dev_set_io_functions(other, &io), FIDO_OK);
	assert_int_equal(fido_dev_set_timeout(other, 1000), FIDO_OK);
	// without an answer to getInfo libfido2 takes it for a key without FIDO2
	assert_int_equal(fido_dev_open(other, fix.hosts), FIDO_OK);
	assert_false(fido_dev_is_fido2(other));
	fix_dev_free(other);
	fix_ok(&fix, "fault none");
	dev = fix_dev(&fix);
}

static void
unplugged_while_it_waits(void **state)
{
	struct fix_ceremony c = {.dev = dev, .a = fix_assert(cred)};

	(void)state;
	fix_ok(&fix, "auto off");
	fix_begin(&fix, &c);
	fix_ok(&fix, "unplug");
	assert_int_equal(fix_end(&c), FIDO_ERR_RX);
	fido_assert_free(&c.a);
	fix_state_has(&fix, "waiting no\n");
	fix_state_has(&fix, "plugged no\n");
	fix_error(&fix, "unplug", "it is not plugged in");
	fix_error(&fix, "touch", "nothing waits");
}

static void
nobody_connects_while_unplugged(void **state)
{
	(void)state;
	fix_ok(&fix, "unplug");
	assert_int_equal(fix_connect(fix.hosts, SOCK_SEQPACKET), -1);
	assert_int_equal(access(fix.hosts, F_OK), -1); // as a device node is gone
	fix_ok(&fix, "plug");
	fix_error(&fix, "plug", "it is plugged in");
	reopen();
	fix_ok(&fix, "auto on");
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
its_socket_cannot_be_made(void **state)
{
	(void)state;
	fix_ok(&fix, "unplug");
	assert_int_equal(mkdir(fix.hosts, 0700), 0);
	fix_error(&fix, "plug", "its socket could not be made");
	fix_ok(&fix, "unplug"); // leaves alone what is not its own
	assert_int_equal(rmdir(fix.hosts), 0);
	fix_ok(&fix, "plug");
	reopen();
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
replug_closes_connections(void **state)
{
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(fix.hosts, &before), 0);
	fix_ok(&fix, "replug");
	assert_int_equal(stat(fix.hosts, &after), 0);
	assert_true(S_ISSOCK(after.st_mode));
	assert_int_equal(after.st_mode & 0777, 0600);
	assert_true(before.st_ctim.tv_sec != after.st_ctim.tv_sec ||
		    before.st_ctim.tv_nsec != after.st_ctim.tv_nsec); // made anew
	fix_state_has(&fix, "plugged yes\n");
	assert_int_not_equal(sign_only(), FIDO_OK);
	reopen();
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
host_leaves_while_it_waits(void **state)
{
	struct fix_ceremony c = {.dev = dev, .a = fix_assert(cred)};
	fido_dev_t *old = dev;

	(void)state;
	fix_ok(&fix, "auto off");
	fix_begin(&fix, &c);
	assert_int_equal(fido_dev_cancel(dev), FIDO_OK); // so that the thread comes back
	assert_int_equal(fix_end(&c), FIDO_ERR_KEEPALIVE_CANCEL);
	fido_assert_free(&c.a);
	assert_int_equal(fido_dev_get_touch_begin(old), FIDO_OK);
	fix_ok(&fix, "wait 20");
	reopen(); // its connection goes, and what waits with it
	fix_state_has(&fix, "waiting no\n");
	fix_error(&fix, "touch", "nothing waits");
	fix_ok(&fix, "auto on");
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
second_host(void **state)
{
	fido_dev_t *other = fix_dev(&fix), *mine = dev;
	struct fix_ceremony c = {.dev = dev, .a = fix_assert(cred)};

	(void)state;
	fix_ok(&fix, "auto off");
	fix_begin(&fix, &c);
	dev = other;
	assert_int_equal(probe(), FIDO_ERR_RX); // CHANNEL_BUSY is not what it waits for
	fix_state_has(&fix, "waiting yes\n");	// and the first is not disturbed
	fix_ok(&fix, "touch");
	assert_int_equal(fix_end(&c), FIDO_OK);
	fido_assert_free(&c.a);
	assert_int_equal(probe(), FIDO_OK);
	dev = mine;
	assert_int_equal(probe(), FIDO_OK);
	fix_dev_free(other);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(no_touch),
	    T(touch_while_no_touch),
	    T(stall),
	    T(stall_from_the_first_byte),
	    T(unplugged_while_it_waits),
	    T(nobody_connects_while_unplugged),
	    T(its_socket_cannot_be_made),
	    T(replug_closes_connections),
	    T(host_leaves_while_it_waits),
	    T(second_host),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
