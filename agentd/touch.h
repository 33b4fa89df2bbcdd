// SPDX-License-Identifier: ISC
//
// Askings that cost a touch: shown, recorded, then one ceremony at a time, each in a fresh
// helper. The loop never waits: what an asking is waiting for calls back.
#ifndef HS_AGENTD_TOUCH_H
#define HS_AGENTD_TOUCH_H

#include "agentd/conn.h"
#include "agentd/enrolled.h"
#include "agentd/refusal.h"
#include "agentd/wanted.h"
#include "proto/agent.h"
#include "proto/decide.h"

#define HS_TOUCHES_MAX                                                                     \
	128 // askings and outcomes that are kept at one time, whatever the policy

// `open`: takes an asking of this connection. HS_OK: the reply comes when it is recorded.
// Else why says what is wrong, and the caller replies.
int hs_touch_open(struct hs_conn *c, const struct hs_agent_open *m,
    const struct hs_now *now, struct hs_refusal *why);
// The same for a request that was decided to cost a touch. Of wanted,
// what is needed is taken.
int hs_touch_request(struct hs_conn *c, struct hs_wanted *wanted,
    const struct hs_decided *decided, const struct hs_now *now, struct hs_refusal *why);
// The same for a seat, which is to last ttl seconds, 0: as long as the policy lets it.
int hs_touch_seat(struct hs_conn *c, struct hs_wanted *wanted, uint64_t ttl,
    const struct hs_decided *decided, const struct hs_now *now, struct hs_refusal *why);
// Is the same of the same asker, for the same key, waiting already? Then the connection has
// been told so, and gets the same outcome: no prompt more, so no limit stands in its way.
bool hs_touch_join(struct hs_conn *c, const struct hs_wanted *wanted);
// `answer`: what a person says to it. HS_OK with *out; else why. The caller replies; pin_fd
// is taken.
int hs_touch_answer(struct hs_daemon *d, const struct hs_agent_answer *m, int pin_fd,
    struct hs_agent_waiting *out, struct hs_refusal *why);
// A key was plugged in: what waits for one is armed again.
void hs_touch_plugged(struct hs_daemon *d);

// What is parked and whose time has passed is gone: timers stand still while the machine
// sleeps.
void hs_touch_slept(struct hs_daemon *d, const struct hs_now *now);

// One was unplugged: a touch of it that has not become a grant yet may not become one.
void hs_touch_unplugged(struct hs_daemon *d, const char *path);

// A session closed: what was asked for within it is gone.
void hs_touch_session_closed(struct hs_daemon *d, const char *id);

// A seat ended: what was asked for on it is gone.
void hs_touch_seat_ended(struct hs_daemon *d, uint64_t serial);

void hs_touch_abandon(struct hs_conn *c); // the connection goes away; calls its touch off
void hs_touch_stop(struct hs_daemon *d);  // the daemon ends: nothing waits any longer
size_t hs_touch_waiting(const struct hs_daemon *d); // askings without an outcome yet

// Each asking that waits, as an event that says how; seat: the serial of the seat that asks
// for more, or 0.
typedef void hs_touch_event(void *arg, struct hs_agent_event *event, uint64_t seat);
void hs_touch_each_waiting(struct hs_daemon *d, hs_touch_event *fn, void *arg);

// For outcome.c: its outcome is settled, so the next may go on.
void hs_touch_finished(struct hs_touch *t);
// For waiter.c: forgets an asking whose outcome was told.
void hs_touch_forget(struct hs_touch *t);
// How it waits.
void hs_touch_describe(const struct hs_touch *t, struct hs_agent_waiting *out);

#endif
