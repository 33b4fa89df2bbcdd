// SPDX-License-Identifier: ISC
//
// The command line of commands that take nothing but --json, --help and perhaps an operand.
#ifndef HS_CLIENT_OPTIONS_H
#define HS_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define HS_OPTIONS_GO (-1) // all well: do the command's work

// HS_OPTIONS_GO, or the exit status: help was printed, or a mistake told. Exactly
// `operands` operands must follow; argv[optind] is the first.
int hs_options_json_only(int argc, char **argv, int operands, bool *json);
// As above, with one flag more, named without its dashes.
int hs_options_json_or(
    int argc, char **argv, int operands, bool *json, const char *flag, bool *value);

// The value of --wait: 0, or a time. 0, or a mistake told.
#define HS_OPTIONS_WAIT_MAX 86400
int hs_options_wait(const char *command, const char *value, uint64_t *out);

#endif
