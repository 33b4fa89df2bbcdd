// SPDX-License-Identifier: ISC
//
// handseal request: proves that it holds a key, asks for a certificate over it inside the
// session's ceiling, checks what it got, and only then writes it.
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "client/handseal/believe.h"
#include "client/handseal/cmd.h"
#include "client/handseal/daemon.h"
#include "client/handseal/scopeopts.h"
#include "client/handseal/subject.h"
#include "client/handseal/suggest.h"
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

#define DEFAULT_TTL (15 * 60)

struct wish {
	struct hs_scopeopts scope_options;
	struct hs_scope *scope;
	uint64_t ttl;
	bool ttl_given, json;
	const char *agent, *reason, *key, *out;
	struct hs_subject subject;
	struct hs_daemon daemon;
	char session[HS_SESSION_ID_LEN + 1];
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
	case 'j':
		w->json = true;
		return HS_EXIT_DONE;
	default:
		return hs_cmd_usage("request", "request does not take that");
	}
}

static int
parse_options(int argc, char **argv, struct wish *w)
{
	static const struct option longs[] = {HS_SCOPEOPTS_LONG,
	    {"ttl", required_argument, NULL, 't'}, {"agent", required_argument, NULL, 'a'},
	    {"reason", required_argument, NULL, 'r'}, {"key", required_argument, NULL, 'k'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
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
	if ((w->out == NULL && w->key == NULL) || (w->out != NULL && w->out[0] == '\0'))
		return hs_cmd_usage("request", "-o FILE says where a new key pair goes, or "
					       "--key PUB which key to certify");
	if (!hs_text_is_agent_name(hs_str_c(w->agent)))
		return hs_cmd_usage("request", "--agent takes a name of up to 32 of a-z "
					       "0-9 . _ - that begins with one of "
					       "a-z 0-9");
	return HS_EXIT_DONE;
}

static int
prepare(struct wish *w)
{
	struct hs_err err = {0};
	int rc = hs_scopeopts_build(
	    &w->scope_options, w->ttl, w->ttl_given ? "--ttl" : NULL, &w->scope, &err);

	if (rc == HS_ERR_USAGE)
		return hs_cmd_usage("request", "%s", hs_err_sentence(&err));
	if (rc == HS_ERR_SCOPE) {
		(void)hs_cli_fail(w->json, &err);
		return HS_EXIT_USAGE;
	}
	if (rc == HS_OK)
		rc = w->key != NULL ? hs_subject_load(&w->subject, w->key, w->out, &err)
				    : hs_subject_make(&w->subject, w->out, &err);
	return rc == HS_OK ? HS_EXIT_DONE : hs_cli_fail(w->json, &err);
}

static int
find_session(struct wish *w)
{
	struct hs_agent_status_info info;
	int status = hs_daemon_status(&w->daemon, &info);

	if (status != HS_EXIT_DONE)
		return status;
	if (!info.open)
		return hs_cli_fail_with(w->json, HS_EXIT_NO_SESSION, hs_str_c("no-session"),
		    hs_str_c(hs_code_sentence(HS_NO_SESSION)),
		    hs_str_c("A person opens one with a touch:  handseal open"));
	if (hs_str_copy(info.session, w->session, sizeof w->session) != HS_OK)
		return hs_daemon_malformed(&w->daemon, HS_EXT_STATUS);
	return HS_EXIT_DONE;
}

// Appends the whole request, its proof made last over all the rest.
static int
compose(struct wish *w, struct hs_buf *contents)
{
	struct hs_agent_request m = {.scope = hs_scope_text(w->scope),
	    .agent = hs_str_c(w->agent),
	    .reason = hs_str_c(w->reason != NULL ? w->reason : "")};
	struct hs_buf key = {0}, message = {0}, to_sign = {0}, proof = {0};
	struct hs_err err = {0};
	int rc;

	hs_key_put(&key, &w->subject.key);
	m.key = hs_buf_str(&key);
	hs_agent_put_proof_message(&message, w->session, &m);
	hs_sshsig_put_signed(&to_sign, HS_NS_REQUEST, hs_buf_str(&message));
	rc = hs_buf_err(&to_sign);
	if (rc == HS_OK)
		rc = hs_subject_sign(&w->subject, hs_buf_str(&to_sign), &proof, &err);
	m.proof = hs_buf_str(&proof);
	hs_agent_request_put(contents, &m);
	if (rc == HS_OK)
		rc = hs_buf_err(contents);
	if (rc != HS_OK && err.code == HS_OK)
		(void)hs_fail(&err, (enum hs_code)rc, "the request could not be composed");
	hs_buf_free(&key);
	hs_buf_free(&message);
	hs_buf_free(&to_sign);
	hs_buf_free(&proof);
	return rc == HS_OK ? HS_EXIT_DONE
			   : hs_cli_fail_with(w->json, HS_EXIT_FAILED,
				 hs_str_c(hs_code_name(err.code)),
				 hs_str_c(hs_err_sentence(&err)), hs_str_c(""));
}

static int
print_issued(struct wish *w, const struct hs_agent_issued *m, const struct hs_delegation *d)
{
	struct hs_buf text = {0}, next = {0};
	int status;

	hs_suggest_ssh(&next, d->scope, &w->subject);
	if (w->json) {
		status = hs_cli_print_json(json_pack("{s:o,s:o,s:o,s:s,s:s,s:s,s:o,s:o}",
		    "id", hs_cli_json(m->id), "end", hs_cli_json_time(m->end), "agent",
		    hs_cli_json(d->agent), "identity", w->subject.identity, "key",
		    w->subject.public, "certificate", w->subject.certificate, "scope",
		    hs_cli_json_text(hs_scope_text(d->scope)), "next",
		    hs_cli_json(hs_buf_str(&next))));
	} else {
		hs_put_fmt(&text, "%.4s.%" PRIu64 " until ", w->session, d->cert.serial);
		hs_cli_put_when(&text, m->end, hs_cli_now());
		hs_put_fmt(&text, ", in %s\n", w->subject.certificate);
		hs_describe_scope(&text, d->scope, "  ");
		if (next.len > 0)
			hs_put_fmt(
			    &text, "Next:  %.*s\n", (int)next.len, (const char *)next.p);
		hs_cli_put_text(stdout, hs_buf_str(&text), "");
		status = hs_cli_finish();
	}
	hs_buf_free(&text);
	hs_buf_free(&next);
	return status;
}

static int
request(struct wish *w)
{
	struct hs_believe_request asked = {.key = &w->subject.key,
	    .scope = w->scope,
	    .agent = hs_str_c(w->agent),
	    .session = hs_str_c(w->session),
	    .now = hs_cli_now()};
	struct hs_agent_issued issued;
	struct hs_delegation d = {0};
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	struct hs_err err = {0};
	int status = compose(w, &contents);

	if (status == HS_EXIT_DONE)
		status = hs_daemon_call(&w->daemon, HS_EXT_REQUEST, hs_buf_str(&contents),
		    HS_CONN_SECONDS, HS_AGENT_DONE, &body);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE)
		return status;
	if (hs_agent_issued_get(&body, &issued) != HS_OK)
		return hs_daemon_malformed(&w->daemon, HS_EXT_REQUEST);
	if (hs_believe_delegation(&issued, &asked, &d, &err) != HS_OK ||
	    hs_subject_write(&w->subject, issued.certificate, &err) != HS_OK)
		status = hs_cli_fail_with(w->json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c("Nothing was written"));
	else
		status = print_issued(w, &issued, &d);
	hs_delegation_free(&d);
	return status;
}

int
cmd_request(int argc, char **argv)
{
	struct wish w = {.ttl = DEFAULT_TTL, .agent = HS_AGENT_UNKNOWN};
	int status = parse_options(argc, argv, &w);

	if (status == -1)
		return hs_cmd_help("request");
	w.daemon = (struct hs_daemon){.conn.fd = -1, .json = w.json};
	if (status == HS_EXIT_DONE)
		status = prepare(&w);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&w.daemon);
	if (status == HS_EXIT_DONE)
		status = find_session(&w);
	if (status == HS_EXIT_DONE)
		status = request(&w);
	hs_daemon_close(&w.daemon);
	hs_subject_free(&w.subject);
	hs_scope_free(&w.scope);
	return status;
}
