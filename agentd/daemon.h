// SPDX-License-Identifier: ISC
//
// What the daemon's parts share, and what time does to it: sessions end, clocks are set.
// Everything here runs on the loop's thread.
#ifndef HS_AGENTD_DAEMON_H
#define HS_AGENTD_DAEMON_H

#include <uv.h>
#include "agentd/audit.h"
#include "agentd/devices.h"
#include "agentd/ended.h"
#include "agentd/exehash.h"
#include "agentd/knownhosts.h"
#include "agentd/policyfile.h"
#include "agentd/prompt.h"
#include "agentd/proofs.h"
#include "agentd/quota.h"
#include "agentd/session.h"
#include "agentd/settings.h"

struct hs_checkpoint;
struct hs_conn;
struct hs_copy;
struct hs_events;
struct hs_publish;
struct hs_repeats;
struct hs_revocation;
struct hs_retain;
struct hs_seat;
struct hs_touch;

struct hs_daemon {
	uv_loop_t *loop;
	const struct hs_settings *set;
	struct hs_audit *audit;
	struct hs_checkpoint *checkpoint;
	struct hs_retain *retain; // NULL: nothing is ever forgotten
	struct hs_copy *copy;	  // NULL: there is none
	struct hs_session session;
	struct hs_repeats *repeats;
	struct hs_ended ended;
	struct hs_revocation *revocation; // see revocation.h
	struct hs_policyfile *policy;
	struct hs_quota quota;
	struct hs_events *events;
	struct hs_prompt *prompt;
	struct hs_publish *publish;
	struct hs_devices *devices;
	struct hs_exehash *exehash;
	struct hs_clock clock;
	const char *clock_kept;	  // as hs_machine_clock said last
	uint64_t clock_looked_ms; // and when, since boot
	struct hs_clock_alarm *alarm;
	struct hs_conn *conns; // see conn.h
	size_t nconns;
	struct hs_touch *touches;   // in the order of asking; see touch.h
	struct hs_touch *running;   // whose ceremony it is
	uint64_t last_turn;	    // given to one that was queued
	uint64_t ceremony_ended_ms; // since boot; 0: there was none
	struct hs_seat *seats;	    // see seat.h
	struct hs_knownhosts_readers readers;
	struct hs_proofs proofs;
	size_t nreading; // askings about seats that wait for those
	bool stopping;
};

// Reads the clocks, records a setting of the wall clock, and ends what is over: what was
// parked, the session. Called before anything is decided, and by the alarm.
void hs_daemon_tick(struct hs_daemon *d, struct hs_now *now);

// The session's ends changed: sets the alarm anew.
void hs_daemon_session_changed(struct hs_daemon *d);
// Ends the session; event and why tell programs that follow ("closed", "expired"). Its key
// can sign nothing more but the last checkpoint: it moves into *key, for
// hs_checkpoint_last once the end is recorded.
void hs_daemon_session_close(
    struct hs_daemon *d, const char *event, const char *why, struct hs_keys *key);

// Reads the policy files again, and records what came of it. notes as hs_policyfile_load.
int hs_daemon_reload(struct hs_daemon *d, struct hs_buf *notes, struct hs_err *err);

// What the policy says of the log is the log's now.
void hs_daemon_log_policy(struct hs_daemon *d);

// A security key was plugged in or pulled out.
void hs_daemon_device(struct hs_daemon *d, const char *path, bool plugged);

// Records an event that nobody waits for. r->time is filled in.
void hs_daemon_note(struct hs_daemon *d, struct hs_audit_record *r);

#endif
