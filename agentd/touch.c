// SPDX-License-Identifier: ISC
//
// An asking's life until it is judged: recorded, shown, queued, armed, and parked where
// nobody came. What a touch makes is outcome.c's. Contract in touch.h.
#include "agentd/touch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/events.h"
#include "agentd/life.h"
#include "agentd/log.h"
#include "agentd/outcome.h"
#include "agentd/waiter.h"

#define PIN_MS 120000 // for typing a PIN, before the asking counts as unanswered

static void run_next(struct hs_daemon *d);

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
hs_touch_drop_pin(struct hs_touch *t)
{
	if (t->pin_fd >= 0)
		(void)close(t->pin_fd);
	t->pin_fd = -1;
}

void
hs_touch_forget(struct hs_touch *t)
{
	struct hs_touch **at = &t->d->touches;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at == t)
		*at = t->next;
	for (struct hs_conn *c = t->d->conns; c != NULL; c = c->next)
		if (c->touch == t)
			c->touch = NULL;
	hs_touch_drop_pin(t);
	hs_prompt_hide(&t->prompt);
	hs_touch_wipe_keys(t);
	hs_held_free(&t->held);
	hs_buf_free(&t->shown);
	hs_buf_free(&t->outcome);
	for (size_t i = 0; i < HS_ROOTS_MAX; i++)
		hs_buf_free(&t->bodies[i]);
	hs_scope_free(&t->scope);
	hs_wanted_free(&t->wanted);
	hs_enrolled_free(&t->roots);
	uv_close((uv_handle_t *)&t->timer, on_closed);
}

bool
hs_touch_waits(const struct hs_touch *t)
{
	return t->state != JUDGED && t->state != DONE;
}

size_t
hs_touch_waiting(const struct hs_daemon *d)
{
	size_t n = 0;

	for (const struct hs_touch *t = d->touches; t != NULL; t = t->next)
		n += t->state != DONE;
	return n;
}

void
hs_touch_describe(const struct hs_touch *t, struct hs_agent_waiting *out)
{
	*out = (struct hs_agent_waiting){.code = hs_str_c(t->code),
	    .state = t->state <= SHOWN	  ? HS_WAITING_SHOWN
		     : t->state == QUEUED ? HS_WAITING_QUEUED
		     : t->state == PARKED ? HS_WAITING_PARKED
					  : HS_WAITING_ARMED,
	    .until = t->until,
	    .pin = t->pin};
}

static void
describe_event(const struct hs_touch *t, struct hs_agent_event *out)
{
	bool parked = t->state == PARKED;

	*out = (struct hs_agent_event){.event = hs_str_c(parked		     ? "parked"
							 : t->state == ARMED ? "armed"
									     : "asked"),
	    .code = hs_str_c(t->code),
	    .agent = hs_str_c(t->opening ? "" : t->wanted.agent),
	    .text = hs_buf_str(&t->shown),
	    .until = t->until,
	    .pin = t->pin};
	if (parked && t->why.err.code != HS_OK) {
		out->why = hs_str_c(hs_code_name(t->why.err.code));
		out->said = hs_str_c(hs_err_sentence(&t->why.err));
	}
}

void
hs_touch_tell(const struct hs_touch *t)
{
	struct hs_agent_event e;

	describe_event(t, &e);
	hs_events_put(t->d, &e, t->wanted.seat);
}

void
hs_touch_each_waiting(struct hs_daemon *d, hs_touch_event *fn, void *arg)
{
	struct hs_agent_event e;
	struct hs_now now;

	hs_clock_read(&now);
	for (struct hs_touch *t = d->touches; t != NULL; t = t->next) {
		if (!hs_touch_waits(t) || t->state == ASKED)
			continue;
		describe_event(t, &e);
		e.time = now.wall;
		fn(arg, &e, t->wanted.seat);
	}
}

// ---- ending

void
hs_touch_end(struct hs_touch *t)
{
	if (t->state >= JUDGED)
		return; // once is enough
	(void)uv_timer_stop(&t->timer);
	hs_touch_drop_pin(t);
	hs_prompt_hide(&t->prompt);
	hs_outcome_judge(t);
}

void
hs_touch_fail(struct hs_touch *t, enum hs_code code, const char *sentence)
{
	hs_fail(&t->why.err, code, "%s", sentence);
	hs_refusal_remedy(&t->why, "%s", hs_asking_remedy(code));
	hs_touch_end(t);
}

static void
on_outcome_old(uv_timer_t *timer)
{
	hs_touch_forget(timer->data);
}

void
hs_touch_finished(struct hs_touch *t)
{
	struct hs_now now;
	struct hs_daemon *d = t->d;

	hs_clock_read(&now);
	if (d->running == t) {
		d->running = NULL;
		d->ceremony_ended_ms = now.boot_ms;
	}
	(void)uv_timer_start(&t->timer, on_outcome_old,
	    t->until_boot_ms > now.boot_ms ? t->until_boot_ms - now.boot_ms : 1, 0);
	run_next(d);
}

// Ends an asking that waits, whatever it is waiting for.
static void
call_off(struct hs_touch *t, enum hs_code code, const char *sentence)
{
	if (t->state != ARMED || t->ceremony == NULL) {
		hs_touch_fail(t, code, sentence);
		return;
	}
	hs_fail(&t->why.err, code, "%s", sentence);
	t->stopping = true;
	t->park_next = false;
	hs_touch_wipe_keys(t);
	hs_ceremony_cancel(t->ceremony);
}

static void
on_gap(uv_timer_t *timer)
{
	run_next(((struct hs_touch *)timer->data)->d);
}

// One ceremony at a time, and a pause between two: a touch that came late for one must not
// be taken for the next.
static void
run_next(struct hs_daemon *d)
{
	struct hs_touch *t = NULL;
	struct hs_now now;
	uint64_t gap;

	for (struct hs_touch *i = d->touches; i != NULL; i = i->next)
		if (i->state == QUEUED && (t == NULL || i->turn < t->turn))
			t = i;
	if (t == NULL || d->running != NULL || d->stopping)
		return;
	hs_clock_read(&now);
	gap = now.boot_ms - d->ceremony_ended_ms;
	if (d->ceremony_ended_ms != 0 && gap < d->set->gap_ms)
		(void)uv_timer_start(&t->timer, on_gap, d->set->gap_ms - gap, 0);
	else
		hs_arming_start(t);
}

void
hs_touch_queue(struct hs_touch *t)
{
	(void)uv_timer_stop(&t->timer);
	if (t->state != QUEUED)
		t->turn = ++t->d->last_turn;
	t->state = QUEUED;
	run_next(t->d);
}

// ---- nobody came

static void
on_park_over(uv_timer_t *timer)
{
	hs_touch_fail(timer->data, HS_NO_GONE, "nobody answered in time");
}

// From the start each time: others may go while one ends.
void
hs_touch_slept(struct hs_daemon *d, const struct hs_now *now)
{
	struct hs_touch *t = d->touches;

	while (t != NULL) {
		if (t->state != PARKED || now->boot_ms < t->until_boot_ms) {
			t = t->next;
			continue;
		}
		hs_touch_fail(t, HS_NO_GONE, "nobody answered in time");
		t = d->touches;
	}
}

void
hs_touch_park(struct hs_touch *t)
{
	struct hs_audit_record r = {.event = "parked",
	    .code = hs_code_name(t->why.err.code),
	    .sentence = hs_str_c(hs_err_sentence(&t->why.err)),
	    .ask = hs_str_c(t->code)};
	struct hs_daemon *d = t->d;
	struct hs_now now;

	hs_clock_read(&now);
	hs_asking_who(&r, t);
	hs_daemon_note(d, &r);
	hs_touch_wipe_keys(t);
	hs_touch_drop_pin(t);
	hs_prompt_hide(&t->prompt);
	t->state = PARKED;
	t->kept = !t->seating; // whoever asked may go and come back, but for a seat
	hs_log("%s: parked: %s", t->code, hs_err_sentence(&t->why.err));
	if (d->running == t) {
		d->running = NULL;
		d->ceremony_ended_ms = now.boot_ms;
	}
	(void)uv_timer_start(&t->timer, on_park_over,
	    t->until_boot_ms > now.boot_ms ? t->until_boot_ms - now.boot_ms : 1, 0);
	hs_touch_tell(t);
	if (d->stopping)
		hs_touch_fail(t, HS_NO_GONE, "the daemon ended");
	run_next(d);
}

static void
on_unanswered(uv_timer_t *timer)
{
	struct hs_touch *t = timer->data;

	hs_fail(&t->why.err, HS_SK_TIMEOUT, "no PIN came in time");
	if (t->opening)
		hs_touch_fail(t, HS_SK_TIMEOUT, "no PIN came in time");
	else
		hs_touch_park(t);
}

static void
on_shown(uv_timer_t *timer)
{
	struct hs_touch *t = timer->data;

	if (t->pin && t->pin_fd < 0)
		(void)uv_timer_start(&t->timer, on_unanswered, PIN_MS, 0);
	else
		hs_touch_queue(t);
}

// ---- prompts

void
hs_touch_decline(struct hs_touch *t)
{
	struct hs_now now;

	hs_clock_read(&now);
	hs_quota_declined(&t->d->quota, hs_str_c(t->asker),
	    t->opening ? t->scope : t->wanted.scope, now.boot_ms);
	call_off(t, HS_NO_SAID_NO, "the person declined");
}

static void
on_prompt(void *arg, enum hs_prompt_answer answer)
{
	struct hs_touch *t = arg;

	if (answer == HS_PROMPT_DECLINED && hs_touch_waits(t)) {
		hs_touch_decline(t);
	} else if (answer == HS_PROMPT_SEEN && t->pin && t->pin_fd < 0 &&
		   t->state == SHOWN) {
		t->pin_fd = hs_prompt_pin_fd(t->prompt);
		hs_touch_queue(t);
	}
}

static void
show_prompt(struct hs_touch *t)
{
	struct hs_buf title = {0};
	const struct hs_compose c = {.code = t->code,
	    .agent = t->wanted.agent,
	    .more = t->d->session.open,
	    .seating = t->seating,
	    .direct = t->wanted.direct,
	    .peer = &t->peer,
	    .roots = &t->roots};
	struct hs_prompt_spec spec = {
	    .code = t->code, .text = hs_buf_str(&t->shown), .pin = t->pin};
	struct hs_err err = {0};

	if (t->opening || hs_prompt_channels(t->d->prompt)[0] == '\0')
		return; // its own terminal shows it
	hs_compose_title(&title, &c);
	spec.title = hs_buf_str(&title);
	if (t->why.err.code == HS_SK_PIN_INVALID)
		spec.pin_hint = hs_str_c(hs_err_sentence(&t->why.err));
	spec.pin = t->pin && t->pin_fd < 0 && hs_prompt_takes_pin(t->d->prompt);
	if (hs_prompt_show(t->d->prompt, &spec, on_prompt, t, &t->prompt, &err) != HS_OK)
		hs_log("%s: no prompt: %s", t->code, hs_err_sentence(&err));
	hs_buf_free(&title);
}

void
hs_touch_show(struct hs_touch *t)
{
	t->state = SHOWN;
	(void)uv_timer_start(&t->timer, on_shown, t->d->set->show_ms, 0);
	show_prompt(t);
}

void
hs_touch_plugged(struct hs_daemon *d)
{
	for (struct hs_touch *t = d->touches; t != NULL; t = t->next)
		if (t->state == PARKED && (!t->pin || hs_prompt_takes_pin(d->prompt)))
			hs_touch_show(t);
}

void
hs_touch_session_closed(struct hs_daemon *d, const char *id)
{
	struct hs_touch *t = d->touches, *next;

	for (; t != NULL; t = t->next)
		if (t->wanted.seat > 0)
			t->wanted.seat = UINT64_MAX; // another session's seat will have it
	t = d->touches;
	for (; t != NULL; t = next) {
		next = t->next;
		if (strcmp(t->within, id) == 0 && hs_touch_waits(t) && t->state != ASKED &&
		    !(t->state == ARMED && t->ceremony == NULL)) // that is being judged
			call_off(t, HS_NO_GONE, "the session it was for has closed");
	}
}

void
hs_touch_seat_ended(struct hs_daemon *d, uint64_t serial)
{
	struct hs_touch *t = d->touches, *next;

	for (; t != NULL; t = next) {
		next = t->next;
		if (t->wanted.seat == serial && hs_touch_waits(t) && t->state != ASKED &&
		    !(t->state == ARMED && t->ceremony == NULL))
			call_off(t, HS_NO_GONE, "the seat it was for has ended");
	}
}

void
hs_touch_unplugged(struct hs_daemon *d, const char *path)
{
	for (struct hs_touch *t = d->touches; t != NULL; t = t->next)
		if (t->state == ARMED || t->state == JUDGED)
			(void)snprintf(t->pulled, sizeof t->pulled, "%s", path);
}

// ---- going away

void
hs_touch_abandon(struct hs_conn *c)
{
	struct hs_touch *t = c->touch;

	hs_waiter_abandon(c);
	if (t == NULL)
		return;
	c->touch = NULL;
	t->owners--;
	if (t->owners > 0 || (t->kept && !t->d->stopping) ||
	    (t->state == ARMED && t->ceremony == NULL)) // that is being judged
		return;
	if (t->state == DONE)
		hs_touch_forget(t);
	else if (t->state == SHOWN || t->state == QUEUED || t->state == ARMED ||
		 t->state == PARKED)
		call_off(t, HS_SK_CANCELLED, "whoever asked went away");
}

void
hs_touch_stop(struct hs_daemon *d)
{
	struct hs_touch *t = d->touches, *next;

	for (; t != NULL; t = next) {
		next = t->next;
		if (t->state == DONE)
			hs_touch_forget(t);
		else if (hs_touch_waits(t) && t->state != ASKED)
			call_off(t, HS_NO_GONE, "the daemon ended");
	}
}
