// SPDX-License-Identifier: ISC
//
// Reading the clocks and waking at an end. Contract in clock.h.
#include "agentd/clock.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define JUMP_MS 2000
// A timer that is only there to be cancelled when the clock is set ends far away.
#define FAR_AWAY INT32_MAX

struct hs_clock_alarm {
	uv_poll_t boot, wall;
	int boot_fd, wall_fd;
	time_t wall_at;
	bool armed; // as was asked for last
	uint64_t asked_wall, asked_boot_ms;
	hs_clock_cb *cb;
	void *arg;
	int open; // handles that are not closed yet
};

static uint64_t
read_ms(clockid_t id)
{
	struct timespec ts = {0};

	(void)clock_gettime(id, &ts);
	return ts.tv_sec < 0 ? 0
			     : (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
hs_clock_read(struct hs_now *now)
{
	now->wall_ms = read_ms(CLOCK_REALTIME);
	now->wall = now->wall_ms / 1000;
	now->boot_ms = read_ms(CLOCK_BOOTTIME);
}

bool
hs_clock_look(struct hs_clock *c, const struct hs_now *now, int64_t *jump)
{
	int64_t offset = (int64_t)now->wall_ms - (int64_t)now->boot_ms;
	int64_t moved = offset - c->offset_ms;
	bool jumped = c->set && (moved > JUMP_MS || moved < -JUMP_MS);

	c->set = true;
	c->offset_ms = offset;
	if (jumped)
		*jump = (moved + (moved > 0 ? 500 : -500)) / 1000;
	return jumped;
}

static void
arm_wall(struct hs_clock_alarm *a)
{
	struct itimerspec at = {.it_value.tv_sec = a->wall_at};

	(void)timerfd_settime(
	    a->wall_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
}

static void
on_fd(uv_poll_t *h, int status, int events)
{
	struct hs_clock_alarm *a = h->data;
	int fd = h == &a->boot ? a->boot_fd : a->wall_fd;
	uint64_t n;

	(void)status;
	(void)events;
	// ECANCELED: the clock was set, and the timer must be armed again to hear of the
	// next time
	if (read(fd, &n, sizeof n) < 0 && h == &a->wall)
		arm_wall(a);
	a->armed = false; // whatever is asked for next is set, be it the same
	a->cb(a->arg);
}

static void
on_close(uv_handle_t *h)
{
	struct hs_clock_alarm *a = h->data;

	if (--a->open > 0)
		return;
	close(a->boot_fd);
	close(a->wall_fd);
	free(a);
}

struct hs_clock_alarm *
hs_clock_alarm_new(uv_loop_t *loop, hs_clock_cb *cb, void *arg)
{
	struct hs_clock_alarm *a = calloc(1, sizeof *a);

	if (a == NULL)
		return NULL;
	a->cb = cb;
	a->arg = arg;
	a->boot_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	a->wall_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (a->boot_fd < 0 || a->wall_fd < 0 ||
	    uv_poll_init(loop, &a->boot, a->boot_fd) != 0 ||
	    uv_poll_init(loop, &a->wall, a->wall_fd) != 0) {
		if (a->boot_fd >= 0)
			close(a->boot_fd);
		if (a->wall_fd >= 0)
			close(a->wall_fd);
		free(a);
		return NULL;
	}
	a->open = 2;
	a->boot.data = a->wall.data = a;
	hs_clock_alarm_set(a, 0, 0);
	(void)uv_poll_start(&a->boot, UV_READABLE, on_fd);
	(void)uv_poll_start(&a->wall, UV_READABLE, on_fd);
	return a;
}

void
hs_clock_alarm_set(struct hs_clock_alarm *a, uint64_t wall, uint64_t boot_ms)
{
	struct itimerspec at = {0};
	struct hs_now now;

	if (a->armed && a->asked_wall == wall && a->asked_boot_ms == boot_ms)
		return; // as at nearly every request
	a->armed = true;
	a->asked_wall = wall;
	a->asked_boot_ms = boot_ms;
	hs_clock_read(&now);
	a->wall_at = wall != 0 && wall < FAR_AWAY + now.wall
			 ? (time_t)wall
			 : (time_t)(now.wall + FAR_AWAY);
	arm_wall(a);
	// one millisecond more, so that the end has come when this fires
	at.it_value.tv_sec = (time_t)((boot_ms + 1) / 1000);
	at.it_value.tv_nsec = (long)((boot_ms + 1) % 1000 * 1000000);
	if (boot_ms == 0)
		at = (struct itimerspec){0};
	(void)timerfd_settime(a->boot_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void
hs_clock_alarm_free(struct hs_clock_alarm **a)
{
	if (a == NULL || *a == NULL)
		return;
	uv_close((uv_handle_t *)&(*a)->boot, on_close);
	uv_close((uv_handle_t *)&(*a)->wall, on_close);
	*a = NULL;
}
