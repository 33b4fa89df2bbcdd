// SPDX-License-Identifier: ISC
//
// Time passing over the daemon's state. Contract in daemon.h.
#include "agentd/daemon.h"

#include <inttypes.h>
#include "agentd/log.h"

void
hs_daemon_note(struct hs_daemon *d, struct hs_audit_record *r)
{
	struct hs_now now;

	hs_clock_read(&now);
	r->time = now.wall;
	if (hs_audit_put(d->audit, r, NULL, NULL, NULL, NULL) != HS_OK)
		hs_log("%s: not recorded", r->event);
}

void
hs_daemon_session_opened(struct hs_daemon *d)
{
	hs_clock_alarm_set(d->alarm, d->session.end, d->session.end_boot_ms);
}

void
hs_daemon_session_close(struct hs_daemon *d)
{
	hs_session_end(&d->session);
	hs_clock_alarm_set(d->alarm, 0, 0);
}

static void
note_jump(struct hs_daemon *d, int64_t jump)
{
	struct hs_audit_record r = {.event = "clock", .jumped = true, .jump = jump};

	r.sentence = hs_str_c("the wall clock was set");
	hs_log("the wall clock was set by %" PRId64 " s", jump);
	hs_daemon_note(d, &r);
}

void
hs_daemon_tick(struct hs_daemon *d, struct hs_now *now)
{
	struct hs_audit_record r = {
	    .event = "expire", .session = d->session.id, .counted = true};
	int64_t jump;

	hs_clock_read(now);
	if (hs_clock_look(&d->clock, now, &jump))
		note_jump(d, jump);
	if (!hs_session_over(&d->session, now))
		return;
	r.end = d->session.end;
	r.count = d->session.count;
	hs_keys_wipe(&d->session.key); // before anything else can go wrong
	hs_log("session %s is over", d->session.id);
	hs_daemon_note(d, &r);
	hs_daemon_session_close(d);
}
