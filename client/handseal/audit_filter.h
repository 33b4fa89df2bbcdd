// SPDX-License-Identifier: ISC
//
// Which records of the log somebody wants: by agent, scope, event, time, or all that
// concerns one certificate or seat. Filters look at what records say, proven or not.
#ifndef HS_CLIENT_AUDIT_FILTER_H
#define HS_CLIENT_AUDIT_FILTER_H

#include <getopt.h>
#include "client/handseal/audit_files.h"

struct hs_auditfilter {
	const char *agent, *event; // exactly
	const char *scope;	   // part of a scope's text
	uint64_t since, until;	   // Unix seconds; until 0: open
	const char *id;		   // SERIAL or SESSION.SERIAL as typed, or NULL
	// of id, once hs_auditfilter_find has looked
	bool found;
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial;
	bool direct;		 // its touch signed it itself
	uint64_t *asks, *grants; // owned: the askings and grants it came from
	size_t n;
};

// For getopt: the long options of a filter, to stand in a command's table; their values
// are above all characters.
enum {
	HS_FILTER_AGENT = 256,
	HS_FILTER_SCOPE,
	HS_FILTER_EVENT,
	HS_FILTER_SINCE,
	HS_FILTER_UNTIL
};
#define HS_FILTER_OPTIONS                                                                  \
	{"agent", required_argument, NULL, HS_FILTER_AGENT},                               \
	    {"scope", required_argument, NULL, HS_FILTER_SCOPE},                           \
	    {"event", required_argument, NULL, HS_FILTER_EVENT},                           \
	    {"since", required_argument, NULL, HS_FILTER_SINCE},                           \
	{                                                                                  \
		"until", required_argument, NULL, HS_FILTER_UNTIL                          \
	}
// Takes one of them. False: value is no time.
bool hs_auditfilter_option(
    struct hs_auditfilter *f, int opt, const char *value, uint64_t now);

// Unix seconds, 2026-01-31, 2026-01-31T18:05:00Z, or a span such as 2h before now.
bool hs_auditfilter_time(const char *text, uint64_t now, uint64_t *out);

// Where an id is wanted: finds in the files what it is about. HS_ERR_USAGE: no id;
// HS_NO_SUCH: no record is of it, or it is of several sessions.
int hs_auditfilter_find(
    struct hs_auditfilter *f, const struct hs_auditfiles *files, struct hs_err *err);
void hs_auditfilter_free(struct hs_auditfilter *f);

bool hs_auditfilter_wants(const struct hs_auditfilter *f, const struct hs_auditread *r);

#endif
