// SPDX-License-Identifier: ISC
//
// A record of the log in words for a person: one line, and what a report says of it.
#ifndef HS_CLIENT_AUDIT_LINE_H
#define HS_CLIENT_AUDIT_LINE_H

#include "proto/auditread.h"

// What happened, without number, time and event: "claude 7c2e.3 may deploy@web1: uptime,
// until 18:05". Not cleaned: whoever shows it does that.
void hs_auditline_words(struct hs_buf *b, const struct hs_auditread *r);

// "7c2e.3" of a record of a certificate or seat; "7c2e" of another with a session; nothing.
void hs_auditline_id(struct hs_buf *b, const struct hs_auditread *r);

#endif
