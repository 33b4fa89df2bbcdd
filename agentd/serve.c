// SPDX-License-Identifier: ISC
//
// The loop, its signals, and an orderly end. Contract in serve.h.
#include "agentd/serve.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/checkpoint.h"
#include "agentd/conn.h"
#include "agentd/copy.h"
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/machine.h"
#include "agentd/publish.h"
#include "agentd/repeats.h"
#include "agentd/retain.h"
#include "agentd/revocation.h"
#include "agentd/seat.h"
#include "agentd/seatsocket.h"
#include "agentd/touch.h"

// So many connections are taken a millisecond; then the others get their turn first.
#define ACCEPTS	   32
#define HELD_MS	   1
#define SYSTEM_LOG "/dev/log"

struct server {
	struct hs_daemon d;
	uv_loop_t loop;
	uv_pipe_t listener;
	uv_signal_t signals[3];
	uv_poll_t watch;
	bool watching;
	uv_timer_t ending;
	uv_timer_t held; // connections wait that were not taken
	uint64_t turn;	 // the loop's time at the last connection
	unsigned accepted;
};

static void
note_stop(struct hs_daemon *d, const char *why)
{
	struct hs_audit_record r = {.event = "stop",
	    .peer = true,
	    .pid = (uint64_t)getpid(),
	    .uid = geteuid(),
	    .sentence = hs_str_c(why)};

	hs_daemon_note(d, &r);
}

// First of all: the file that holds it is named after this record.
static void
note_torn(struct hs_daemon *d, const struct hs_audit_torn *torn)
{
	struct hs_audit_record r = {.event = "torn",
	    .sentence =
		hs_str_c("the log ended in the middle of a record, which was set aside"),
	    .counted = true,
	    .count = torn->bytes,
	    .sha256 = {torn->sha256, sizeof torn->sha256}};

	if (torn->bytes > 0)
		hs_daemon_note(d, &r);
}

static void
note_revoked_torn(struct hs_daemon *d, uint64_t bytes)
{
	struct hs_audit_record r = {.event = "torn",
	    .sentence = hs_str_c(
		"the file revoked ended in the middle of a line, which was cut off"),
	    .counted = true,
	    .count = bytes};

	if (bytes > 0)
		hs_daemon_note(d, &r);
}

static void
note_start(struct hs_daemon *d)
{
	const struct hs_policy *policy = d->policy->policy;
	uint8_t machine[32];
	struct hs_audit_record r = {.event = "start",
	    .clock = d->clock_kept,
	    .peer = true,
	    .pid = (uint64_t)getpid(),
	    .uid = geteuid(),
	    .policy = {policy->digest, sizeof policy->digest},
	    .sentence = hs_str_c(HS_VERSION)};

	if (hs_machine_id(machine))
		r.machine = (struct hs_str){machine, sizeof machine};
	hs_daemon_note(d, &r);
}

// What was asked for is called off; helpers end, and the last records are written.
static void
on_ending(uv_timer_t *t)
{
	struct server *s = t->data;

	if (s->d.touches == NULL && hs_audit_idle(s->d.audit) &&
	    hs_revocation_idle(s->d.revocation) && hs_publish_idle(s->d.publish) &&
	    hs_copy_idle(s->d.copy))
		uv_stop(&s->loop);
}

static void
stop(struct server *s, const char *why)
{
	struct hs_session *ses = &s->d.session;
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_keys key;

	if (s->d.stopping)
		return;
	s->d.stopping = true;
	hs_log("%s: ending", why);
	hs_seats_end(&s->d, "the daemon ended");
	memcpy(id, ses->id, sizeof id);
	hs_session_take_key(ses, &key);
	hs_session_end(ses);
	hs_revocation_end(s->d.revocation);
	hs_publish_stop(s->d.publish);
	uv_close((uv_handle_t *)&s->listener, NULL);
	while (s->d.conns != NULL)
		hs_conn_close(s->d.conns);
	hs_touch_stop(&s->d);
	hs_repeats_flush(s->d.repeats);
	note_stop(&s->d, why);
	hs_checkpoint_last(&s->d, &key, id);
	(void)uv_timer_start(&s->ending, on_ending, 0, 10);
}

static void
on_signal(uv_signal_t *h, int sig)
{
	struct server *s = h->data;
	struct hs_buf notes = {0};

	if (sig != SIGHUP) {
		stop(s, sig == SIGTERM ? "SIGTERM" : "SIGINT");
		return;
	}
	(void)hs_daemon_reload(&s->d, &notes, NULL);
	hs_buf_free(&notes);
}

static void
on_device(void *arg, const char *path, bool plugged)
{
	hs_daemon_device(arg, path, plugged);
}

static void
on_watched(uv_poll_t *h, int status, int events)
{
	(void)status;
	(void)events;
	(void)uv_poll_stop(h);
	stop(h->data, "the command ended");
}

static void on_held(uv_timer_t *t);

// libuv calls this again and again while anybody connects, and stops once one is not taken.
static void
on_connection(uv_stream_t *listener, int status)
{
	struct server *s = listener->data;

	if (status != 0)
		return;
	if (uv_now(&s->loop) != s->turn) {
		s->turn = uv_now(&s->loop);
		s->accepted = 0;
	}
	if (s->accepted++ >= ACCEPTS || !hs_conn_accept(&s->d, listener, NULL))
		(void)uv_timer_start(&s->held, on_held, HELD_MS, 0);
}

static void
on_held(uv_timer_t *t)
{
	struct server *s = t->data;

	if (!s->d.stopping)
		on_connection((uv_stream_t *)&s->listener, 0);
}

static void
on_alarm(void *arg)
{
	struct hs_now now;

	hs_daemon_tick(arg, &now);
}

static int
watch_signals(struct server *s, bool interactive)
{
	const int sigs[] = {SIGTERM, SIGHUP, SIGINT};
	size_t n = interactive ? 3 : 2;
	sigset_t none;

	// whoever started us may have blocked some: SIGCHLD too, which tells that a helper
	// ended
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!interactive)
		(void)signal(SIGINT, SIG_IGN);
	for (size_t i = 0; i < n; i++) {
		if (uv_signal_init(&s->loop, &s->signals[i]) != 0 ||
		    uv_signal_start(&s->signals[i], on_signal, sigs[i]) != 0)
			return HS_ERR_INTERNAL;
		s->signals[i].data = s;
	}
	return HS_OK;
}

static int
set_up(struct server *s, const struct hs_serve *how)
{
	s->d = (struct hs_daemon){.loop = &s->loop,
	    .readers = {.loop = &s->loop},
	    .set = how->set,
	    .audit = how->audit,
	    .policy = how->policy,
	    .revocation = how->revocation};
	if (uv_timer_init(&s->loop, &s->ending) != 0 ||
	    uv_timer_init(&s->loop, &s->held) != 0 ||
	    watch_signals(s, how->interactive) != HS_OK ||
	    hs_audit_attach(how->audit, &s->loop) != HS_OK ||
	    hs_revocation_attach(how->revocation, &s->loop, how->set->lists_s) != HS_OK)
		return HS_ERR_INTERNAL;
	s->ending.data = s->held.data = s;
	s->d.checkpoint = hs_checkpoint_new(&s->d);
	s->d.copy = hs_copy_new(&s->d, SYSTEM_LOG);
	s->d.retain = hs_retain_new(&s->d);
	s->d.repeats = hs_repeats_new(&s->d);
	s->d.alarm = hs_clock_alarm_new(&s->loop, on_alarm, &s->d);
	s->d.events = hs_events_new(&s->loop);
	s->d.prompt = hs_prompt_new(&s->loop, environ);
	s->d.devices = hs_devices_new(&s->loop, "/dev", on_device, &s->d);
	s->d.publish = hs_publish_new(&s->d, how->set->publish_ms);
	s->d.exehash = hs_exehash_new(&s->loop, HS_EXEHASH_SETTLED);
	if (s->d.copy == NULL || s->d.retain == NULL || s->d.repeats == NULL ||
	    s->d.checkpoint == NULL || s->d.alarm == NULL || s->d.events == NULL ||
	    s->d.prompt == NULL || s->d.devices == NULL || s->d.exehash == NULL ||
	    s->d.publish == NULL || uv_pipe_init(&s->loop, &s->listener, 0) != 0)
		return HS_ERR_INTERNAL;
	hs_revocation_follow(how->revocation, hs_publish_due, s->d.publish);
	s->listener.data = s;
	if (uv_pipe_open(&s->listener, how->listener->fd) != 0)
		return HS_ERR_INTERNAL;
	how->listener->fd = -1; // the loop's now
	if (uv_listen((uv_stream_t *)&s->listener, 128, on_connection) != 0)
		return HS_ERR_INTERNAL;
	if (how->watch < 0)
		return HS_OK;
	if (uv_poll_init(&s->loop, &s->watch, how->watch) != 0)
		return HS_ERR_INTERNAL;
	s->watch.data = s;
	s->watching = true;
	return uv_poll_start(&s->watch, UV_READABLE, on_watched) == 0 ? HS_OK
								      : HS_ERR_INTERNAL;
}

static void
close_rest(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

int
hs_serve(const struct hs_serve *how, struct hs_err *err)
{
	struct server *s = calloc(1, sizeof *s);
	struct hs_now now;
	int rc = HS_OK;

	if (s == NULL || uv_loop_init(&s->loop) != 0) {
		free(s);
		return hs_fail(err, HS_ERR_INTERNAL, "the event loop cannot be made");
	}
	rc = set_up(s, how);
	if (rc != HS_OK) {
		hs_fail(err, (enum hs_code)rc, "the event loop cannot be set up");
		goto out;
	}
	hs_seats_clean(how->set->socket);
	hs_daemon_log_policy(&s->d);
	note_torn(&s->d, &how->torn);
	hs_daemon_tick(&s->d, &now);
	note_start(&s->d);
	note_revoked_torn(&s->d, how->revoked_torn);
	hs_log("serving on %s", how->set->socket);
	(void)uv_run(&s->loop, UV_RUN_DEFAULT);
out:
	hs_checkpoint_free(&s->d.checkpoint);
	hs_retain_free(&s->d.retain);
	hs_repeats_free(&s->d.repeats);
	hs_copy_free(&s->d.copy);
	hs_audit_detach(how->audit);
	hs_revocation_detach(how->revocation);
	hs_revocation_follow(how->revocation, NULL, NULL);
	hs_publish_stop(s->d.publish);
	if (s->d.alarm != NULL)
		hs_clock_alarm_free(&s->d.alarm);
	hs_devices_free(&s->d.devices);
	hs_events_free(&s->d.events);
	hs_exehash_free(&s->d.exehash);
	uv_walk(&s->loop, close_rest, NULL);
	(void)uv_run(&s->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&s->loop);
	hs_prompt_free(&s->d.prompt);
	hs_quota_free(&s->d.quota);
	hs_publish_free(&s->d.publish);
	free(s);
	return rc;
}
