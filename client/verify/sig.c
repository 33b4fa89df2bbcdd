// SPDX-License-Identifier: ISC
//
// handseal-verify sig. Contract in sig.h; judging is sigfile.c's, and what stands behind a
// signature is told by explain's writers.
#include "client/verify/sig.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/verify/explain.h"
#include "client/verify/json.h"
#include "client/verify/sigfile.h"
#include "proto/describe.h"
#include "proto/text.h"

#define EXIT_REFUSED 3

struct asked {
	const struct hs_sig_ask *ask;
	struct hs_config config;
	struct hs_sigfile file;
	struct hs_sigverdict v;
	struct hs_err more; // what this command asks beyond that
	uint64_t now, at;
};

static void
bad_line(void *arg, const char *path, const struct hs_err *err)
{
	(void)arg;
	fprintf(stderr, "handseal-verify: %s:%u:%u: line skipped: %s\n", path, err->line,
	    err->column, hs_err_sentence(err));
}

static void
bad_root(void *arg, const struct hs_err *err)
{
	const struct hs_sig_ask *ask = arg;

	bad_line(NULL, ask->roots, err);
}

static int
load(struct asked *q, struct hs_err *err)
{
	const struct hs_sig_ask *ask = q->ask;
	struct hs_config_ask files = {
	    .dir = ask->config, .own = ask->own, .on_bad = bad_line};
	struct hs_buf text = {0};
	int rc;

	if (ask->roots == NULL) {
		hs_config_load(&q->config, &files);
		return HS_OK;
	}
	hs_config_load_rest(&q->config, &files);
	rc = hs_config_read_path(ask->roots, HS_CONFIG_FILE_MAX, &text, err);
	if (rc == HS_OK && (rc = hs_roots_parse(hs_buf_str(&text), &q->config.roots,
				bad_root, (void *)(uintptr_t)ask)) != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s: %s", ask->roots,
		    hs_code_sentence((enum hs_code)rc));
	hs_buf_free(&text);
	return rc;
}

// Whoever names roots on the command line says by -n what they are believed for; for the
// server's own roots its owner does.
static int
ask_owner(struct asked *q)
{
	const struct hs_sig_ask *ask = q->ask;

	if (ask->roots == NULL && !hs_server_takes(&q->config.server, hs_str_c(ask->ns)))
		return hs_fail(&q->more, HS_NO_NAMESPACE,
		    "%s/verify.conf does not have this namespace in Namespaces",
		    ask->config);
	return HS_OK;
}

static int
ask_who(struct asked *q)
{
	const struct hs_root *root = q->v.verdict.root;
	char fp[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&root->key, fp);
	if (q->ask->id == NULL || strcmp(q->ask->id, fp) == 0 ||
	    strcmp(q->ask->id, root->comment) == 0)
		return HS_OK;
	return hs_fail(&q->more, HS_NO_ROOT_UNKNOWN, "the touch was of %s %s, not of %s",
	    root->comment, fp, q->ask->id);
}

static int
judge(struct asked *q, struct hs_err *err)
{
	uint8_t space[HS_SIGFILE_DIGEST];
	struct hs_signed_input in = {.sig = &q->file.sig,
	    .ns = hs_str_c(q->ask->ns),
	    .cap = hs_str_c(q->ask->cap != NULL ? q->ask->cap : ""),
	    .roots = &q->config.roots,
	    .server = &q->config.server,
	    .at = q->at};
	int rc = hs_sigfile_digest(&q->file.sig, STDIN_FILENO, space, &in.digest, err);

	if (rc != HS_OK)
		return rc;
	hs_sigfile_judge(&in, &q->config, q->now, &q->v);
	if (q->v.code == HS_OK && (ask_owner(q) != HS_OK || ask_who(q) != HS_OK)) {
		q->v.code = q->more.code;
		q->v.err = &q->more;
	}
	return HS_OK;
}

// ---- the answer

// The certificate, as explain would have it told. It keeps the verdict's parts.
static void
gather(struct asked *q, struct hs_explained *e, const struct hs_explain_ask *ask)
{
	memset(e, 0, sizeof *e);
	e->ask = ask;
	e->config = &q->config;
	e->now = q->at;
	e->verdict = q->v.verdict;
	e->lists = q->v.lists;
	e->asked = q->v.asked;
	e->code = q->v.code;
	e->err = q->v.err;
	hs_explain_gather(e, q->file.sig.key);
}

static void
put_text(struct hs_buf *b, const struct asked *q, const struct hs_explained *e)
{
	if (q->v.code == HS_OK) {
		hs_put_fmt(b, "GOOD, \"%s\": signed by ", q->ask->ns);
		hs_text_put_clean(b, q->v.verdict.delegation.agent);
		hs_put_fmt(b, " under a touch of %s, if it was at ",
		    q->v.verdict.root->comment[0] != '\0' ? q->v.verdict.root->comment
							  : "a key without a name");
		hs_describe_time(b, q->at);
		hs_put_fmt(b, "\n");
	} else {
		hs_put_fmt(b, "NOT GOOD, %s: %s\n", hs_code_name(q->v.code),
		    hs_err_sentence(q->v.err));
	}
	hs_explain_text_about(b, e);
}

static void
put_json(struct hs_buf *b, const struct asked *q, const struct hs_explained *e)
{
	hs_put_u8(b, '{');
	hs_json_bool(b, "good", q->v.code == HS_OK);
	hs_json_string(b, "code", hs_str_c(hs_code_name(q->v.code)));
	hs_json_string(b, "sentence",
	    hs_str_c(
		q->v.code == HS_OK ? hs_code_sentence(HS_OK) : hs_err_sentence(q->v.err)));
	hs_json_string(b, "namespace", q->file.sig.ns);
	hs_json_number(b, "at", q->at);
	hs_explain_json_about(b, e);
	hs_put_raw(b, "}\n", 2);
}

static int
tell(struct asked *q)
{
	static struct hs_explained e;
	struct hs_explain_ask ask = {.config = q->ask->config};
	struct hs_buf b = {0};
	int status = q->v.code == HS_OK ? 0 : EXIT_REFUSED;

	gather(q, &e, &ask);
	if (q->ask->json)
		put_json(&b, q, &e);
	else
		put_text(&b, q, &e);
	if (hs_buf_err(&b) != HS_OK || fwrite(b.p, 1, b.len, stdout) != b.len ||
	    fflush(stdout) != 0) {
		fprintf(stderr, "handseal-verify: the answer could not be written\n");
		status = 1;
	}
	hs_grant_free(&e.own_grant);
	hs_buf_free(&b);
	return status;
}

int
hs_sig(const struct hs_sig_ask *ask)
{
	static struct asked q;
	struct hs_err err = {0};
	time_t now = time(NULL);
	int status = 1, rc;

	q.ask = ask;
	q.now = now > 0 ? (uint64_t)now : UINT64_MAX; // a broken clock finds nothing good
	q.at = ask->has_at ? ask->at : q.now;
	rc = hs_sigfile_read(&q.file, ask->sig, &err);
	if (rc == HS_OK)
		rc = load(&q, &err);
	if (rc == HS_OK)
		rc = judge(&q, &err);
	if (rc == HS_OK)
		status = tell(&q);
	else
		fprintf(stderr, "handseal-verify: %s\n", hs_err_sentence(&err));
	hs_verdict_free(&q.v.verdict);
	hs_config_free(&q.config);
	hs_sigfile_free(&q.file);
	return status;
}
