// SPDX-License-Identifier: ISC
//
// The parts of the report's page (audit_report.c puts them together). Whatever comes from
// the log goes through hs_html_text; nothing else of it reaches the page.
#ifndef HS_CLIENT_AUDIT_HTML_H
#define HS_CLIENT_AUDIT_HTML_H

#include <stdio.h>
#include "client/handseal/audit_gather.h"

// Cleaned of what may not be shown, and escaped for text and for attributes in quotes.
void hs_html_text(FILE *f, const char *s);
// "2026-11-24 02:00:03" in a <time>, UTC; "02:00:03" where it is on that day (Unix
// seconds of its beginning; 0: no day).
void hs_html_time(FILE *f, uint64_t t, uint64_t day);
void hs_html_date(FILE *f, uint64_t t);
// "7c2e.3"
void hs_html_id(FILE *f, const struct hs_audit_gathered *g, const struct hs_audit_made *m);

extern const char hs_html_style[];

// A figure for each day on which something happened, the latest first, at most 31.
void hs_html_timeline(FILE *f, const struct hs_audit_gathered *g);
// A section for each session, the latest first: its touches, and who had what.
void hs_html_register(FILE *f, const struct hs_audit_gathered *g);
// Refusals, declines and the like, those of one kind together.
void hs_html_refusals(FILE *f, const struct hs_audit_gathered *g);
void hs_html_verdict(FILE *f, const struct hs_audit_gathered *g);

#endif
