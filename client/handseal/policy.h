// SPDX-License-Identifier: ISC
//
// The words of `handseal policy`, a function each. Not the policy itself (proto/policy.h).
#ifndef HS_CLIENT_POLICY_H
#define HS_CLIENT_POLICY_H

#include <stdbool.h>

// argv[0] is the word; each parses its own options, and returns an exit status, or -1 where
// help is wanted.
int hs_policy_cmd_check(int argc, char **argv);
int hs_policy_cmd_explain(int argc, char **argv);
int hs_policy_cmd_show(int argc, char **argv);
int hs_policy_cmd_reload(int argc, char **argv);

#endif
