// SPDX-License-Identifier: ISC
//
// A line of a known_hosts file, taken apart as sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", has
// it: marker, names, type, key. Which names they are is match.h's. Pure.
#ifndef HS_KNOWNHOSTS_LINE_H
#define HS_KNOWNHOSTS_LINE_H

#include "proto/knownhosts.h"

#define HS_LINE_MAX (64u * 1024) // bytes of a line, without its LF

struct hs_line {
	enum hs_knownhosts_kind kind; // by its marker
	struct hs_str hosts;	      // as they stand there; empty: there is no key here
	struct hs_str type, key;      // key: base64
};

// Takes the next line off text; false at its end.
bool hs_line_next(struct hs_str *text, struct hs_str *line);

// As ssh does, what is behind a NUL is not looked at; nor is a CR at the end. hosts is
// empty for an empty line and a comment. HS_ERR_FORMAT or HS_ERR_TOO_LONG with what is
// wrong; out->kind is right then if it got so far.
int hs_line_read(struct hs_str line, struct hs_line *out, struct hs_err *err);

#endif
