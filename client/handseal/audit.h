// SPDX-License-Identifier: ISC
//
// The words of `handseal audit`, a function each, and what they share: the roots whose
// touches count, and options. Not the log's files (audit_files.h) nor its checking
// (proto/auditcheck.h).
#ifndef HS_CLIENT_AUDIT_H
#define HS_CLIENT_AUDIT_H

#include "client/handseal/audit_files.h"
#include "client/handseal/cli.h"
#include "proto/serverconf.h"

// argv[0] is the word; each parses its own options, and returns an exit status, or -1 where
// help is wanted.
int hs_audit_cmd_verify(int argc, char **argv);
int hs_audit_cmd_show(int argc, char **argv);
int hs_audit_cmd_evidence(int argc, char **argv);
int hs_audit_cmd_export(int argc, char **argv);
int hs_audit_cmd_report(int argc, char **argv);

struct hs_auditroot {
	struct hs_key key;
	char name[HS_ROOT_OWNER_MAX + 1]; // a root's name, or what stands behind its line
	bool simulated;			  // known only of one that is enrolled here
};

struct hs_auditroots {
	struct hs_auditroot *v; // owned
	struct hs_key *keys;	// the same keys, for the checker
	size_t n;
};

// path: a file of lines as `handseal roots --pub` prints them; NULL: the enrolled roots. A
// line or file that cannot be used is told on stderr and passed over. hs_auditroots_free
// always. HS_NO_SUCH: there is none.
int hs_auditroots_load(struct hs_auditroots *out, const char *path, struct hs_err *err);
void hs_auditroots_free(struct hs_auditroots *r);

#endif
