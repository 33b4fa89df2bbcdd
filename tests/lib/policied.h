// SPDX-License-Identifier: ISC
//
// A policy that is read, with what was told of it: errors as lines, and how many notes
// there were.
#ifndef HS_TESTS_POLICIED_H
#define HS_TESTS_POLICIED_H

#include "proto/policy.h"

static struct hs_policy policy;
static struct hs_buf told;
static size_t notes;

static inline void
keep(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	notes++;
	if (kind == HS_POLICY_ERROR)
		hs_put_fmt(&told, "%u:%u: %s\n", err->line, err->column, err->text);
}

static inline int
parse(struct hs_str text, bool system)
{
	hs_policy_free(&policy);
	hs_buf_reset(&told);
	notes = 0;
	return hs_policy_parse(text, system, &policy, keep, NULL);
}

#endif
