// SPDX-License-Identifier: ISC
//
// handseal policy: finds the word and runs it; show and reload, which ask the daemon. What
// check and explain do is in files of their own.
#include "client/handseal/policy.h"

#include <getopt.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "client/handseal/daemon.h"
#include "proto/names.h"

// "path:line:column: sentence" a line, as an array.
static json_t *
notes_json(struct hs_str notes)
{
	json_t *list = json_array();
	struct hs_str line;

	while (list != NULL && hs_str_next(&notes, '\n', &line)) {
		if (json_array_append_new(list, hs_cli_json(line)) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static int
print_info(const struct hs_agent_policy_info *m, bool json, bool text)
{
	if (json)
		return hs_cli_print_json(json_pack("{s:o,s:o}", "policy",
		    hs_cli_json_text(m->text), "notes", notes_json(m->notes)));
	if (text)
		hs_cli_put_text(stdout, m->text, "");
	else
		puts("Read again, and in force.");
	fflush(stdout);
	hs_cli_put_text(stderr, m->notes, "");
	return hs_cli_finish();
}

static int
ask(int argc, char **argv, enum hs_agent_policy_what what)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct hs_daemon d = {0};
	struct hs_agent_policy m = {.what = (uint8_t)what};
	struct hs_agent_policy_info info;
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt != 'j')
			return hs_cmd_usage("policy", "%s does not take that", argv[0]);
		d.json = true;
	}
	if (optind < argc)
		return hs_cmd_usage("policy", "%s takes no %s", argv[0], argv[optind]);
	hs_agent_policy_put(&contents, &m);
	status = hs_daemon_connect(&d);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_call(&d, HS_EXT_POLICY, hs_buf_str(&contents), &body);
	if (status == HS_EXIT_DONE && hs_agent_policy_info_get(&body, &info) != HS_OK)
		status = hs_daemon_malformed(&d, HS_EXT_POLICY);
	else if (status == HS_EXIT_DONE)
		status = print_info(&info, d.json, what == HS_POLICY_ASK_SHOW);
	hs_buf_free(&contents);
	hs_daemon_close(&d);
	return status;
}

int
hs_policy_cmd_show(int argc, char **argv)
{
	return ask(argc, argv, HS_POLICY_ASK_SHOW);
}

int
hs_policy_cmd_reload(int argc, char **argv)
{
	return ask(argc, argv, HS_POLICY_ASK_RELOAD);
}

int
cmd_policy(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} table[] = {{"check", hs_policy_cmd_check}, {"explain", hs_policy_cmd_explain},
	    {"show", hs_policy_cmd_show}, {"reload", hs_policy_cmd_reload}};
	int status;

	if (argc < 2)
		return hs_cmd_usage(
		    "policy", "policy needs a word: check, show, reload or explain");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return hs_cmd_help("policy");
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(argv[1], table[i].name) != 0)
			continue;
		status = table[i].run(argc - 1, argv + 1);
		return status == -1 ? hs_cmd_help("policy") : status;
	}
	return hs_cmd_usage("policy", "policy does not know %s", argv[1]);
}
