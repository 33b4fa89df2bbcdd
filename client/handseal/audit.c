// SPDX-License-Identifier: ISC
//
// handseal audit: finds the word and runs it. What the words do is in files of their own.
#include "client/handseal/audit.h"

#include <string.h>
#include "client/handseal/cmd.h"

int
cmd_audit(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} table[] = {{"verify", hs_audit_cmd_verify}, {"show", hs_audit_cmd_show},
	    {"evidence", hs_audit_cmd_evidence}, {"report", hs_audit_cmd_report},
	    {"export", hs_audit_cmd_export}};
	int status;

	if (argc < 2)
		return hs_cmd_usage("audit", "audit needs a word");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return hs_cmd_help("audit");
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(argv[1], table[i].name) != 0)
			continue;
		status = table[i].run(argc - 1, argv + 1);
		return status == -1 ? hs_cmd_help("audit") : status;
	}
	return hs_cmd_usage("audit", "audit does not know %s", argv[1]);
}
