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
put_granted(const struct hs_issued *w, const struct hs_got_certificate *m)
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
print_json(const struct hs_issued *w, const struct hs_got_certificate *m,
    const struct hs_buf *next)
{
	return hs_cli_print_json(json_pack("{s:s,s:s?,s:o,s:b,s:s,s:s,s:s,s:s,s:o,s:o}",
	    "id", m->id, "code", w->code, "end", hs_cli_json_time(m->end), "direct",
	    m->direct, "agent", m->agent, "identity", w->subject->identity, "key",
	    w->subject->public, "certificate", w->subject->certificate, "scope",
	    hs_cli_json_text(hs_str_c(m->scope)), "next", hs_cli_json(hs_buf_str(next))));
}

static int
print_issued(const struct hs_issued *w, const struct hs_got_certificate *m,
    const struct hs_scope *scope)
{
	struct hs_buf text = {0}, next = {0};
	int status;

	hs_suggest_ssh(&next, scope, w->subject);
	if (w->daemon->json) {
		status = print_json(w, m, &next);
	} else {
		hs_put_fmt(&text, "%.4s%s until ", m->id, m->id + HS_SESSION_ID_LEN);
		hs_cli_put_when(&text, m->end, hs_cli_now());
		hs_put_fmt(&text, ", %sin %s\n", m->direct ? "direct, " : "",
		    w->subject->certificate);
		if (m->direct)
			hs_describe_statements(&text, scope, "  ");
		else
			hs_describe_scope(&text, scope, "  ");
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

// On a seat: the key is where ssh looks for one, so that the ssh line is all there is to
// tell.
static int
print_granted(const struct hs_issued *w, const struct hs_got_certificate *m,
    const struct hs_scope *granted)
{
	// what was asked for may be a small part of what the seat may
	const struct hs_scope *scope = w->already ? w->scope : granted;
	struct hs_buf text = {0}, next = {0};
	int status;

	hs_suggest_ssh(&next, scope, NULL);
	if (w->daemon->json) {
		status = hs_cli_print_json(
		    json_pack("{s:s?,s:s,s:o,s:b,s:s,s:o,s:o}", "code", w->code, "id",
			m->id, "end", hs_cli_json_time(m->end), "direct", m->direct,
			"agent", m->agent, "scope", hs_cli_json_text(hs_str_c(m->scope)),
			"next", hs_cli_json(hs_buf_str(&next))));
	} else {
		hs_put_fmt(&text, w->code != NULL ? "%s granted until " : "%s until ",
		    w->code != NULL ? w->code : "Granted without a touch");
		hs_cli_put_clock(&text, m->end, hs_cli_now(), false);
		hs_put_fmt(&text, ": ");
		if (next.len > 0)
			hs_put_raw(&text, next.p, next.len);
		else
			hs_describe_scope_short(&text, scope);
		hs_cli_put(stdout, hs_buf_str(&text));
		putchar('\n');
		status = hs_cli_finish();
	}
	hs_buf_free(&text);
	hs_buf_free(&next);
	return status;
}

int
hs_issued_take(struct hs_issued *w)
{
	const struct hs_got_certificate *m = hs_got_certificate(w->daemon->client);
	struct hs_scope *scope = NULL;
	struct hs_err err = {0};
	int status;

	if (hs_scope_parse_canonical(hs_str_c(m->scope), &scope, &err) != HS_OK ||
	    (w->subject != NULL && hs_subject_write(w->subject, m->line, &err) != HS_OK)) {
		status = hs_cli_fail_with(w->daemon->json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c(w->subject != NULL ? "Nothing was written" : ""));
	} else if (w->subject == NULL) {
		status = print_granted(w, m, scope);
	} else {
		put_granted(w, m);
		status = print_issued(w, m, scope);
	}
	hs_scope_free(&scope);
	return status;
}

static void
put_command(struct hs_buf *b, const struct hs_issued *w)
{
	char beside[HS_PATHS_MAX + 16];

	hs_put_fmt(b, "handseal wait %s", w->code);
	if (w->subject == NULL)
		return;
	hs_put_fmt(b, " --key ");
	hs_words_put(b, hs_str_c(w->subject->public), false);
	snprintf(beside, sizeof beside, "%s-cert.pub", w->subject->identity);
	if (strcmp(beside, w->subject->certificate) == 0)
		return; // where it goes by itself
	hs_put_fmt(b, " -o ");
	hs_words_put(b, hs_str_c(w->subject->certificate), false);
}

static const char *
state_name(int state)
{
	switch (state) {
	case HS_STATE_SHOWN:
		return "shown";
	case HS_STATE_QUEUED:
		return "queued";
	case HS_STATE_ARMED:
		return "armed";
	default:
		return "parked";
	}
}

static json_t *
pending_json(const struct hs_issued *w, const struct hs_got_touch *m, struct hs_str command)
{
	json_t *o = json_pack("{s:s,s:s,s:o,s:b,s:o,s:i}", "code", w->code, "state",
	    state_name(m->state), "until", hs_cli_json_time(m->until), "pin", m->pin != 0,
	    "next", hs_cli_json(command), "exit", HS_EXIT_WAITING);

	if (o != NULL && w->subject != NULL &&
	    (json_object_set_new(o, "identity", json_string(w->subject->identity)) != 0 ||
		json_object_set_new(o, "key", json_string(w->subject->public)) != 0)) {
		json_decref(o);
		o = NULL;
	}
	return json_pack("{s:o}", "pending", o);
}

int
hs_issued_later(struct hs_issued *w)
{
	const struct hs_got_touch *m = hs_got_touch(w->daemon->client);
	struct hs_buf command = {0}, text = {0};
	struct hs_err err = {0};
	int status = HS_EXIT_WAITING;

	if (w->subject != NULL && hs_subject_write_pair(w->subject, &err) != HS_OK)
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
	    hs_cli_print_json(pending_json(w, m, hs_buf_str(&command))) != HS_EXIT_DONE)
		status = HS_EXIT_FAILED;
	hs_buf_free(&command);
	hs_buf_free(&text);
	return status;
}

int
hs_issued_wait(struct hs_issued *w, struct hs_outcome *o)
{
	int status = hs_outcome_wait(o);

	if (status == HS_EXIT_WAITING)
		return hs_issued_later(w);
	return status == HS_EXIT_DONE ? hs_issued_take(w) : status;
}
