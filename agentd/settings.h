// SPDX-License-Identifier: ISC
//
// What the daemon runs with, fixed once it has started.
#ifndef HS_AGENTD_SETTINGS_H
#define HS_AGENTD_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "proto/err.h"
#include "proto/limits.h"

#define HS_SHOW_MS	   1000 // a text stands this long before a key blinks for it
#define HS_GAP_MS	   1500 // between two ceremonies
#define HS_SEAT_CERT_TTL   900	// seconds: a certificate of a seat lives no longer
#define HS_PUBLISH_SECONDS 60	// a Publish command may take so long
#define HS_LISTS_SECONDS   300	// lists of what is revoked are written so often
#define HS_GRACE_MS	   3000 // a helper may take this much longer than the touch may

struct hs_settings {
	char socket[PATH_MAX];
	char roots_dir[PATH_MAX];
	char state_dir[PATH_MAX];
	char client[PATH_MAX];	    // handseal, beside this program; "": not known
	char helper[PATH_MAX];	    // handseal-sk-helper
	char known_hosts[PATH_MAX]; // handseal-known-hosts
	char home[PATH_MAX];	    // what ~ is; "": not known
	uint64_t ttl_max;	    // seconds: the longest session
	uint32_t armed;		    // seconds that a key blinks
	uint32_t show_ms, grace_ms, gap_ms;
	uint32_t
	    seat_renew_s; // a seat's certificate is renewed when so old; 0: as it lives
	uint32_t publish_ms;
	uint32_t lists_s;      // lists are written anew every so many seconds
	char policy[PATH_MAX]; // the user's
};

#endif
