// SPDX-License-Identifier: ISC
//
// A loop, scratch folders that stand for /dev and for one with software keys, and what is
// told of them, for the tests of devices. Only for tests that are linked with agentd's
// objects.
#ifndef HS_TESTS_PLUGGING_H
#define HS_TESTS_PLUGGING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/devices.h"

#define DEADLINE_MS 30000
#define SEEN_MAX    1024

static char root[64], dev[96], keys[96];
static uv_loop_t loop;
static uv_timer_t late;
static struct hs_devices *d;

static struct {
	char text[SEEN_MAX]; // "+hidraw3 -hidraw3 "
	const char *want;
	bool is_late;
	void (*from_callback)(void);
} seen;

static inline const char *
in(const char *folder, const char *name)
{
	static char path[8][160];
	static unsigned i;

	i = (i + 1) % 8;
	snprintf(path[i], sizeof path[i], "%s/%s", folder, name);
	return path[i];
}

static inline const char *
soft(const char *name)
{
	static char word[8][160];
	static unsigned i;

	i = (i + 1) % 8;
	snprintf(word[i], sizeof word[i], "softkey:%s/%s", keys, name);
	return word[i];
}

static inline void
on_change(void *arg, const char *path, bool plugged)
{
	size_t len = strlen(seen.text);
	const char *shown;

	assert_ptr_equal(arg, &seen);
	if (strncmp(path, "softkey:", 8) == 0)
		assert_int_equal(strncmp(path + 8, root, strlen(root)), 0);
	else
		assert_int_equal(strncmp(path, dev, strlen(dev)), 0);
	shown = strrchr(path, '/') + 1;
	snprintf(
	    seen.text + len, sizeof seen.text - len, "%c%s ", plugged ? '+' : '-', shown);
	if (seen.from_callback != NULL)
		seen.from_callback();
	if (seen.want != NULL && strlen(seen.text) >= strlen(seen.want))
		uv_stop(&loop);
}

static inline void
on_late(uv_timer_t *t)
{
	(void)t;
	seen.is_late = true;
	uv_stop(&loop);
}

static inline void
start(void)
{
	d = hs_devices_new(&loop, dev, on_change, &seen);
	assert_non_null(d);
}

// Runs until as much as that was told, and it must be exactly that.
static inline void
told(const char *want)
{
	seen.want = want;
	seen.is_late = false;
	uv_timer_start(&late, on_late, DEADLINE_MS, 0);
	if (strlen(seen.text) < strlen(want))
		uv_run(&loop, UV_RUN_DEFAULT);
	uv_timer_stop(&late);
	assert_string_equal(seen.text, want);
	assert_false(seen.is_late);
	seen.text[0] = '\0';
}

static inline void
touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static inline void
plug(const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const char *path = in(keys, name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof sa.sun_path);
	memcpy(sa.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	close(fd); // its name stays
}

static inline void
pull(const char *name)
{
	assert_int_equal(unlink(in(keys, name)), 0);
}

static inline int
setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof seen);
	snprintf(root, sizeof root, "/tmp/hs-devices.XXXXXX");
	if (mkdtemp(root) == NULL)
		return 1;
	snprintf(dev, sizeof dev, "%s/dev", root);
	snprintf(keys, sizeof keys, "%s/keys", root);
	if (mkdir(dev, 0755) != 0 || mkdir(keys, 0700) != 0)
		return 1;
	return uv_loop_init(&loop) != 0 || uv_timer_init(&loop, &late) != 0;
}

static inline int
remove_entry(const char *path)
{
	return unlink(path) == 0 || rmdir(path) == 0;
}

static inline int
teardown(void **state)
{
	static const char *const left[] = {"dev/hidraw0", "dev/hidraw1", "dev/hidraw7",
	    "dev/null", "dev/hidraw", "dev/hidraw1x", "dev/hidraw1234567", "dev/xhidraw1",
	    "dev", "keys/blue", "keys/red", "keys/other", "keys", "away", "kept"};

	(void)state;
	hs_devices_free(&d);
	uv_close((uv_handle_t *)&late, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
		(void)remove_entry(in(root, left[i]));
	return rmdir(root); // nothing else was left
}

#endif
