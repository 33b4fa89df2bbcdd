// SPDX-License-Identifier: ISC
//
// What the daemon's parts share, and what time does to it: sessions end, clocks are set.
// Everything here runs on the loop's thread.
#ifndef HS_AGENTD_DAEMON_H
#define HS_AGENTD_DAEMON_H

#include <uv.h>
#include "agentd/audit.h"
#include "agentd/session.h"
#include "agentd/settings.h"

struct hs_conn;
struct hs_touch;

struct hs_daemon {
	uv_loop_t *loop;
	const struct hs_settings *set;
	struct hs_audit *audit;
	struct hs_session session;
	struct hs_clock clock;
	struct hs_clock_alarm *alarm;
	struct hs_conn *conns; // see conn.h
	size_t nconns;
	struct hs_touch *touches; // in the order of asking; see touch.h
	struct hs_touch *running; // whose ceremony it is
	bool stopping;
};

// Reads the clocks, records a setting of the wall clock, and ends a session that is over.
// Called before anything is decided, and by the alarm.
void hs_daemon_tick(struct hs_daemon *d, struct hs_now *now);

// A session was begun in d->session, or has to go: sets the alarm, or wipes.
void hs_daemon_session_opened(struct hs_daemon *d);
void hs_daemon_session_close(struct hs_daemon *d);

// Records an event that nobody waits for. r->time is filled in.
void hs_daemon_note(struct hs_daemon *d, struct hs_audit_record *r);

#endif
