// SPDX-License-Identifier: ISC
//
// A certificate that came, or is still to come. Contract in issued.h.
#include "client/handseal/issued.h"

#include <inttypes.h>
#include <string.h>
#include "client/handseal/cli.h"
#include "client/handseal/suggest.h"
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

static void
put_granted(const struct hs_issued *w, const struct hs_agent_issued *m)
{
	struct hs_buf b = {0};

	if (w->code == NULL)
		return;
	hs_put_fmt(&b, "%s granted until ", w->code);
	hs_cli_put_when(&b, m->end, hs_cli_now());
	hs_cli_say("%s", hs_cli_cstr(&b));
	hs_buf_free(&b);
}

static int
print_json(const struct hs_issued *w, const struct hs_agent_issued *m,
    const struct hs_delegation *d, const struct hs_buf *next)
{
	return hs_cli_print_json(json_pack("{s:o,s:s?,s:o,s:o,s:s,s:s,s:s,s:o,s:o}", "id",
	    hs_cli_json(m->id), "code", w->code, "end", hs_cli_json_time(m->end), "agent",
	    hs_cli_json(d->agent), "identity", w->subject->identity, "key",
	    w->subject->public, "certificate", w->subject->certificate, "scope",
	    hs_cli_json_text(hs_scope_text(d->scope)), "next",
	    hs_cli_json(hs_buf_str(next))));
}

static int
print_issued(const struct hs_issued *w, const struct hs_agent_issued *m,
    const struct hs_delegation *d)
{
	struct hs_buf text = {0}, next = {0};
	char session[HS_SESSION_ID_LEN + 1];
	int status;

	hs_session_id(&d->grant.cert.key, session);
	hs_suggest_ssh(&next, d->scope, w->subject);
	if (w->daemon->json) {
		status = print_json(w, m, d, &next);
	} else {
		hs_put_fmt(&text, "%.4s.%" PRIu64 " until ", session, d->cert.serial);
		hs_cli_put_when(&text, m->end, hs_cli_now());
		hs_put_fmt(&text, ", in %s\n", w->subject->certificate);
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

int
hs_issued_take(struct hs_issued *w, const char *ext, struct hs_rd *body)
{
	struct hs_agent_issued issued;
	struct hs_delegation d = {0};
	struct hs_err err = {0};
	int status;

	if (hs_agent_issued_get(body, &issued) != HS_OK)
		return hs_daemon_malformed(w->daemon, ext);
	w->asked.now = hs_cli_now();
	if (hs_believe_delegation(&issued, &w->asked, &d, &err) != HS_OK ||
	    hs_subject_write(w->subject, issued.certificate, &err) != HS_OK) {
		status = hs_cli_fail_with(w->daemon->json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c("Nothing was written"));
	} else {
		put_granted(w, &issued);
		status = print_issued(w, &issued, &d);
	}
	hs_delegation_free(&d);
	return status;
}

static void
put_command(struct hs_buf *b, const struct hs_issued *w)
{
	char beside[HS_PATHS_MAX + 16];

	hs_put_fmt(b, "handseal wait %s --key ", w->code);
	hs_words_put(b, hs_str_c(w->subject->public), false);
	snprintf(beside, sizeof beside, "%s-cert.pub", w->subject->identity);
	if (strcmp(beside, w->subject->certificate) == 0)
		return; // where it goes by itself
	hs_put_fmt(b, " -o ");
	hs_words_put(b, hs_str_c(w->subject->certificate), false);
}

static const char *
state_name(uint8_t state)
{
	switch (state) {
	case HS_WAITING_SHOWN:
		return "shown";
	case HS_WAITING_QUEUED:
		return "queued";
	case HS_WAITING_ARMED:
		return "armed";
	default:
		return "parked";
	}
}

int
hs_issued_later(struct hs_issued *w, const struct hs_agent_waiting *m)
{
	struct hs_buf command = {0}, text = {0};
	struct hs_err err = {0};
	int status = HS_EXIT_WAITING;

	if (hs_subject_write_pair(w->subject, &err) != HS_OK)
		return hs_cli_fail_with(w->daemon->json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c("What was asked for is of no use without that key"));
	put_command(&command, w);
	hs_put_fmt(&text,
	    "%s not answered yet. Go on with other work; then:  %.*s  (until ", w->code,
	    (int)command.len, command.p != NULL ? (const char *)command.p : "");
	hs_cli_put_when(&text, m->until, hs_cli_now());
	hs_put_fmt(&text, ")");
	hs_cli_say("%s", hs_cli_cstr(&text));
	if (w->daemon->json &&
	    hs_cli_print_json(json_pack("{s:{s:s,s:s,s:o,s:b,s:s,s:s,s:o,s:i}}", "pending",
		"code", w->code, "state", state_name(m->state), "until",
		hs_cli_json_time(m->until), "pin", m->pin != 0, "identity",
		w->subject->identity, "key", w->subject->public, "next",
		hs_cli_json(hs_buf_str(&command)), "exit", HS_EXIT_WAITING)) !=
		HS_EXIT_DONE)
		status = HS_EXIT_FAILED;
	hs_buf_free(&command);
	hs_buf_free(&text);
	return status;
}

int
hs_issued_wait(struct hs_issued *w, struct hs_outcome *o)
{
	int status = hs_outcome_wait(o);

	if (status != HS_EXIT_DONE)
		return status;
	if (o->reply.status == HS_AGENT_REFUSED)
		return hs_outcome_refused(o);
	if (o->reply.status == HS_AGENT_PENDING)
		return hs_issued_later(w, &o->waiting);
	return hs_issued_take(w, HS_EXT_PENDING, &o->reply.body);
}
