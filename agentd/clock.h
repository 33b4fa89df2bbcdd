// SPDX-License-Identifier: ISC
//
// The two clocks: the wall clock, which certificates and servers go by and which anybody
// may set, and the one that counts since boot, suspend included, which nobody can. What
// follows from a time is decided elsewhere, with struct hs_now as an argument.
#ifndef HS_AGENTD_CLOCK_H
#define HS_AGENTD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct hs_now {
	uint64_t wall;	  // Unix seconds
	uint64_t wall_ms; // the same in milliseconds
	uint64_t boot_ms; // CLOCK_BOOTTIME in milliseconds
};

void hs_clock_read(struct hs_now *now);

// Notices that the wall clock was set. Zero-initialise. Slewing is no setting: each look
// starts anew, and only a difference of more than two seconds between looks counts.
struct hs_clock {
	bool set;
	int64_t offset_ms; // wall minus boot at the last look
};
// True if the wall clock was set since the last look; *jump (seconds, forward is positive).
bool hs_clock_look(struct hs_clock *c, const struct hs_now *now, int64_t *jump);

// Calls back at an end, by whichever clock comes first, and each time the wall clock is
// set.
typedef void hs_clock_cb(void *arg);
struct hs_clock_alarm;
struct hs_clock_alarm *hs_clock_alarm_new(uv_loop_t *loop, hs_clock_cb *cb, void *arg);
// wall in Unix seconds, boot in milliseconds; 0 and 0: no end, only settings of the clock.
void hs_clock_alarm_set(struct hs_clock_alarm *a, uint64_t wall, uint64_t boot_ms);
void hs_clock_alarm_free(
    struct hs_clock_alarm **a); // memory goes with the loop's next turn

#endif
