// SPDX-License-Identifier: ISC
//
// A user's ssh_config(5) without what names keys, agents and open connections: text in,
// text out. For `handseal run`, whose ssh is to use the seat whatever the configuration
// says. Pure; which files there are is sshcopy.h's part. Lines are taken apart as OpenSSH's
// readconf.c and misc.c do it, and written in one form, so that ssh can read no other
// keyword there than we did.
#ifndef HS_CLIENT_SSHCONFIG_H
#define HS_CLIENT_SSHCONFIG_H

#include "proto/buf.h"

// Called for each word behind Include. Appends " PATH" for each file that is to be read in
// its place, none where there is none. Not 0: stop, with that code and err.
typedef int hs_sshconfig_include_fn(
    void *arg, struct hs_str pattern, struct hs_buf *out, struct hs_err *err);

// Appends the filtered text to out. Line n of it is line n of text; what is dropped leaves
// an empty line, so that ssh's own errors name the right one. No NUL in it but what include
// writes. HS_ERR_CONFIG with err->line: an Include whose words cannot be told;
// HS_ERR_NOMEM; HS_ERR_TOO_LONG; or what include returned.
int hs_sshconfig_filter(struct hs_str text, hs_sshconfig_include_fn *include, void *arg,
    struct hs_buf *out, struct hs_err *err);

// The keyword of one line (as written, without quotes) and what stands behind it, which
// points into line. False: the line has none (empty, a comment, quotes without end).
bool hs_sshconfig_keyword(struct hs_str line, struct hs_buf *keyword, struct hs_str *rest);

bool hs_sshconfig_is(struct hs_str keyword, const char *lower); // whatever its case

#endif
