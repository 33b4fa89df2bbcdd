// SPDX-License-Identifier: ISC
//
// One desktop notification, through notify-send (libnotify 0.8 or later). It only shows: no
// answer comes from it, and where it fails nothing else does.
#ifndef HS_AGENTD_NOTIFY_H
#define HS_AGENTD_NOTIFY_H

#include <uv.h>
#include "agentd/prompt_env.h"

struct hs_notify;

// title and text are clean (text but for its newlines). A text of more than 4096 bytes is
// cut, and says so. *complained is set with the first failure that is logged, and later
// ones are not; it must last until hs_notify_end. HS_ERR_IO with a sentence, HS_ERR_NOMEM.
int hs_notify_start(uv_loop_t *loop, const struct hs_prompt_env *env, const char *title,
    struct hs_str text, bool *complained, struct hs_notify **out, struct hs_err *err);
// The notification goes away, at the earliest a second after it was started, for
// notify-send cannot take it away before. Nulls *n; NULL is fine.
void hs_notify_end(struct hs_notify **n);

#endif
