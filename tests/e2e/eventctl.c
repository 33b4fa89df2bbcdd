// SPDX-License-Identifier: ISC
//
// The events and the policy as a test sees them on the wire: what agentctl does for the
// other extensions. Prints an event a line, fields separated by TAB, LF in texts as "|";
// exits as agentctl.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/names.h"
#include "tests/lib/agentwire.h"

static void
put_field(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		putchar(s.p[i] == '\n' ? '|' : s.p[i]);
	putchar('\t');
}

static void
show_event(const struct hs_agent_event *e)
{
	printf("%" PRIu64 "\t", e->seq);
	put_field(e->event);
	put_field(e->code);
	put_field(e->agent);
	put_field(e->id);
	put_field(e->why);
	printf("%u\t%" PRIu64 "\t", e->pin, e->until);
	put_field(e->text);
	put_field(e->said);
	putchar('\n');
}

// One question; the next one's `after` is in *m then.
static void
ask(struct hs_agent_events *m)
{
	enum hs_agent_status status;
	struct hs_agent_told told;
	struct hs_agent_event e;
	struct hs_rd r;

	hs_wire_send(HS_EXT_EVENTS, HS_WIRE_PUT(events), m);
	r = hs_wire_answer(HS_EXT_EVENTS, &status);
	hs_wire_check(hs_agent_told_get(&r, &told));
	for (uint32_t i = 0; i < told.n; i++) {
		hs_wire_check(hs_agent_event_get(&r, &e));
		show_event(&e);
	}
	hs_wire_check(hs_rd_end(&r));
	m->after = told.last;
	printf("last %" PRIu64 "%s\n", told.last, told.anew ? " anew" : "");
	fflush(stdout);
}

static void
do_events(const char *after, const char *wait, const char *prompts)
{
	struct hs_agent_events m = {.after = strtoull(after, NULL, 10),
	    .wait = (uint32_t)strtoul(wait, NULL, 10),
	    .prompts = (uint8_t)strtoul(prompts, NULL, 10)};

	ask(&m);
}

// Until the daemon ends, which ends us.
static void
do_follow(const char *prompts)
{
	struct hs_agent_events m = {.prompts = (uint8_t)strtoul(prompts, NULL, 10)};

	for (;;) {
		ask(&m);
		m.wait = 30;
	}
}

static void
do_info(enum hs_agent_policy_what what, const char *names)
{
	struct hs_agent_policy m = {.what = (uint8_t)what, .names = hs_str_c(names)};
	struct hs_agent_policy_info info;
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_send(HS_EXT_POLICY, HS_WIRE_PUT(policy), &m);
	r = hs_wire_answer(HS_EXT_POLICY, &status);
	hs_wire_check(hs_agent_policy_info_get(&r, &info));
	hs_wire_show("text", info.text);
	hs_wire_show("notes", info.notes);
}

static void
do_explain(const char *scope, const char *agent, const char *reason, bool opening)
{
	struct hs_agent_policy m = {.what = HS_POLICY_ASK_EXPLAIN,
	    .scope = hs_wire_file(scope),
	    .agent = hs_str_c(agent),
	    .reason = hs_str_c(reason),
	    .how = opening ? HS_POLICY_HOW_OPEN : HS_POLICY_HOW_REQUEST};
	struct hs_agent_explained answer;
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_send(HS_EXT_POLICY, HS_WIRE_PUT(policy), &m);
	r = hs_wire_answer(HS_EXT_POLICY, &status);
	hs_wire_check(hs_agent_explained_get(&r, &answer));
	printf("decision %u\npin %u\nonce %u\n", answer.decision, answer.pin, answer.once);
	hs_wire_show("code", answer.code);
	hs_wire_show("sentence", answer.sentence);
	hs_wire_show("remedy", answer.remedy);
	hs_wire_show("difference", answer.difference);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	wire_dial();
	if (strcmp(word, "events") == 0 && argc == 5)
		do_events(argv[2], argv[3], argv[4]);
	else if (strcmp(word, "follow") == 0 && argc == 3)
		do_follow(argv[2]);
	else if (strcmp(word, "show") == 0)
		do_info(HS_POLICY_ASK_SHOW, "");
	else if (strcmp(word, "reload") == 0)
		do_info(HS_POLICY_ASK_RELOAD, "");
	else if (strcmp(word, "scope") == 0)
		do_info(HS_POLICY_ASK_SCOPE, argc > 2 ? argv[2] : "");
	else if (strcmp(word, "explain") == 0 && argc >= 5)
		do_explain(argv[2], argv[3], argv[4], argc > 5);
	else
		wire_die("events AFTER WAIT PROMPTS | follow PROMPTS | show | reload | "
			 "scope [NAMES] | explain SCOPE AGENT REASON [opening]");
	hs_buf_free(&wire.in);
	return 0;
}
