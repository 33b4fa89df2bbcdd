// SPDX-License-Identifier: ISC
//
// handseald's command line, as ssh-agent has it, and what it takes from the environment.
// Reads nothing but argv and the environment; acts on nothing.
#ifndef HS_AGENTD_OPTIONS_H
#define HS_AGENTD_OPTIONS_H

#include <limits.h>
#include "agentd/settings.h"

struct hs_daemon_options {
	bool csh;	     // settings for csh
	bool kill;	     // -k
	bool foreground;     // -D
	const char *address; // -a, or NULL
	uint64_t ttl;	     // -t in seconds
	char **command;	     // NULL-terminated, or NULL
};

// HS_ERR_USAGE with a sentence. shell is $SHELL or NULL.
int hs_options_parse(int argc, char **argv, const char *shell,
    struct hs_daemon_options *out, struct hs_err *err);
const char *hs_options_usage(void);

// Fills paths and bounds from the environment (XDG_*, HOME, HANDSEAL_SK_HELPER,
// HANDSEAL_KNOWN_HOSTS, HANDSEAL_TOUCH_SECONDS). HS_ERR_CONFIG with a sentence. Leaves
// socket alone.
int hs_options_settings(
    const struct hs_daemon_options *o, struct hs_settings *out, struct hs_err *err);

#endif
