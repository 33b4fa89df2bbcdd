// SPDX-License-Identifier: ISC
//
// Watching for keys when it is not easy: folders that are not there yet or any more, no
// inotify, callbacks that change what is watched, many events at once.
#include <sys/resource.h>
#include "tests/lib/plugging.h"

static void
a_folder_that_goes_and_comes(void **state)
{
	(void)state;
	assert_int_equal(rmdir(keys), 0);
	start();
	assert_true(hs_devices_watch(d, (const char *[]){soft("blue"), soft("red")}, 2));
	assert_int_equal(mkdir(keys, 0700), 0);
	plug("blue");
	told("+blue ");
	plug("red");
	told("+red ");
	assert_int_equal(rename(keys, in(root, "away")), 0);
	told("-red -blue ");
	assert_int_equal(rename(in(root, "away"), keys), 0);
	told("+red +blue ");
	pull("blue");
	pull("red");
	assert_int_equal(rmdir(keys), 0);
	told("-blue -red ");
	assert_int_equal(mkdir(keys, 0700), 0);
	plug("red");
	told("+red ");
}

static void
dev_itself_goes_and_comes(void **state)
{
	(void)state;
	touch(in(dev, "hidraw0"));
	start();
	unlink(in(dev, "hidraw0"));
	assert_int_equal(rmdir(dev), 0);
	told("-hidraw0 ");
	assert_int_equal(mkdir(dev, 0755), 0);
	touch(in(dev, "hidraw1"));
	told("+hidraw1 ");
}

// Neither a descriptor for inotify nor, so, any events.
static void
without_inotify(void **state)
{
	struct rlimit old, none;
	int highest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	close(highest);
	plug("blue");
	touch(in(dev, "hidraw0"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)highest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	start();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(hs_devices_watch(d, (const char *[]){soft("blue")}, 1));
	// it could not look into the folder then; the first look shows what is there
	told("+hidraw0 ");
	pull("blue");
	told("-blue ");
	plug("blue");
	told("+blue ");
	unlink(in(dev, "hidraw0"));
	touch(in(dev, "hidraw1"));
	told("-hidraw0 +hidraw1 ");
	// the same name, but another key: told as it is where birth times or inodes differ
	assert_int_equal(rename(in(dev, "hidraw1"), in(root, "kept")), 0);
	touch(in(dev, "hidraw1"));
	told("-hidraw1 +hidraw1 ");
	// permissions are no other key
	assert_int_equal(chmod(in(dev, "hidraw1"), 0640), 0);
	plug("red");
	unlink(in(dev, "hidraw1"));
	told("-hidraw1 ");
}

static void
watches_red(void)
{
	seen.from_callback = NULL;
	assert_true(hs_devices_watch(d, (const char *[]){soft("red")}, 1));
}

static void
frees(void)
{
	hs_devices_free(&d);
}

static void
on_idle(uv_timer_t *t)
{
	(void)t;
}

static void
from_within_the_callback(void **state)
{
	(void)state;
	plug("red");
	start();
	assert_true(hs_devices_watch(d, (const char *[]){soft("blue")}, 1));
	seen.from_callback = watches_red;
	plug("blue");
	told("+blue ");
	pull("blue");
	pull("red");
	told("-red ");
	seen.from_callback = frees;
	touch(in(dev, "hidraw0"));
	touch(in(dev, "hidraw1")); // waits to be told, and is not
	told("+hidraw0 ");
	assert_null(d);
	uv_timer_start(&late, on_idle, 1, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_string_equal(seen.text, "");
	hs_devices_free(&d); // fine
}

static void
more_events_than_one_read_holds(void **state)
{
	(void)state;
	start();
	for (int i = 0; i < 400; i++) { // 128 bytes of events each
		touch(in(dev, "null"));
		unlink(in(dev, "null"));
		assert_int_equal(mkdir(in(dev, "hidraw"), 0700), 0);
		rmdir(in(dev, "hidraw"));
	}
	touch(in(dev, "hidraw0"));
	told("+hidraw0 ");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_folder_that_goes_and_comes),
	    T(dev_itself_goes_and_comes),
	    T(without_inotify),
	    T(from_within_the_callback),
	    T(more_events_than_one_read_holds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
