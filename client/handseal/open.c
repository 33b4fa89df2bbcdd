// SPDX-License-Identifier: ISC
//
// handseal open: asks for a session, shows what the touch will sign, waits for the touch,
// and checks what it was given for it.
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "client/handseal/believe.h"
#include "client/handseal/cmd.h"
#include "client/handseal/daemon.h"
#include "client/handseal/scopeopts.h"
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

#define ARMED_MAX 600 // what an answer may say; longer is not believed
#define QUEUE_MAX 120 // other people's touches may come first

struct asking {
	struct hs_scopeopts scope_options;
	struct hs_scope *scope;
	uint64_t ttl, max_ttl;
	bool max_ttl_given;
	const char *reason;
	bool json;
	struct hs_daemon daemon;
	FILE *talk; // where a person reads: stdout, or stderr beside --json
	struct hs_buf code, shown;
	uint32_t armed;
	bool several; // keys that will do
};

static int
parse_span(const char *option, const char *value, uint64_t max, uint64_t *out)
{
	if (hs_text_span(hs_str_c(value), max, out) == HS_OK)
		return HS_EXIT_DONE;
	return hs_cmd_usage("open",
	    "%s takes a time such as 90s, 15m or 8h, of at most %" PRIu64 " seconds",
	    option, max);
}

static int
parse_options(int argc, char **argv, struct asking *a)
{
	static const struct option longs[] = {HS_SCOPEOPTS_LONG,
	    {"ttl", required_argument, NULL, 't'},
	    {"max-ttl", required_argument, NULL, 'm'},
	    {"reason", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct hs_err err = {0};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (hs_scopeopts_is(opt)) {
			if (hs_scopeopts_take(&a->scope_options, opt, optarg, &err) !=
			    HS_OK)
				status = hs_cmd_usage("open", "%s", hs_err_sentence(&err));
		} else if (opt == 't') {
			status = parse_span("--ttl", optarg, HS_SESSION_TTL, &a->ttl);
		} else if (opt == 'm') {
			status = parse_span("--max-ttl", optarg, HS_TTL_MAX, &a->max_ttl);
			a->max_ttl_given = true;
		} else if (opt == 'r') {
			a->reason = optarg;
		} else if (opt == 'j') {
			a->json = true;
		} else if (opt == 'h') {
			return -1;
		} else {
			status = hs_cmd_usage("open", "open does not take that");
		}
	}
	if (status == HS_EXIT_DONE && optind < argc)
		status = hs_cmd_usage("open", "open takes no %s", argv[optind]);
	return status;
}

static int
build_scope(struct asking *a)
{
	struct hs_err err = {0};

	if (!a->max_ttl_given)
		a->max_ttl = a->ttl < HS_MAX_DELEGATION ? a->ttl : HS_MAX_DELEGATION;
	if (hs_scopeopts_build(&a->scope_options, a->max_ttl,
		a->max_ttl_given ? "--max-ttl" : NULL, &a->scope, &err) == HS_OK)
		return HS_EXIT_DONE;
	if (err.code == HS_ERR_USAGE)
		return hs_cmd_usage("open", "%s", hs_err_sentence(&err));
	(void)hs_cli_fail(a->json, &err);
	return err.code == HS_ERR_SCOPE ? HS_EXIT_USAGE : HS_EXIT_FAILED;
}

// The text must be what it looks like: what would be shown otherwise than it is signed is
// not shown at all, and the touch is called off by hanging up.
static bool
is_showable(struct hs_str text)
{
	for (size_t i = 0; i < text.len;) {
		const uint8_t *lf = memchr(text.p + i, '\n', text.len - i);
		size_t end = lf == NULL ? text.len : (size_t)(lf - text.p);

		if (!hs_text_shown((struct hs_str){text.p + i, end - i}, NULL))
			return false;
		i = end + 1;
	}
	return text.len > 0;
}

static void
show(struct asking *a, struct hs_str keys)
{
	fputs("One touch will sign this:\n\n", a->talk);
	hs_cli_put_text(a->talk, hs_buf_str(&a->shown), "  ");
	fputs("\nTouch ", a->talk);
	for (size_t i = 0; i < keys.len; i++) {
		if (keys.p[i] == ',')
			fputs(" or ", a->talk);
		else
			hs_cli_put(a->talk, (struct hs_str){keys.p + i, 1});
	}
	fprintf(a->talk, " (%.*s) … ", (int)a->code.len, (const char *)a->code.p);
	fflush(a->talk);
	a->daemon.begun = a->talk;
	a->several = memchr(keys.p, ',', keys.len) != NULL;
}

static int
ask(struct asking *a)
{
	struct hs_agent_open m = {.scope = hs_scope_text(a->scope),
	    .ttl = a->ttl,
	    .reason = hs_str_c(a->reason != NULL ? a->reason : "")};
	struct hs_agent_asked asked = {0};
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	struct hs_err err = {0};
	int status;

	hs_agent_open_put(&contents, &m);
	status = hs_daemon_call(&a->daemon, HS_EXT_OPEN, hs_buf_str(&contents),
	    HS_CONN_SECONDS, HS_AGENT_PENDING, &body);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE)
		return status;
	if (hs_agent_asked_get(&body, &asked) != HS_OK || asked.code.len != 3 ||
	    asked.shown.len > HS_SHOWN_MAX || asked.armed > ARMED_MAX)
		return hs_daemon_malformed(&a->daemon, HS_EXT_OPEN);
	if (!is_showable(asked.shown) || !hs_text_shown(asked.code, NULL)) {
		(void)hs_fail(&err, HS_SK_LIED,
		    "handseald's text holds control characters: it is not shown, and the "
		    "touch is called off");
		return hs_cli_fail(a->json, &err);
	}
	hs_put_raw(&a->code, asked.code.p, asked.code.len);
	hs_put_raw(&a->shown, asked.shown.p, asked.shown.len);
	a->armed = asked.armed;
	show(a, asked.keys);
	return HS_EXIT_DONE;
}

static int
print_opened(
    struct asking *a, const struct hs_agent_opened *o, const struct hs_root_record *root)
{
	uint64_t now = hs_cli_now();
	struct hs_buf text = {0};

	if (a->json)
		return hs_cli_print_json(json_pack("{s:o,s:o,s:o,s:o,s:b,s:b,s:o,s:o}",
		    "session", hs_cli_json(o->session), "end", hs_cli_json_time(o->end),
		    "root", hs_cli_json(o->root), "fingerprint",
		    hs_cli_json(o->fingerprint), "verified",
		    (o->flags & HS_SK_FLAG_UV) != 0, "simulated", (int)root->simulated,
		    "scope", hs_cli_json_text(hs_scope_text(a->scope)), "shown",
		    hs_cli_json_text(hs_buf_str(&a->shown))));
	hs_put_fmt(&text, "Session %.4s until ", (const char *)o->session.p);
	hs_cli_put_when(&text, o->end, now);
	hs_put_fmt(&text, ".%s\n",
	    root->simulated ? " SIMULATED: a software key, so no hand stands behind it."
			    : "");
	hs_put_fmt(&text, "Next:  handseal request --help\n");
	fputs(hs_cli_cstr(&text), stdout);
	hs_buf_free(&text);
	return hs_cli_finish();
}

static int
wait_for_touch(struct asking *a, uint64_t now)
{
	struct hs_agent_pending m = {.code = hs_buf_str(&a->code)};
	struct hs_believe_open asked = {
	    .scope = a->scope, .shown = hs_buf_str(&a->shown), .now = now, .ttl = a->ttl};
	struct hs_agent_opened opened = {0};
	struct hs_root_record root;
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	struct hs_err err = {0};
	int status;

	hs_agent_pending_put(&contents, &m);
	status = hs_daemon_call(&a->daemon, HS_EXT_PENDING, hs_buf_str(&contents),
	    a->armed + QUEUE_MAX, HS_AGENT_DONE, &body);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE)
		return status;
	if (hs_agent_opened_get(&body, &opened) != HS_OK)
		return hs_daemon_malformed(&a->daemon, HS_EXT_PENDING);
	if (hs_believe_grant(&opened, &asked, &root, &err) != HS_OK) {
		hs_daemon_end_line(&a->daemon);
		return hs_cli_fail_with(a->json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c("Do not use this session:  handseal close"));
	}
	fprintf(
	    a->talk, "%s%stouched.\n", a->several ? root.name : "", a->several ? " " : "");
	return print_opened(a, &opened, &root);
}

int
cmd_open(int argc, char **argv)
{
	struct asking a = {.ttl = HS_SESSION_TTL};
	uint64_t now = hs_cli_now();
	int status = parse_options(argc, argv, &a);

	if (status == -1)
		return hs_cmd_help("open");
	a.talk = a.json ? stderr : stdout;
	a.daemon = (struct hs_daemon){.conn.fd = -1, .json = a.json, .opening = true};
	if (status == HS_EXIT_DONE)
		status = build_scope(&a);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&a.daemon);
	if (status == HS_EXIT_DONE)
		status = ask(&a);
	if (status == HS_EXIT_DONE)
		status = wait_for_touch(&a, now);
	hs_daemon_close(&a.daemon);
	hs_buf_free(&a.code);
	hs_buf_free(&a.shown);
	hs_scope_free(&a.scope);
	return status;
}
