// SPDX-License-Identifier: ISC
//
// Time passing over the daemon's state, and what a new policy does to it. Contract in
// daemon.h.
#include "agentd/daemon.h"

#include <inttypes.h>
#include <string.h>
#include "agentd/checkpoint.h"
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/machine.h"
#include "agentd/publish.h"
#include "agentd/repeats.h"
#include "agentd/retain.h"
#include "agentd/revocation.h"
#include "agentd/revoke.h"
#include "agentd/seat.h"
#include "agentd/touch.h"

#define UNPLUGGED     "the key that was touched was unplugged"
#define CLOCK_LOOK_MS 10000

void
hs_daemon_note(struct hs_daemon *d, struct hs_audit_record *r)
{
	struct hs_now now;

	hs_clock_read(&now);
	r->time = now.wall;
	if (hs_audit_put(d->audit, r, NULL, NULL, NULL, NULL) != HS_OK)
		hs_log("%s: not recorded", r->event);
}

// A seat that lives keeps the session from idling.
static uint64_t
idle_ms(const struct hs_daemon *d)
{
	return d->seats == NULL ? d->policy->policy->idle * 1000 : 0;
}

void
hs_daemon_session_changed(struct hs_daemon *d)
{
	uint64_t wall, boot_ms;

	hs_session_ends(&d->session, idle_ms(d), &wall, &boot_ms);
	hs_clock_alarm_set(d->alarm, wall, boot_ms);
}

void
hs_daemon_session_close(
    struct hs_daemon *d, const char *event, const char *why, struct hs_keys *key)
{
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_agent_event e = {.event = hs_str_c(event), .text = hs_str_c(why)};
	struct hs_now now;

	hs_session_take_key(&d->session, key); // before anything else can go wrong
	hs_clock_read(&now);
	memcpy(id, d->session.id, sizeof id);
	e.id = hs_str_c(id);
	hs_repeats_flush(d->repeats);
	hs_seats_end(d, why);
	hs_ended_add(&d->ended, &d->session, now.wall);
	hs_session_end(&d->session);
	hs_revocation_end(d->revocation);
	hs_clock_alarm_set(d->alarm, 0, 0);
	hs_events_seats_gone(d);
	hs_events_put(d, &e, 0);
	hs_touch_session_closed(d, id);
}

static void
note_jump(struct hs_daemon *d, int64_t jump)
{
	struct hs_audit_record r = {
	    .event = "clock", .clock = d->clock_kept, .jumped = true, .jump = jump};

	r.sentence = hs_str_c("the wall clock was set");
	hs_log("the wall clock was set by %" PRId64 " s", jump);
	hs_daemon_note(d, &r);
}

// Is the clock still kept by somebody? What is on record is what changes.
static void
look_who_keeps_it(struct hs_daemon *d, const struct hs_now *now)
{
	const char *was = d->clock_kept;
	struct hs_audit_record r = {.event = "clock"};

	if (was != NULL && now->boot_ms - d->clock_looked_ms < CLOCK_LOOK_MS)
		return;
	d->clock_looked_ms = now->boot_ms;
	d->clock_kept = r.clock = hs_machine_clock();
	if (was == NULL || strcmp(was, r.clock) == 0)
		return;
	r.sentence = hs_str_c("whether the machine's clock is kept has changed");
	hs_daemon_note(d, &r);
}

void
hs_daemon_tick(struct hs_daemon *d, struct hs_now *now)
{
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_audit_record r = {.event = "expire", .session = id, .counted = true};
	const char *why = "its last grant has ended";
	uint64_t end = hs_session_end_time(&d->session);
	struct hs_keys key;
	int64_t jump;

	hs_clock_read(now);
	look_who_keeps_it(d, now);
	if (hs_clock_look(&d->clock, now, &jump))
		note_jump(d, jump);
	hs_touch_slept(d, now);
	if (!hs_session_over(&d->session, now, idle_ms(d))) {
		if (d->session.open)
			hs_daemon_session_changed(d);
		return;
	}
	if (d->session.nheld > 0)
		why = "nothing was issued for as long as the policy's Idle";
	r.sentence = hs_str_c(why);
	r.end = end;
	r.count = d->session.count;
	memcpy(id, d->session.id, sizeof id);
	hs_log("session %s is over: %s", id, why);
	hs_daemon_session_close(d, "expired", why, &key);
	hs_daemon_note(d, &r);
	hs_checkpoint_last(d, &key, id);
}

// What came of reading the policy, for the log and whoever follows.
static void
note_policy(struct hs_daemon *d, int rc, const struct hs_err *why)
{
	const struct hs_policy *p = d->policy->policy;
	const char *said = rc != HS_OK ? hs_err_sentence(why)
			   : p->exists ? d->policy->path
				       : "there is no policy file";
	struct hs_audit_record r = {.event = "policy",
	    .code = hs_code_name((enum hs_code)rc),
	    .sentence = hs_str_c(said),
	    .digest = {p->digest, sizeof p->digest}};
	struct hs_agent_event e = {.event = hs_str_c("policy"),
	    .why = hs_str_c(rc != HS_OK ? hs_code_name((enum hs_code)rc) : ""),
	    .text = hs_str_c(said)};

	hs_log("policy: %s%s", rc != HS_OK ? "not in force: " : "", said);
	hs_daemon_note(d, &r);
	hs_events_put(d, &e, 0);
}

// All that is in force, of both files, and why a newer one is not.
static void
put_in_force(struct hs_buf *b, const struct hs_policyfile *f)
{
	hs_put_raw(b, f->policy->digest, sizeof f->policy->digest);
	hs_policy_put(b, f->policy);
	hs_put_u32(b, (uint32_t)f->bad.code);
	hs_put_str(b, hs_str_c(hs_err_sentence(&f->bad)));
}

void
hs_daemon_log_policy(struct hs_daemon *d)
{
	const struct hs_policy *p = d->policy->policy;

	hs_audit_limits(d->audit, p->log_size, p->log_age);
	if (d->retain != NULL)
		hs_retain_look(d->retain);
}

int
hs_daemon_reload(struct hs_daemon *d, struct hs_buf *notes, struct hs_err *err)
{
	struct hs_buf before = {0}, after = {0};
	struct hs_err why = {0};
	int rc;

	put_in_force(&before, d->policy);
	rc = hs_policyfile_load(d->policy, notes, &why);
	if (rc == HS_OK && !hs_publish_same(d->publish, d->policy->policy))
		hs_put_fmt(notes,
		    "%s:1:1: its Publish commands count when handseald starts again\n",
		    d->policy->path);
	put_in_force(&after, d->policy);
	// where memory is short it counts as new; where nothing is, it is not told again
	if (hs_buf_err(&before) != HS_OK || hs_buf_err(&after) != HS_OK ||
	    !hs_str_eq(hs_buf_str(&before), hs_buf_str(&after))) {
		note_policy(d, rc, &why);
		hs_daemon_log_policy(d);
		if (d->session.open)
			hs_daemon_session_changed(d);
	}
	hs_buf_free(&before);
	hs_buf_free(&after);
	if (err != NULL)
		*err = why;
	return rc;
}

static void
close_unplugged(struct hs_daemon *d)
{
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_audit_record r = {.event = "close",
	    .session = id,
	    .sentence = hs_str_c(UNPLUGGED),
	    .counted = true,
	    .count = d->session.count};
	struct hs_keys key;

	memcpy(id, d->session.id, sizeof id);
	hs_log("session %s closed: its key was unplugged", id);
	hs_daemon_session_close(d, "closed", UNPLUGGED, &key);
	hs_daemon_note(d, &r);
	hs_checkpoint_last(d, &key, id);
}

static void
unplugged(struct hs_daemon *d, const char *path)
{
	enum hs_unplug what = d->policy->policy->unplug;
	bool ours = d->session.open && hs_touched_there(&d->session.touched_at, path);
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_ended_session s;
	struct hs_now now;

	memcpy(id, d->session.id, sizeof id);
	if (ours && what != HS_UNPLUG_KEEP)
		close_unplugged(d);
	if (what != HS_UNPLUG_REVOKE)
		return;
	if (ours)
		hs_revoke_session(d, id, UNPLUGGED);
	// and those before: else any program could spare its certificates by closing first
	hs_clock_read(&now);
	while (hs_ended_take(&d->ended, path, now.wall, &s))
		if (!ours || strcmp(s.id, id) != 0)
			hs_revoke_session(d, s.id, UNPLUGGED);
}

void
hs_daemon_device(struct hs_daemon *d, const char *path, bool plugged)
{
	struct hs_agent_event e = {
	    .event = hs_str_c(plugged ? "plugged" : "unplugged"), .text = hs_str_c(path)};
	struct hs_audit_record r = {
	    .event = plugged ? "plugged" : "unplugged", .sentence = hs_str_c(path)};

	if (d->stopping)
		return;
	hs_log("%s %s", path, plugged ? "plugged in" : "unplugged");
	hs_daemon_note(d, &r);
	hs_events_put(d, &e, 0);
	if (plugged) {
		hs_touch_plugged(d);
		return;
	}
	hs_touch_unplugged(d, path);
	unplugged(d, path);
}
