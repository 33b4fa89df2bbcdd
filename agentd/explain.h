// SPDX-License-Identifier: ISC
//
// Why one scope is not inside another, in words: the first thing that is not covered. Pure.
// Decides nothing: hs_scope_under did.
#ifndef HS_AGENTD_EXPLAIN_H
#define HS_AGENTD_EXPLAIN_H

#include "agentd/refusal.h"
#include "proto/scope.h"

// want is not under ceiling: fills in HS_NO_CEILING, what is missing, and what would help.
int hs_explain_outside(
    const struct hs_scope *want, const struct hs_scope *ceiling, struct hs_refusal *why);

// The same where want is not below what the seat above it has.
int hs_explain_below(
    const struct hs_scope *want, const struct hs_scope *above, struct hs_refusal *why);

#endif
