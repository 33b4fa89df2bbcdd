// SPDX-License-Identifier: ISC
//
// handseal revoke: takes back what was handed out, with all below it. By a root's touch it
// is byroot.c's.
#include <getopt.h>
#include <string.h>
#include "client/handseal/byroot.h"
#include "client/handseal/cmd.h"
#include "client/handseal/options.h"
#include "client/handseal/revoking.h"

struct wanted {
	enum hs_agent_revoke_what what;
	unsigned kinds; // of them named, which must be one
	struct hs_buf name;
};

static void
take(struct wanted *w, enum hs_agent_revoke_what what, const char *name)
{
	w->what = what;
	w->kinds++;
	hs_buf_reset(&w->name);
	hs_put_fmt(&w->name, "%s", name);
}

static int
parse(int argc, char **argv, struct wanted *w, bool *json)
{
	static const struct option longs[] = {{"agent", required_argument, NULL, 'a'},
	    {"session", required_argument, NULL, 's'},
	    {"root", required_argument, NULL, 'r'}, {"all", no_argument, NULL, 'A'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return hs_cmd_help(argv[0]);
		if (opt == 'j')
			*json = true;
		else if (opt == 'a')
			take(w, HS_REVOKE_AGENT, optarg);
		else if (opt == 's')
			take(w, HS_REVOKE_SESSION, optarg);
		else if (opt == 'r')
			take(w, HS_REVOKE_ROOT, optarg);
		else if (opt == 'A')
			take(w, HS_REVOKE_ALL, "");
		else
			return hs_cmd_usage(argv[0], "revoke does not take that");
	}
	if (optind < argc) {
		take(w, HS_REVOKE_IDS, "");
		for (int i = optind; i < argc; i++)
			hs_put_fmt(&w->name, "%s%s", i > optind ? " " : "", argv[i]);
	}
	if (w->kinds != 1)
		return hs_cmd_usage(argv[0],
		    "revoke takes IDs, or one of --agent, --session, --root and --all");
	if (w->what != HS_REVOKE_ALL && w->name.len == 0)
		return hs_cmd_usage(argv[0], "revoke needs a name there");
	return HS_OPTIONS_GO;
}

static bool
is_by_root(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--by-root") == 0)
			return true;
	return false;
}

int
cmd_revoke(int argc, char **argv)
{
	struct hs_daemon d = {0};
	struct wanted w = {0};
	int status;

	if (is_by_root(argc, argv))
		return hs_byroot(argc, argv);
	status = parse(argc, argv, &w, &d.json);

	if (status == HS_OPTIONS_GO) {
		status = hs_daemon_connect(&d);
		if (status == HS_EXIT_DONE)
			status = hs_revoking(&d, w.what, hs_buf_str(&w.name));
		hs_daemon_close(&d);
	}
	hs_buf_free(&w.name);
	return status;
}
