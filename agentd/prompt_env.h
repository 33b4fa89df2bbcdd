// SPDX-License-Identifier: ISC
//
// What the environment of the daemon offers for showing a prompt: an askpass program, a
// display, a session bus; and what of it the programs that show one may know. Read once, at
// the start. Runs nothing.
#ifndef HS_AGENTD_PROMPT_ENV_H
#define HS_AGENTD_PROMPT_ENV_H

#include "proto/buf.h"

#define HS_PROMPT_ENV_MAX 32

struct hs_prompt_env {
	char *askpass;			    // an absolute path, or NULL
	char *notify_send;		    // likewise
	char *child[HS_PROMPT_ENV_MAX + 1]; // NAME=VALUE, and NULL
	size_t nchild;
	const char *no_askpass, *no_notify; // what is missing, or NULL
	const char *no_display;		    // where that is missing too
};

// from is NAME=VALUE with a NULL behind it, as environ. Looks for:
//	HANDSEAL_ASKPASS, else SSH_ASKPASS: an absolute path that may be executed, and
//	DISPLAY or WAYLAND_DISPLAY, unless SSH_ASKPASS_REQUIRE is force (ssh(1));
//	notify-send in PATH's absolute folders, and a session bus: DBUS_SESSION_BUS_ADDRESS,
//	or XDG_RUNTIME_DIR/bus.
// An empty variable is as good as none, but an empty HANDSEAL_ASKPASS turns askpass off.
// HS_ERR_NOMEM. Free also after an error.
int hs_prompt_env_read(struct hs_prompt_env *e, char *const *from);
void hs_prompt_env_free(struct hs_prompt_env *e);

#endif
