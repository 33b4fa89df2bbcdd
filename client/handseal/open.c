// SPDX-License-Identifier: ISC
//
// handseal open: asks for a session, shows what the touch will sign, asks for the PIN where
// one is wanted, waits for the touch, and checks what it was given for it.
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/asked.h"
#include "client/handseal/cmd.h"
#include "client/handseal/enrolled.h"
#include "client/handseal/named.h"
#include "client/handseal/outcome.h"
#include "client/handseal/pinpipe.h"
#include "proto/grant.h"
#include "proto/text.h"

#define WAIT_MAX 900 // what `until` says beyond that is not waited for
#define UNDONE	 "Do not use this session:  handseal close"
#define SLACK	 5 // seconds that the daemon may take to say that it is gone

struct asking {
	struct hs_scopeopts scope_options;
	struct hs_scope *scope;
	uint64_t ttl, max_ttl;
	bool ttl_given, max_ttl_given;
	const char *reason;
	bool json;
	struct hs_daemon daemon;
	FILE *talk; // where a person reads: stdout, or stderr beside --json
	struct hs_asked asked;
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
			a->ttl_given = true;
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

// What the command line says by itself is judged before anybody is asked.
static int
build_scope(struct asking *a)
{
	struct hs_err err = {0};

	if (hs_scopeopts_none(&a->scope_options))
		return HS_EXIT_DONE;
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

// The policy may name the scope, and may allow a session less than the default.
static int
ask_policy(struct asking *a)
{
	uint64_t ttl = a->ttl_given ? a->ttl : hs_named_session_ttl();

	if (a->scope == NULL) {
		a->ttl = ttl;
		return hs_named_scope(&a->daemon, "open", &a->scope_options, a->max_ttl,
		    a->max_ttl_given ? "--max-ttl" : NULL, NULL, &a->scope);
	}
	if (ttl == a->ttl)
		return HS_EXIT_DONE;
	a->ttl = ttl;
	if (a->max_ttl_given || a->scope_options.file != NULL)
		return HS_EXIT_DONE;
	hs_scope_free(&a->scope);
	return build_scope(a);
}

static void
show(struct asking *a)
{
	fputs("One touch will sign this:\n\n", a->talk);
	hs_cli_put_text(a->talk, hs_buf_str(&a->asked.shown), "  ");
	fputc('\n', a->talk);
	fflush(a->talk);
}

static int
ask(struct asking *a)
{
	struct hs_buf scope = {0};
	struct hs_ask m = {.reason = a->reason, .ttl = a->ttl};
	int status;

	hs_put_raw(&scope, hs_scope_text(a->scope).p, hs_scope_text(a->scope).len);
	m.scope = hs_cli_cstr(&scope);
	a->daemon.asking = true;
	status = hs_daemon_end(&a->daemon, hs_open(a->daemon.client, &m, &a->daemon.err));
	hs_buf_free(&scope);
	a->daemon.asking = false;
	if (status != HS_EXIT_WAITING)
		return status;
	status = hs_asked_take(&a->asked, &a->daemon);
	if (status == HS_EXIT_DONE)
		show(a);
	return status;
}

static uint64_t
seconds_left(const struct asking *a)
{
	uint64_t now = hs_cli_now(), left = a->asked.until > now ? a->asked.until - now : 0;

	return left < WAIT_MAX ? left : WAIT_MAX;
}

static int
give_pin(struct asking *a)
{
	struct hs_buf prompt = {0};
	struct hs_err err = {0};
	int fd = -1, rc, status;

	hs_put_fmt(&prompt, "PIN of ");
	hs_text_put_clean(&prompt, hs_buf_str(&a->asked.keys));
	hs_put_fmt(&prompt, ": ");
	rc = hs_pinpipe_ask(hs_cli_cstr(&prompt), &fd, &err);
	hs_buf_free(&prompt);
	if (rc != HS_OK)
		return hs_cli_fail_with(a->json,
		    rc == HS_SK_CANCELLED ? HS_EXIT_DECLINED : HS_EXIT_NO_SESSION,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c("The touch was called off"));
	status = hs_answer_send(a->json, a->asked.code, HS_ANSWER_ARM, fd);
	close(fd);
	return status;
}

static int
print_opened(struct asking *a, const struct hs_got_opened *o)
{
	uint64_t now = hs_cli_now();
	struct hs_buf text = {0};

	if (a->json)
		return hs_cli_print_json(json_pack("{s:s,s:o,s:s,s:s,s:b,s:b,s:o,s:o}",
		    "session", o->session, "end", hs_cli_json_time(o->end), "root", o->root,
		    "fingerprint", o->fingerprint, "verified", o->verified, "simulated",
		    o->simulated, "scope", hs_cli_json_text(hs_scope_text(a->scope)),
		    "shown", hs_cli_json_text(hs_buf_str(&a->asked.shown))));
	hs_put_fmt(&text, "Session %.4s until ", o->session);
	hs_cli_put_when(&text, o->end, now);
	hs_put_fmt(&text, ".%s\n",
	    o->simulated ? " SIMULATED: a software key, so no hand stands behind it." : "");
	hs_put_fmt(&text, "Next:  handseal request --help\n");
	fputs(hs_cli_cstr(&text), stdout);
	hs_buf_free(&text);
	return hs_cli_finish();
}

// libhandseal has held it against what was asked; here it is known which keys are enrolled.
static int
believe(struct asking *a)
{
	const struct hs_got_opened *o = hs_got_opened(a->daemon.client);
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_root_record root;
	struct hs_grant grant = {0};
	struct hs_err err = {0};
	int rc;

	rc = hs_grant_parse((struct hs_str){o->grant, o->grant_len}, false, &grant, &err);
	if (rc == HS_OK && hs_enrolled_find(&grant.cert.ca, &root, NULL) != HS_OK)
		rc = hs_fail(&err, HS_SK_LIED,
		    "handseald's answer cannot be believed: the key that was touched is "
		    "not "
		    "enrolled here");
	if (rc == HS_OK) {
		hs_key_fingerprint(&root.key, fingerprint);
		if (strcmp(o->root, root.name) != 0 ||
		    strcmp(o->fingerprint, fingerprint) != 0 ||
		    (o->simulated != 0) != root.simulated)
			rc = hs_fail(&err, HS_SK_LIED,
			    "handseald's answer cannot be believed: it names another key "
			    "than the one that was touched");
	}
	hs_grant_free(&grant);
	if (rc != HS_OK) {
		hs_daemon_end_line(&a->daemon);
		return hs_cli_fail_with(a->json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c(UNDONE));
	}
	fprintf(a->talk, "%s%stouched.\n", a->asked.several ? root.name : "",
	    a->asked.several ? " " : "");
	return print_opened(a, o);
}

// *again: the PIN was wrong, and the person wants another try.
static int
wait_for_touch(struct asking *a, bool *again)
{
	struct hs_outcome o = {
	    .daemon = &a->daemon, .wait = seconds_left(a) + SLACK, .quiet = true};
	int status;

	memcpy(o.code, a->asked.code, sizeof o.code);
	fputs("Touch ", a->talk);
	hs_cli_put(a->talk, hs_buf_str(&a->asked.keys));
	fprintf(a->talk, " (%s) … ", a->asked.code);
	fflush(a->talk);
	a->daemon.begun = a->talk;
	a->daemon.undone = UNDONE;
	status = hs_outcome_wait(&o);
	if (status == HS_EXIT_DONE)
		return believe(a);
	if (status == HS_EXIT_WAITING) {
		hs_daemon_end_line(&a->daemon);
		return hs_cli_fail_with(a->json, HS_EXIT_NO_SESSION,
		    hs_str_c(hs_code_name(HS_SK_TIMEOUT)),
		    hs_str_c(hs_code_sentence(HS_SK_TIMEOUT)), hs_str_c("Ask again"));
	}
	*again = !a->json && a->asked.pin &&
		 strcmp(a->daemon.err.code, hs_code_name(HS_SK_PIN_INVALID)) == 0;
	if (*again)
		*again = hs_pinpipe_yes("Ask again? [y/N] ");
	return status;
}

int
cmd_open(int argc, char **argv)
{
	struct asking a = {.ttl = HS_SESSION_TTL};
	int status = parse_options(argc, argv, &a);
	bool again;

	if (status == -1)
		return hs_cmd_help("open");
	a.talk = a.json ? stderr : stdout;
	a.daemon.json = a.json;
	if (status == HS_EXIT_DONE)
		status = build_scope(&a);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&a.daemon);
	if (status == HS_EXIT_DONE)
		status = ask_policy(&a);
	if (status == HS_EXIT_DONE) {
		do {
			again = false;
			status = ask(&a);
			if (status == HS_EXIT_DONE && a.asked.pin)
				status = give_pin(&a);
			if (status == HS_EXIT_DONE)
				status = wait_for_touch(&a, &again);
		} while (again);
	}
	hs_daemon_close(&a.daemon);
	hs_asked_free(&a.asked);
	hs_scope_free(&a.scope);
	return status;
}
