// SPDX-License-Identifier: ISC
//
// Keys that come and go, as names in scratch folders: nodes in one that stands for /dev,
// and sockets of software keys. What else may happen to the folders has
// test_agentd_devices_folders.c.
#include "tests/lib/plugging.h"

static void
a_node_comes_and_goes(void **state)
{
	(void)state;
	start();
	touch(in(dev, "hidraw7"));
	told("+hidraw7 ");
	unlink(in(dev, "hidraw7"));
	told("-hidraw7 ");
	touch(in(dev, "hidraw7"));
	told("+hidraw7 ");
}

static void
what_was_there_is_not_told(void **state)
{
	(void)state;
	touch(in(dev, "hidraw0"));
	plug("blue");
	start();
	assert_true(hs_devices_watch(d, (const char *[]){soft("blue")}, 1));
	touch(in(dev, "hidraw1"));
	told("+hidraw1 ");
	unlink(in(dev, "hidraw0")); // but that it goes is
	pull("blue");
	told("-hidraw0 -blue ");
}

static void
only_hidraw_and_a_number(void **state)
{
	static const char *const others[] = {
	    "null", "hidraw", "hidraw1x", "hidraw1234567", "xhidraw1"};

	(void)state;
	start();
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		touch(in(dev, others[i]));
		assert_int_equal(chmod(in(dev, others[i]), 0666), 0);
	}
	touch(in(dev, "hidraw0"));
	told("+hidraw0 ");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		unlink(in(dev, others[i]));
	unlink(in(dev, "hidraw0"));
	told("-hidraw0 ");
}

static void
vanished_and_back_in_one_turn(void **state)
{
	(void)state;
	plug("blue");
	touch(in(dev, "hidraw0"));
	start();
	assert_true(hs_devices_watch(d, (const char *[]){soft("blue")}, 1));
	unlink(in(dev, "hidraw0"));
	touch(in(dev, "hidraw0"));
	told("-hidraw0 +hidraw0 ");
	pull("blue");
	plug("blue");
	told("-blue +blue ");
	pull("blue"); // as a rename does it
	plug("other");
	assert_int_equal(rename(in(keys, "other"), in(keys, "blue")), 0);
	told("-blue +blue ");
	touch(in(dev, "hidraw1")); // came and went unseen
	unlink(in(dev, "hidraw1"));
	assert_int_equal(rename(in(dev, "hidraw0"), in(dev, "hidraw7")), 0);
	told("-hidraw0 +hidraw7 ");
}

static void
software_keys_that_are_named(void **state)
{
	(void)state;
	start();
	plug("red");
	assert_true(hs_devices_watch(d, (const char *[]){soft("blue"), soft("red")}, 2));
	plug("other");
	plug("blue");
	told("+blue ");
	pull("other");
	pull("red");
	told("-red ");
	// another set: blue keeps its state, red is nobody's any more
	assert_true(hs_devices_watch(d, (const char *[]){soft("other"), soft("blue")}, 2));
	plug("red");
	plug("other");
	told("+other ");
	pull("red");
	pull("blue");
	told("-blue ");
	assert_true(hs_devices_watch(d, NULL, 0));
	pull("other");
	touch(in(dev, "hidraw0"));
	told("+hidraw0 ");
}

static void
words_that_are_no_software_key(void **state)
{
	char longest[PATH_MAX + 32];
	const char *words[] = {"", "softkey:", "softkey:relative", "/dev/hidraw0",
	    "softkey:/", "softkey:/tmp/", "uhid:/x", longest, soft("blue"), soft("blue")};

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	memcpy(longest, "softkey:/", 9);
	longest[sizeof longest - 1] = '\0';
	start();
	assert_true(hs_devices_watch(d, words, sizeof words / sizeof words[0]));
	plug("blue");
	told("+blue "); // once
	pull("blue");
	told("-blue ");
}

static void
no_more_than_64(void **state)
{
	static char text[HS_DEVICES_SOFT_MAX + 1][160];
	const char *words[HS_DEVICES_SOFT_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= HS_DEVICES_SOFT_MAX; i++) {
		snprintf(text[i], sizeof text[i], "softkey:%s/k%zu", keys, i);
		words[i] = text[i];
	}
	words[0] = soft("blue");
	words[HS_DEVICES_SOFT_MAX] = soft("red");
	start();
	assert_true(hs_devices_watch(d, words, HS_DEVICES_SOFT_MAX + 1));
	plug("red");
	plug("blue");
	told("+blue ");
	assert_true(hs_devices_watch(d, words + 1, HS_DEVICES_SOFT_MAX));
	pull("red");
	told("-red ");
}

// udev makes the node, then lets the person use it.
static void
plugged_once_it_may_be_opened(void **state)
{
	uid_t me = geteuid();

	(void)state;
	if (me == 0) {
		assert_int_equal(chmod(root, 0711), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	start();
	if (me == 0)
		assert_int_equal(seteuid(0), 0);
	touch(in(dev, "hidraw1"));
	assert_int_equal(chmod(in(dev, "hidraw1"), 0), 0);
	touch(in(dev, "hidraw0"));
	assert_int_equal(chmod(in(dev, "hidraw0"), 0666), 0);
	if (me == 0)
		assert_int_equal(seteuid(65534), 0);
	told("+hidraw0 ");
	if (me == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(in(dev, "hidraw1"), 0666), 0);
	told("+hidraw1 ");
	// that it may not be opened any more is not that it was pulled out
	assert_int_equal(chmod(in(dev, "hidraw1"), 0), 0);
	unlink(in(dev, "hidraw0"));
	told("-hidraw0 ");
	unlink(in(dev, "hidraw1"));
	told("-hidraw1 ");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_node_comes_and_goes),
	    T(what_was_there_is_not_told),
	    T(only_hidraw_and_a_number),
	    T(vanished_and_back_in_one_turn),
	    T(software_keys_that_are_named),
	    T(words_that_are_no_software_key),
	    T(no_more_than_64),
	    T(plugged_once_it_may_be_opened),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
