// SPDX-License-Identifier: ISC
//
// Several security keys asked the same thing at once, a thread each: the first that is
// touched wins, the others are called off. So a person touches once, whichever key it is.
// What is asked is the caller's.
#ifndef HS_SKHELPER_RACE_H
#define HS_SKHELPER_RACE_H

#include "agentd/sk-helper/device.h"

struct hs_lane; // one key's part in it

// Runs on the lane's thread: opens the device, asks, looks at the answer. HS_OK: this one
// has won. i is the device's place in the list.
typedef int hs_lane_fn(struct hs_lane *l, size_t i, void *arg, struct hs_err *err);

struct hs_device *hs_lane_device(struct hs_lane *l);
const atomic_bool *hs_lane_stop(const struct hs_lane *l);
// The call between these two waits for a touch and is cancelled where need be. False: it is
// over already, do not begin.
bool hs_lane_arm(struct hs_lane *l);
void hs_lane_disarm(struct hs_lane *l);
// This key is the one: the others are called off, and as it ends for this lane, so it ends
// for all. False: it is over already, or another was faster. The time begins anew, and
// a little longer, for what is waited for with a deadline of its own.
bool hs_lane_claim(struct hs_lane *l);
// The time for the touch begins anew: a PIN was typed meanwhile.
void hs_lane_restart(struct hs_lane *l);
// The person has answered on this key: if the lane fails now, so does the whole race.
void hs_lane_decide(struct hs_lane *l);

struct hs_race_end {
	size_t winner; // where it went well
	bool stuck;    // a thread did not come back: free nothing, answer, and _exit
};

// Runs fn for each device. Returns HS_OK where one has won; else the failure that says
// most, HS_SK_TIMEOUT after that many seconds, HS_SK_CANCELLED on SIGTERM, SIGINT and
// SIGHUP, which it blocks for good. devs and arg are in use by the threads until it
// returns, and after that if stuck.
int hs_race_run(struct hs_devices *devs, hs_lane_fn *fn, void *arg, uint32_t seconds,
    struct hs_race_end *end, struct hs_err *err);

// Which of two failures of different devices tells a person more? Exposed for its test.
bool hs_race_says_more(enum hs_code a, enum hs_code than);

#endif
