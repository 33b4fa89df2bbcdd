// SPDX-License-Identifier: ISC
//
// Options of the commands that take next to none. Contract in options.h.
#include "client/handseal/options.h"

#include <getopt.h>
#include "client/handseal/cmd.h"

int
hs_options_json_or(
    int argc, char **argv, int operands, bool *json, const char *flag, bool *value)
{
	const struct option longs[] = {{"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {flag, no_argument, NULL, 'f'}, {0}};
	const char *name = argv[0];
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return hs_cmd_help(name);
		if (opt == 'j')
			*json = true;
		else if (opt == 'f' && value != NULL)
			*value = true;
		else
			return hs_cmd_usage(name, "%s does not take that", name);
	}
	if (argc - optind > operands)
		return hs_cmd_usage(
		    name, "%s does not take %s", name, argv[optind + operands]);
	if (argc - optind < operands)
		return hs_cmd_usage(name, "%s needs an ID", name);
	return HS_OPTIONS_GO;
}

int
hs_options_json_only(int argc, char **argv, int operands, bool *json)
{
	return hs_options_json_or(argc, argv, operands, json, NULL, NULL);
}
