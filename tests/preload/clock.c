// SPDX-License-Identifier: ISC
//
// Preloaded into a program under test: moves its wall clock and its boot clock, each by the
// milliseconds that the file HS_CLOCK holds (two int64_t as they lie in memory), which a
// test may rewrite at any time. The wall clock alone was set; both went on together while
// the machine slept. A timer is armed by the clocks as they are then: a later move does not
// reach it, as a real one would, so a test has to ask something. CLOCK_MONOTONIC stays.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TIMERS 256 // by descriptor: those of a program's start are low
#define SECOND 1000000000

static const volatile int64_t *moved; // wall, boot
static int clock_of[TIMERS];

// A program whose clocks cannot be moved would pass for one that stands it.
__attribute__((constructor)) static void
map(void)
{
	const char *path = getenv("HS_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, 2 * sizeof *moved, PROT_READ, MAP_SHARED, fd, 0)
			  : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		_exit(127);
	moved = p;
}

static int64_t
moved_ms(clockid_t id)
{
	if (moved == NULL)
		return 0;
	return id == CLOCK_REALTIME ? moved[0] : id == CLOCK_BOOTTIME ? moved[1] : 0;
}

static void
add_ms(struct timespec *ts, int64_t ms)
{
	int64_t ns = ts->tv_nsec + ms % 1000 * 1000000;

	ts->tv_sec += (time_t)(ms / 1000 + (ns < 0 ? -1 : ns / SECOND));
	ts->tv_nsec = (long)(ns < 0 ? ns + SECOND : ns % SECOND);
}

// Asked of the kernel itself: a sanitizer may be in between, and not be ready yet.
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (rc == 0)
		add_ms(ts, moved_ms(id));
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int
timerfd_create(int id, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, id, flags);

	if (fd >= TIMERS) {
		close(fd);
		errno = EMFILE;
		return -1;
	}
	if (fd >= 0)
		clock_of[fd] = id;
	return fd;
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *want, struct itimerspec *before)
{
	struct itimerspec at = *want;

	if ((flags & TFD_TIMER_ABSTIME) != 0 && fd >= 0 && fd < TIMERS &&
	    (at.it_value.tv_sec != 0 || at.it_value.tv_nsec != 0)) {
		add_ms(&at.it_value, -moved_ms(clock_of[fd]));
		if (at.it_value.tv_sec < 0)
			at.it_value = (struct timespec){.tv_nsec = 1}; // at once
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &at, before);
}
