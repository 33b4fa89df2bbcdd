// SPDX-License-Identifier: ISC
//
// Preloaded into a program under test, and not into what that starts: its event loop's
// clock runs twenty times as fast, and its waits are as much shorter. So what the program
// does after a second it does after 50 ms. The clocks that tell the time stay.
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMES  20
#define SECOND 1000000000LL

__attribute__((constructor)) static void
alone(void)
{
	unsetenv("LD_PRELOAD");
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);
	long long ns;

	if (rc != 0 || (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE))
		return rc;
	ns = ts->tv_nsec * TIMES;
	ts->tv_sec = ts->tv_sec * TIMES + (time_t)(ns / SECOND);
	ts->tv_nsec = (long)(ns % SECOND);
	return 0;
}

static int
shorter(int ms)
{
	return ms > 0 ? (ms + TIMES - 1) / TIMES : ms;
}

int
epoll_pwait(int fd, struct epoll_event *v, int n, int ms, const sigset_t *set)
{
	return (int)syscall(
	    SYS_epoll_pwait, fd, v, n, shorter(ms), set, set != NULL ? _NSIG / 8 : 0);
}

int
epoll_wait(int fd, struct epoll_event *v, int n, int ms)
{
	return epoll_pwait(fd, v, n, ms, NULL);
}
