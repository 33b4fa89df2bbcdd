// SPDX-License-Identifier: ISC
//
// handseal policy explain: what would become of a request, and why, without a touch.
#include <getopt.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "client/handseal/named.h"
#include "client/handseal/policy.h"
#include "proto/decide.h"
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

#define DEFAULT_TTL (15 * 60)

struct question {
	struct hs_scopeopts scope_options;
	struct hs_scope *scope;
	uint64_t ttl;
	bool ttl_given, opening, direct;
	const char *agent, *reason;
	struct hs_daemon daemon;
};

static int
take_option(struct question *q, int opt)
{
	struct hs_err err = {0};

	if (hs_scopeopts_is(opt)) {
		if (hs_scopeopts_take(&q->scope_options, opt, optarg, &err) != HS_OK)
			return hs_cmd_usage("policy", "%s", hs_err_sentence(&err));
		return HS_EXIT_DONE;
	}
	switch (opt) {
	case 't':
		q->ttl_given = true;
		if (hs_text_span(hs_str_c(optarg), HS_TTL_MAX, &q->ttl) != HS_OK)
			return hs_cmd_usage(
			    "policy", "--ttl takes a time such as 90s, 15m or 8h");
		return HS_EXIT_DONE;
	case 'a':
		q->agent = optarg;
		return HS_EXIT_DONE;
	case 'r':
		q->reason = optarg;
		return HS_EXIT_DONE;
	case 'O':
		q->opening = true;
		return HS_EXIT_DONE;
	case 'd':
		q->direct = true;
		return HS_EXIT_DONE;
	case 'j':
		q->daemon.json = true;
		return HS_EXIT_DONE;
	default:
		return hs_cmd_usage("policy", "explain does not take that");
	}
}

static int
parse_options(int argc, char **argv, struct question *q)
{
	static const struct option longs[] = {HS_SCOPEOPTS_LONG,
	    {"ttl", required_argument, NULL, 't'}, {"agent", required_argument, NULL, 'a'},
	    {"reason", required_argument, NULL, 'r'}, {"opening", no_argument, NULL, 'O'},
	    {"direct", no_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct hs_err err = {0};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		status = take_option(q, opt);
	}
	if (status != HS_EXIT_DONE)
		return status;
	if (optind < argc)
		return hs_cmd_usage("policy", "explain takes no %s", argv[optind]);
	if (!hs_text_is_agent_name(hs_str_c(q->agent)))
		return hs_cmd_usage("policy", "--agent takes a name of up to 32 of a-z "
					      "0-9 . _ - that begins with one of a-z 0-9");
	if (q->opening && q->direct)
		return hs_cmd_usage("policy",
		    "--opening asks it for a session, and --direct for a certificate");
	if (q->opening && hs_scopeopts_none(&q->scope_options))
		return HS_EXIT_DONE; // the session's
	if (hs_scopeopts_build(&q->scope_options, q->ttl, q->ttl_given ? "--ttl" : NULL,
		&q->scope, &err) == HS_OK)
		return HS_EXIT_DONE;
	if (err.code == HS_ERR_USAGE)
		return hs_cmd_usage("policy", "%s", hs_err_sentence(&err));
	(void)hs_cli_fail(q->daemon.json, &err);
	return err.code == HS_ERR_SCOPE ? HS_EXIT_USAGE : HS_EXIT_FAILED;
}

static enum hs_exit
exit_of(uint8_t decision)
{
	return decision == HS_DECIDE_ISSUE ? HS_EXIT_DONE
	       : decision == HS_DECIDE_ASK ? HS_EXIT_WAITING
					   : HS_EXIT_REFUSED;
}

// What the page promises of an answer: a code that fits, a difference only where it would
// be asked, and one that can be read.
static bool
is_sound(const struct hs_agent_explained *m, struct hs_scope **difference)
{
	bool ask = m->decision == HS_DECIDE_ASK;

	if (hs_str_is(m->code, "ok") != (m->decision != HS_DECIDE_REFUSE) ||
	    (m->difference.len > 0) != ask || (!ask && (m->pin != 0 || m->once != 0)))
		return false;
	return !ask || hs_scope_parse_canonical(m->difference, difference, NULL) == HS_OK;
}

static int
print_json(const struct hs_agent_explained *m, bool direct)
{
	static const char *const names[] = {"refuse", "issue", "ask"};
	int status = (int)exit_of(m->decision);

	if (hs_cli_print_json(json_pack("{s:s,s:o,s:o,s:o,s:o,s:b,s:b,s:b,s:i}", "decision",
		names[m->decision], "code", hs_cli_json(m->code), "sentence",
		hs_cli_json(m->sentence), "remedy", hs_cli_json(m->remedy), "difference",
		hs_cli_json_text(m->difference), "pin", m->pin != 0, "once", m->once != 0,
		"direct", direct, "exit", status)) != HS_EXIT_DONE)
		return HS_EXIT_FAILED;
	return status;
}

static void
put_sentence(struct hs_buf *b, const struct hs_agent_explained *m)
{
	if (m->sentence.len > 0)
		hs_put_fmt(b, ": %.*s", (int)m->sentence.len, (const char *)m->sentence.p);
}

static int
print_text(
    const struct hs_agent_explained *m, const struct hs_scope *difference, bool direct)
{
	struct hs_buf b = {0};

	if (m->decision == HS_DECIDE_REFUSE) {
		hs_put_fmt(&b, "It would be refused");
		put_sentence(&b, m);
		hs_put_fmt(&b, " (%.*s)\n", (int)m->code.len, (const char *)m->code.p);
		if (m->remedy.len > 0)
			hs_put_fmt(
			    &b, "%.*s\n", (int)m->remedy.len, (const char *)m->remedy.p);
	} else if (m->decision == HS_DECIDE_ISSUE) {
		hs_put_fmt(&b, "It would be issued, without a touch");
		put_sentence(&b, m);
		hs_put_fmt(&b, "\n");
	} else {
		hs_put_fmt(&b, "It would cost a touch%s%s", m->pin ? " with PIN" : "",
		    m->once ? ", for this one certificate" : "");
		put_sentence(&b, m);
		hs_put_fmt(&b, "\nnew\n");
		if (direct)
			hs_describe_statements(&b, difference, "  ");
		else
			hs_describe_scope(&b, difference, "  ");
	}
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
	return hs_cli_finish() == HS_EXIT_DONE ? (int)exit_of(m->decision) : HS_EXIT_FAILED;
}

static int
ask(struct question *q)
{
	struct hs_agent_policy m = {.what = HS_POLICY_ASK_EXPLAIN,
	    .scope = hs_scope_text(q->scope),
	    .agent = hs_str_c(q->agent),
	    .reason = hs_str_c(q->reason != NULL ? q->reason : ""),
	    .how = q->opening  ? HS_POLICY_HOW_OPEN
		   : q->direct ? HS_POLICY_HOW_DIRECT
			       : HS_POLICY_HOW_REQUEST};
	struct hs_agent_explained answer;
	struct hs_scope *difference = NULL;
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	int status;

	hs_agent_policy_put(&contents, &m);
	status = hs_daemon_call(&q->daemon, HS_EXT_POLICY, hs_buf_str(&contents), &body);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE)
		return status;
	if (hs_agent_explained_get(&body, &answer) != HS_OK ||
	    !is_sound(&answer, &difference))
		status = hs_daemon_malformed(&q->daemon, HS_EXT_POLICY);
	else if (q->daemon.json)
		status = print_json(&answer, q->direct);
	else
		status = print_text(&answer, difference, q->direct);
	hs_scope_free(&difference);
	return status;
}

int
hs_policy_cmd_explain(int argc, char **argv)
{
	struct question q = {.ttl = DEFAULT_TTL, .agent = HS_AGENT_UNKNOWN};
	int status = parse_options(argc, argv, &q);

	if (status == -1)
		return -1;
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&q.daemon);
	if (status == HS_EXIT_DONE && q.scope == NULL)
		status = hs_named_scope(&q.daemon, "policy", &q.scope_options, q.ttl,
		    q.ttl_given ? "--ttl" : NULL, q.opening ? NULL : &q.direct, &q.scope);
	if (status == HS_EXIT_DONE)
		status = ask(&q);
	hs_daemon_close(&q.daemon);
	hs_scope_free(&q.scope);
	return status;
}
