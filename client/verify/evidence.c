// SPDX-License-Identifier: ISC
//
// Evidence, checked and told. Contract in evidence.h.
#include "client/verify/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/verify/json.h"
#include "client/verify/lib/config.h"
#include "proto/describe.h"
#include "proto/evidence.h"
#include "proto/text.h"

#define EXIT_REFUSED 3

struct telling {
	const struct hs_evidence_ask *ask;
	struct hs_evidence e;
	struct hs_evidence_result r;
	struct hs_buf faults; // sentences, a line each
};

static void
bad_line(void *arg, const struct hs_err *err)
{
	fprintf(stderr, "handseal-verify: %s:%u: line skipped: %s\n", (const char *)arg,
	    err->line, hs_err_sentence(err));
}

static int
read_roots(
    const struct hs_evidence_ask *ask, struct hs_key **keys, size_t *n, struct hs_err *err)
{
	char path[4096];
	struct hs_buf text = {0};
	struct hs_roots roots = {0};
	int rc;

	(void)snprintf(path, sizeof path, "%s%s",
	    ask->roots != NULL ? ask->roots : ask->config,
	    ask->roots != NULL ? "" : "/roots");
	rc = hs_config_read_path(path, HS_CONFIG_FILE_MAX, &text, err);
	if (rc == HS_OK &&
	    hs_roots_parse(hs_buf_str(&text), &roots, bad_line, path) != HS_OK)
		rc = hs_fail(err, HS_ERR_CONFIG, "%s cannot be read", path);
	if (rc == HS_OK && roots.n == 0)
		rc = hs_fail(err, HS_ERR_CONFIG, "%s names no root", path);
	if (rc == HS_OK && (*keys = calloc(roots.n, sizeof **keys)) == NULL)
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	for (size_t i = 0; rc == HS_OK && i < roots.n; i++)
		(*keys)[(*n)++] = roots.v[i].key;
	hs_roots_free(&roots);
	hs_buf_free(&text);
	return rc;
}

static void
on_fault(void *arg, const struct hs_audit_fault *f)
{
	struct telling *t = arg;

	if (t->faults.len < 16384)
		hs_put_fmt(&t->faults, "line %" PRIu64 ", record %" PRIu64 ": %s (%s)\n",
		    f->place.line, f->seq, f->text, f->word);
}

// ---- for a person

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static void
put_text(struct hs_buf *b, struct hs_str text, const char *indent)
{
	struct hs_str line;

	while (hs_str_next(&text, '\n', &line)) {
		put(b, indent);
		hs_text_put_clean(b, line);
		put(b, "\n");
	}
}

static void
put_scope(struct hs_buf *b, const struct hs_evidence_result *r)
{
	const char *indent = "           ";
	struct hs_scope *scope = NULL;

	if (hs_scope_parse_canonical(hs_buf_str(&r->scope), &scope, NULL) != HS_OK)
		return;
	if (r->direct)
		hs_describe_statements(b, scope, indent);
	else
		hs_describe_scope(b, scope, indent);
	hs_scope_free(&scope);
}

static void
put_row(struct hs_buf *b, const char *name, const struct hs_buf *value)
{
	if (value->len == 0)
		return;
	put(b, name);
	hs_text_put_clean(b, hs_buf_str(value));
	put(b, "\n");
}

static void
tell_touch(struct hs_buf *b, const struct hs_evidence_result *r)
{
	if (r->touched_in == 0)
		return;
	put(b, "  touch    ");
	hs_text_put_clean(b, hs_buf_str(&r->root));
	put(b, " ");
	hs_text_put_clean(b, hs_buf_str(&r->root_key));
	put(b, "\n           ");
	hs_describe_time(b, r->touched_at);
	hs_put_fmt(b, "; pressed, %s; record %" PRIu64 "\n",
	    (r->flags & HS_SK_FLAG_UV) != 0 ? "and PIN or finger verified" : "no PIN",
	    r->touched_in);
	if (r->simulated)
		put(b,
		    "           SIMULATED: a software key, so no hand stands behind it\n");
	put(b, "  shown\n");
	put_text(b, hs_buf_str(&r->shown), "           | ");
}

static void
tell(struct hs_buf *b, const struct telling *t)
{
	const struct hs_evidence_result *r = &t->r;

	if (r->why.code == HS_OK)
		hs_put_fmt(b, "PROVEN: %s.%" PRIu64 " was made under a touch\n",
		    t->e.session, t->e.serial);
	else
		hs_put_fmt(b, "NOT PROVEN: %s.%" PRIu64 ": %s\n", t->e.session, t->e.serial,
		    hs_err_sentence(&r->why));
	put_text(b, hs_buf_str(&t->faults), "  ");
	if (!r->made)
		return;
	put_row(b, "  agent    ", &r->agent);
	put_row(b, "  program  ", &r->exe);
	put_row(b, "  because  ", &r->reason);
	put_row(b, "  key      ", &r->key);
	put(b, "  made     ");
	hs_describe_time(b, r->at);
	put(b, ", until ");
	hs_describe_time(b, r->end);
	put(b, "\n  may\n");
	put_scope(b, r);
	tell_touch(b, r);
	if (r->signed_in > 0)
		hs_put_fmt(b, "  record   %" PRIu64 ", signed in record %" PRIu64 "\n",
		    r->made_in, r->signed_in);
	else
		hs_put_fmt(
		    b, "  record   %" PRIu64 ", which nothing here signs\n", r->made_in);
	if (t->e.certificate.len > 0)
		put(b, r->cert_good ? "  cert     is the one of that record, and good\n"
				    : "  cert     is NOT to be believed\n");
	put(b, "  times, program and agent's name are the machine's word\n");
}

// ---- for a program

static void
tell_json(struct hs_buf *b, const struct telling *t)
{
	const struct hs_evidence_result *r = &t->r;
	const struct hs_err *why = &r->why;

	put(b, "{");
	hs_json_bool(b, "proven", why->code == HS_OK);
	hs_json_string(b, "code", hs_str_c(hs_code_name(why->code)));
	hs_json_string(b, "sentence", hs_str_c(hs_err_sentence(why)));
	hs_json_name(b, "id");
	hs_put_fmt(b, "\"%s.%" PRIu64 "\"", t->e.session, t->e.serial);
	hs_json_number(b, "made_in", r->made_in);
	hs_json_number(b, "signed_in", r->signed_in);
	hs_json_number(b, "touched_in", r->touched_in);
	hs_json_bool(b, "certificate", t->e.certificate.len > 0);
	hs_json_bool(b, "certificate_good", r->cert_good);
	hs_json_bool(b, "simulated", r->simulated);
	hs_json_number(b, "flags", r->flags);
	hs_json_number(b, "time", r->at);
	hs_json_number(b, "end", r->end);
	hs_json_number(b, "touched", r->touched_at);
	hs_json_string(b, "agent", hs_buf_str(&r->agent));
	hs_json_string(b, "exe", hs_buf_str(&r->exe));
	hs_json_string(b, "reason", hs_buf_str(&r->reason));
	hs_json_string(b, "key", hs_buf_str(&r->key));
	hs_json_string(b, "scope", hs_buf_str(&r->scope));
	hs_json_string(b, "root", hs_buf_str(&r->root));
	hs_json_string(b, "root_key", hs_buf_str(&r->root_key));
	hs_json_string(b, "shown", hs_buf_str(&r->shown));
	hs_json_string(b, "faults", hs_buf_str(&t->faults));
	put(b, "}\n");
}

// ---- the command

static int
check(struct telling *t, struct hs_str text, struct hs_err *err)
{
	struct hs_key *keys = NULL;
	size_t n = 0;
	int rc = read_roots(t->ask, &keys, &n, err);
	struct hs_err why = {0};

	if (rc == HS_OK && (rc = hs_evidence_parse(text, &t->e, &why)) != HS_OK)
		rc = hs_fail(
		    err, (enum hs_code)rc, "%s: %s", t->ask->file, hs_err_sentence(&why));
	if (rc == HS_OK && hs_evidence_check(&t->e, keys, n, on_fault, t, &t->r) != HS_OK)
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	free(keys);
	return rc;
}

int
hs_verify_evidence(const struct hs_evidence_ask *ask)
{
	struct telling t = {.ask = ask};
	struct hs_buf text = {0}, b = {0};
	struct hs_err err = {0};
	int rc = hs_config_read_path(ask->file, HS_EVIDENCE_MAX, &text, &err), status = 1;

	if (rc == HS_OK)
		rc = check(&t, hs_buf_str(&text), &err);
	if (rc == HS_OK) {
		if (ask->json)
			tell_json(&b, &t);
		else
			tell(&b, &t);
		rc = hs_buf_err(&b);
	}
	if (rc == HS_OK && (fwrite(b.p, 1, b.len, stdout) != b.len || fflush(stdout) != 0))
		rc = hs_fail(&err, HS_ERR_IO, "the answer could not be written");
	if (rc == HS_OK)
		status = t.r.why.code == HS_OK ? 0 : EXIT_REFUSED;
	else
		fprintf(stderr, "handseal-verify: %s\n", hs_err_sentence(&err));
	hs_evidence_result_free(&t.r);
	hs_buf_free(&t.faults);
	hs_buf_free(&text);
	hs_buf_free(&b);
	return status;
}
