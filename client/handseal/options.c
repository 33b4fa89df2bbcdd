// SPDX-License-Identifier: ISC
//
// Options of the commands that take next to none. Contract in options.h.
#include "client/handseal/options.h"

#include <getopt.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "proto/text.h"

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
		return hs_cmd_usage(name, "%s needs %s", name,
		    strcmp(name, "show") == 0 ? "an ID" : "a CODE");
	return HS_OPTIONS_GO;
}

int
hs_options_json_only(int argc, char **argv, int operands, bool *json)
{
	return hs_options_json_or(argc, argv, operands, json, NULL, NULL);
}

int
hs_options_wait(const char *command, const char *value, uint64_t *out)
{
	*out = 0;
	if (strcmp(value, "0") == 0 ||
	    hs_text_span(hs_str_c(value), HS_OPTIONS_WAIT_MAX, out) == HS_OK)
		return HS_EXIT_DONE;
	return hs_cmd_usage(
	    command, "--wait takes 0, or a time such as 90s, 15m or 8h, of at most a day");
}
