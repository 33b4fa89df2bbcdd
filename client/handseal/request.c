// SPDX-License-Identifier: ISC
//
// handseal request: proves that it holds a key and asks for a certificate over it; on a
// seat, whose key the daemon holds, it only asks. What needs no touch comes at once; for
// the rest it waits a while. What is done with what came is issued.h's part.
#include <getopt.h>
#include <string.h>
#include "client/handseal/asked.h"
#include "client/handseal/cmd.h"
#include "client/handseal/issued.h"
#include "client/handseal/named.h"
#include "client/handseal/options.h"
#include "proto/names.h"
#include "proto/text.h"

#define DEFAULT_TTL (15 * 60)

struct wish {
	struct hs_scopeopts scope_options;
	struct hs_scope *scope;
	uint64_t ttl, wait;
	bool ttl_given, direct, json;
	const char *agent, *reason, *key, *out;
	struct hs_subject subject;
	struct hs_daemon daemon;
	struct hs_asked asked; // what a touch is for
};

static int
take_option(struct wish *w, int opt)
{
	struct hs_err err = {0};

	if (hs_scopeopts_is(opt)) {
		if (hs_scopeopts_take(&w->scope_options, opt, optarg, &err) != HS_OK)
			return hs_cmd_usage("request", "%s", hs_err_sentence(&err));
		return HS_EXIT_DONE;
	}
	switch (opt) {
	case 't':
		w->ttl_given = true;
		if (hs_text_span(hs_str_c(optarg), HS_TTL_MAX, &w->ttl) != HS_OK)
			return hs_cmd_usage("request",
			    "--ttl takes a time such as 90s, 15m or 8h, of at most %d "
			    "seconds",
			    HS_TTL_MAX);
		return HS_EXIT_DONE;
	case 'w':
		return hs_options_wait("request", optarg, &w->wait);
	case 'a':
		w->agent = optarg;
		return HS_EXIT_DONE;
	case 'r':
		w->reason = optarg;
		return HS_EXIT_DONE;
	case 'k':
		w->key = optarg;
		return HS_EXIT_DONE;
	case 'o':
		w->out = optarg;
		return HS_EXIT_DONE;
	case 'd':
		w->direct = true;
		return HS_EXIT_DONE;
	case 'j':
		w->json = true;
		return HS_EXIT_DONE;
	default:
		return hs_cmd_usage("request", "request does not take that");
	}
}

static int
no_place(void)
{
	return hs_cmd_usage("request", "-o FILE says where a new key pair goes, or "
				       "--key PUB which key to certify");
}

static int
parse_options(int argc, char **argv, struct wish *w)
{
	static const struct option longs[] = {HS_SCOPEOPTS_LONG,
	    {"ttl", required_argument, NULL, 't'}, {"wait", required_argument, NULL, 'w'},
	    {"agent", required_argument, NULL, 'a'},
	    {"reason", required_argument, NULL, 'r'}, {"key", required_argument, NULL, 'k'},
	    {"direct", no_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		status = take_option(w, opt);
	}
	if (status != HS_EXIT_DONE)
		return status;
	if (optind < argc)
		return hs_cmd_usage("request", "request takes no %s", argv[optind]);
	if (w->out != NULL && w->out[0] == '\0')
		return no_place();
	if (!hs_text_is_agent_name(hs_str_c(w->agent)))
		return hs_cmd_usage("request", "--agent takes a name of up to 32 of a-z "
					       "0-9 . _ - that begins with one of "
					       "a-z 0-9");
	return HS_EXIT_DONE;
}

// What the command line says by itself is judged before anybody is asked.
static int
build_scope(struct wish *w)
{
	struct hs_err err = {0};
	int rc = hs_scopeopts_build(
	    &w->scope_options, w->ttl, w->ttl_given ? "--ttl" : NULL, &w->scope, &err);

	if (rc == HS_ERR_USAGE)
		return hs_cmd_usage("request", "%s", hs_err_sentence(&err));
	if (rc == HS_OK)
		return HS_EXIT_DONE;
	(void)hs_cli_fail(w->json, &err);
	return rc == HS_ERR_SCOPE ? HS_EXIT_USAGE : (int)hs_cli_exit(err.code);
}

// The key, where it is not the daemon that has it: known only once that was asked.
static int
find_key(struct wish *w)
{
	struct hs_err err = {0};
	int rc, status = hs_daemon_query(&w->daemon);

	if (status != HS_EXIT_DONE)
		return status;
	if (w->daemon.seat)
		return w->key == NULL && w->out == NULL
			   ? HS_EXIT_DONE
			   : hs_cmd_usage("request", "%s", HS_DAEMON_SEAT_KEY);
	if (w->key == NULL && w->out == NULL)
		return no_place();
	rc = w->key != NULL ? hs_subject_load(&w->subject, w->key, w->out, &err)
			    : hs_subject_make(&w->subject, w->out, &err);
	return rc == HS_OK ? HS_EXIT_DONE : hs_cli_fail(w->json, &err);
}

// Tells what it came to; where the key's holder did not sign, that is why.
static int
told(struct wish *w, int result)
{
	if (w->subject.not_signed.code == HS_OK)
		return hs_daemon_told(&w->daemon, result);
	return hs_cli_fail_with(w->json, HS_EXIT_FAILED,
	    hs_str_c(hs_code_name(w->subject.not_signed.code)),
	    hs_str_c(hs_err_sentence(&w->subject.not_signed)), hs_str_c(""));
}

static int
ask(struct wish *w)
{
	struct hs_client *c = w->daemon.client;
	struct hs_ask m = {.agent = w->agent, .reason = w->reason, .direct = w->direct};
	struct hs_buf scope = {0};
	struct hs_err err = {0};
	int result;

	if (!w->daemon.seat && hs_subject_holder(&w->subject, &m.holder, &err) != HS_OK)
		return hs_cli_fail(w->json, &err);
	hs_put_raw(&scope, hs_scope_text(w->scope).p, hs_scope_text(w->scope).len);
	m.scope = hs_cli_cstr(&scope);
	w->daemon.asking = true;
	result = hs_request(c, &m, &w->daemon.err);
	if (result == HS_DONE)
		result = hs_finish(c, -1, &w->daemon.err);
	hs_buf_free(&scope);
	if (result != HS_DONE && result != HS_WAITING)
		return told(w, result);
	w->daemon.asking = false;
	return result;
}

static int
request(struct wish *w)
{
	struct hs_issued issued = {.daemon = &w->daemon, .scope = w->scope};
	struct hs_outcome o = {.daemon = &w->daemon, .wait = w->wait};
	int status;

	if (!w->daemon.seat) {
		issued.subject = &w->subject;
		w->daemon.undone = "Nothing was written";
	}
	status = ask(w);
	issued.already = w->daemon.seat && status == HS_EXIT_DONE;
	if (status == HS_EXIT_DONE)
		return hs_issued_take(&issued);
	if (status == HS_EXIT_WAITING && hs_got_touch(w->daemon.client) != NULL) {
		status = hs_asked_take(&w->asked, &w->daemon);
		memcpy(o.code, w->asked.code, sizeof o.code);
		issued.code = w->asked.code;
		if (status == HS_EXIT_DONE)
			status = hs_issued_wait(&issued, &o);
	}
	return status;
}

int
cmd_request(int argc, char **argv)
{
	struct wish w = {
	    .ttl = DEFAULT_TTL, .agent = HS_AGENT_UNKNOWN, .wait = HS_WAIT_DEFAULT};
	int status = parse_options(argc, argv, &w);

	if (status == -1)
		return hs_cmd_help("request");
	w.daemon.json = w.json;
	if (status == HS_EXIT_DONE)
		status = build_scope(&w);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&w.daemon);
	if (status == HS_EXIT_DONE)
		status = find_key(&w);
	if (status == HS_EXIT_DONE && w.scope == NULL)
		status = hs_named_scope(&w.daemon, "request", &w.scope_options, w.ttl,
		    w.ttl_given ? "--ttl" : NULL, &w.direct, &w.scope);
	if (status == HS_EXIT_DONE)
		status = request(&w);
	hs_daemon_close(&w.daemon);
	hs_asked_free(&w.asked);
	hs_subject_free(&w.subject);
	hs_scope_free(&w.scope);
	return status;
}
