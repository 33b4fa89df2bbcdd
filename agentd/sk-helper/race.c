// SPDX-License-Identifier: ISC
//
// The race between security keys. Contract in race.h.
#include "agentd/sk-helper/race.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 1500 // for cancelled threads; whoever sent SIGTERM kills after two seconds
#define AGAIN_MS 100  // between cancels: one may cross the request that it should end
#define CLAIM_MS 2000 // more than what a lane that has claimed it may wait for

enum lane_state {
	LANE_OPENING,
	LANE_ARMED, // waits for a touch; may be cancelled
	LANE_BUSY,  // has its answer
	LANE_DONE
};

struct hs_lane {
	struct race *race;
	struct hs_device *dev;
	size_t i;
	pthread_t thread;
	bool decided;
	atomic_bool stop; // it is called off
	enum lane_state state;
	int code;
	struct hs_err err;
};

struct race {
	pthread_mutex_t lock;	 // over all lanes' states and the next three
	struct hs_lane *ended;	 // the lane that ended it all, won or lost
	struct hs_lane *claimed; // the lane that goes on alone
	int64_t until;
	uint32_t seconds;
	int wake, signals; // descriptors
	hs_lane_fn *fn;
	void *arg;
	struct hs_lane lane[HS_DEVICES_MAX];
	size_t n;
};

// ---- what lanes call

struct hs_device *
hs_lane_device(struct hs_lane *l)
{
	return l->dev;
}

const atomic_bool *
hs_lane_stop(const struct hs_lane *l)
{
	return &l->stop;
}

static bool
move_to(struct hs_lane *l, enum lane_state state)
{
	struct race *r = l->race;
	bool go;

	(void)pthread_mutex_lock(&r->lock);
	go = state != LANE_ARMED || !atomic_load(&l->stop);
	if (go)
		l->state = state;
	(void)pthread_mutex_unlock(&r->lock);
	return go;
}

bool
hs_lane_arm(struct hs_lane *l)
{
	return move_to(l, LANE_ARMED);
}

void
hs_lane_disarm(struct hs_lane *l)
{
	(void)move_to(l, LANE_BUSY);
}

void
hs_lane_decide(struct hs_lane *l)
{
	l->decided = true; // read by this thread alone
}

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// The waiting thread looks again.
static void
wake(struct race *r)
{
	const uint64_t one = 1;

	(void)!write(r->wake, &one, sizeof one); // a counter: cannot be full
}

bool
hs_lane_claim(struct hs_lane *l)
{
	struct race *r = l->race;
	bool go;

	(void)pthread_mutex_lock(&r->lock);
	go = r->ended == NULL && r->claimed == NULL && !atomic_load(&l->stop);
	for (size_t i = 0; go && i < r->n; i++)
		if (&r->lane[i] != l)
			atomic_store(&r->lane[i].stop, true);
	if (go) {
		r->claimed = l;
		r->until = now_ms() + (int64_t)r->seconds * 1000 + CLAIM_MS;
		l->decided = true;
	}
	(void)pthread_mutex_unlock(&r->lock);
	wake(r);
	return go;
}

void
hs_lane_restart(struct hs_lane *l)
{
	struct race *r = l->race;

	(void)pthread_mutex_lock(&r->lock);
	r->until = now_ms() + (int64_t)r->seconds * 1000;
	(void)pthread_mutex_unlock(&r->lock);
	wake(r);
}

static void *
lane_main(void *arg)
{
	struct hs_lane *l = arg;
	struct race *r = l->race;
	int code = r->fn(l, l->i, r->arg, &l->err);

	(void)pthread_mutex_lock(&r->lock);
	l->code = code;
	l->state = LANE_DONE;
	if (r->ended == NULL && !atomic_load(&l->stop) && (code == HS_OK || l->decided))
		r->ended = l;
	(void)pthread_mutex_unlock(&r->lock);
	wake(r);
	return NULL;
}

// ---- waiting

static size_t
count(struct race *r, enum lane_state state)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->n; i++)
		n += r->lane[i].state == state;
	(void)pthread_mutex_unlock(&r->lock);
	return n;
}

static bool
all_done(struct race *r)
{
	return count(r, LANE_DONE) == r->n;
}

static bool
ended(struct race *r)
{
	bool yes;

	(void)pthread_mutex_lock(&r->lock);
	yes = r->ended != NULL;
	(void)pthread_mutex_unlock(&r->lock);
	return yes;
}

// Sleeps until a lane ends, a signal comes (true), or ms have passed.
static bool
doze(struct race *r, int64_t ms, bool signals)
{
	struct pollfd p[2] = {{.fd = r->wake, .events = POLLIN},
	    {.fd = signals ? r->signals : -1, .events = POLLIN}};
	struct signalfd_siginfo sig;
	uint64_t n;

	if (poll(p, 2, ms > 0 ? (int)ms : 0) <= 0)
		return false;
	if (p[0].revents != 0)
		(void)!read(r->wake, &n, sizeof n);
	return p[1].revents != 0 && read(r->signals, &sig, sizeof sig) == sizeof sig;
}

static int64_t
time_left(struct race *r)
{
	int64_t left;

	(void)pthread_mutex_lock(&r->lock);
	left = r->until - now_ms();
	(void)pthread_mutex_unlock(&r->lock);
	return left;
}

// Tells the keys that wait in vain. A device is closed when all is over, so it is there; a
// lane that has its answer meanwhile makes this a cancel of nothing. True: some still wait.
static bool
cancel_stopped(struct race *r)
{
	bool some = false;

	for (size_t i = 0; i < r->n; i++) {
		struct hs_lane *l = &r->lane[i];
		enum lane_state state;

		(void)pthread_mutex_lock(&r->lock);
		state = atomic_load(&l->stop) ? l->state : LANE_DONE;
		(void)pthread_mutex_unlock(&r->lock);
		if (state == LANE_ARMED)
			(void)fido_dev_cancel(l->dev->dev);
		some = some || state != LANE_DONE;
	}
	return some;
}

// Until one has ended it, or all are done, or nobody wants it any more: then why is why.
static int
await(struct race *r, struct hs_err *why)
{
	while (!ended(r) && !all_done(r)) {
		int64_t left = time_left(r);

		if (left <= 0 && count(r, LANE_ARMED) > 0)
			return hs_fail(why, HS_SK_TIMEOUT,
			    "the security key was not touched within %u seconds",
			    (unsigned)r->seconds);
		if (left <= 0)
			return hs_fail(why, HS_SK_DEVICE,
			    "the security key does not answer: pull it out and plug it in "
			    "again");
		if (cancel_stopped(r) && left > AGAIN_MS)
			left = AGAIN_MS;
		if (doze(r, left, true))
			return hs_fail(why, HS_SK_CANCELLED, "the touch was called off");
	}
	return HS_OK;
}

// Calls off what still waits, and sees the threads out. False: one does not come back.
static bool
call_off(struct race *r)
{
	const int64_t until = now_ms() + GRACE_MS;

	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->n; i++)
		atomic_store(&r->lane[i].stop, true);
	(void)pthread_mutex_unlock(&r->lock);
	while (!all_done(r)) {
		if (now_ms() >= until)
			return false;
		(void)cancel_stopped(r);
		(void)doze(r, AGAIN_MS, false);
	}
	for (size_t i = 0; i < r->n; i++)
		(void)pthread_join(r->lane[i].thread, NULL);
	return true;
}

// ---- the verdict

bool
hs_race_says_more(enum hs_code a, enum hs_code than)
{
	static const enum hs_code order[] = {HS_OK, HS_SK_CANCELLED, HS_SK_NO_DEVICE,
	    HS_SK_NO_CREDENTIAL, HS_SK_DEVICE, HS_SK_TIMEOUT};
	const size_t n = sizeof order / sizeof order[0];
	size_t i = 0, j = 0;

	while (i < n && order[i] != a)
		i++;
	while (j < n && order[j] != than)
		j++;
	return i > j; // whatever is not in the list is about one key that is there
}

static int
verdict(const struct race *r, struct hs_race_end *end, struct hs_err *err)
{
	const struct hs_lane *l = r->ended;

	for (size_t i = 0; r->ended == NULL && i < r->n; i++)
		if (l == NULL ||
		    hs_race_says_more((enum hs_code)r->lane[i].code, (enum hs_code)l->code))
			l = &r->lane[i];
	if (l == NULL)
		return hs_fail(err, HS_SK_NO_DEVICE,
		    "no security key is plugged in that this user may open");
	end->winner = l->i;
	if (l->code != HS_OK)
		*err = l->err;
	return l->code;
}

// ---- beginning and end

static int
prepare(struct race *r, struct hs_err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return hs_fail(err, HS_ERR_INTERNAL, "signals cannot be blocked");
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->wake < 0 || r->signals < 0)
		return hs_fail(err, HS_ERR_IO, "eventfd, signalfd: %s", strerror(errno));
	return HS_OK;
}

static int
start(struct race *r, struct hs_devices *devs, struct hs_err *err)
{
	r->until = now_ms() + (int64_t)r->seconds * 1000;
	(void)pthread_mutex_lock(&r->lock); // none claims it before all are there
	while (r->n < devs->n) {
		struct hs_lane *l = &r->lane[r->n];

		*l = (struct hs_lane){.race = r, .dev = &devs->v[r->n], .i = r->n};
		if (pthread_create(&l->thread, NULL, lane_main, l) != 0)
			break; // the others run all the same
		r->n++;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return r->n > 0 || devs->n == 0
		   ? HS_OK
		   : hs_fail(err, HS_ERR_NOMEM, "no thread can be started");
}

int
hs_race_run(struct hs_devices *devs, hs_lane_fn *fn, void *arg, uint32_t seconds,
    struct hs_race_end *end, struct hs_err *err)
{
	struct race *r = calloc(1, sizeof *r);
	int rc;

	*end = (struct hs_race_end){0};
	if (r == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	(void)pthread_mutex_init(&r->lock, NULL);
	r->fn = fn;
	r->arg = arg;
	r->seconds = seconds;
	r->wake = r->signals = -1;
	rc = prepare(r, err);
	if (rc == HS_OK)
		rc = start(r, devs, err);
	if (rc != HS_OK)
		goto out;
	rc = await(r, err);
	end->stuck = !call_off(r);
	if (rc == HS_OK)
		rc = verdict(r, end, err);
out:
	if (!end->stuck) {
		if (r->wake >= 0)
			(void)close(r->wake);
		if (r->signals >= 0)
			(void)close(r->signals);
		(void)pthread_mutex_destroy(&r->lock);
		free(r);
	}
	return rc;
}
