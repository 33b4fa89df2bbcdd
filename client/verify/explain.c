// SPDX-License-Identifier: ISC
//
// handseal-verify explain: reads a certificate, judges it as sshd's question would be
// judged, and has it told. Contract in explain.h.
#include "client/verify/explain.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "proto/certline.h"
#include "proto/command.h"

#define EXIT_REFUSED 3

static void
bad_line(void *arg, const char *path, const struct hs_err *err)
{
	(void)arg;
	fprintf(stderr, "handseal-verify: %s:%u:%u: line skipped: %s\n", path, err->line,
	    err->column, hs_err_sentence(err));
}

static int
read_cert(const char *path, struct hs_buf *blob, struct hs_err *err)
{
	struct hs_buf text = {0};
	struct hs_err why = {0};
	int rc = hs_config_read_path(path, HS_CERTLINE_MAX, &text, err);

	if (rc == HS_OK && (rc = hs_certline_file(hs_buf_str(&text), blob, &why)) != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s: %s", path, hs_err_sentence(&why));
	hs_buf_free(&text);
	return rc;
}

// What is asked, for hs_chain_check. A command that cannot be taken apart is one of no
// words, which `cmd *` alone permits, and its login shell reads; err then says why. So is
// no command at all of a direct certificate: a stock server starts the shell.
static void
make_request(const struct hs_explain_ask *ask, bool direct, struct hs_request *req,
    struct hs_command *cmd, struct hs_err *err)
{
	int rc;

	memset(req, 0, sizeof *req);
	req->kind = HS_REQ_LOGIN;
	req->user = hs_str_c(ask->user);
	if (ask->from != NULL)
		req->addr = hs_str_c(ask->from);
	if (ask->cmd == NULL)
		return;
	if (strcmp(ask->cmd, "subsystem:sftp") == 0 ||
	    strcmp(ask->cmd, "subsystem:sftp-write") == 0) {
		req->kind = HS_REQ_SFTP;
		req->write = strcmp(ask->cmd, "subsystem:sftp-write") == 0;
		return;
	}
	rc = hs_command_parse(ask->cmd[0] != '\0' ? ask->cmd : NULL, cmd, err);
	req->kind = cmd->kind == HS_REQ_SHELL && direct ? HS_REQ_COMMAND : cmd->kind;
	req->words = cmd->list;
	req->nwords = rc == HS_OK ? cmd->n : 0;
}

// Files of the server that may not be trusted admit nobody. Where there are none at all,
// this is no server: the chain's own answer (root-unknown) says more.
static void
answer(struct hs_explained *e, const struct hs_err *cmd_err)
{
	e->code = e->verdict.code;
	e->err = &e->verdict.err;
	if (cmd_err->code != HS_OK && e->code == HS_NO_COMMAND) {
		e->code = cmd_err->code;
		e->err = cmd_err;
	}
	if (e->config->err.code != HS_OK && !e->config->absent &&
	    e->code != HS_NO_NOT_OURS && e->code != HS_NO_GRANT_LOGIN) {
		e->code = e->config->err.code;
		e->err = &e->config->err;
	}
}

static void
bad_list(void *arg, const char *name, const struct hs_err *err)
{
	const struct hs_explained *e = arg;

	fprintf(stderr, "handseal-verify: %s/%s does not count: %s\n",
	    e->config->server.revocations, name, hs_err_sentence(err));
}

// Also of what is refused for another reason: a person wants to know.
static void
ask_lists(struct hs_explained *e)
{
	struct hs_list_subject s;
	int rc;

	if (e->root_key == NULL || e->config->err.code != HS_OK)
		return;
	memset(&s, 0, sizeof s);
	if (e->kind == HS_EXPLAIN_DELEGATION)
		hs_list_subject(&s, &e->verdict.delegation);
	else if (e->kind == HS_EXPLAIN_DIRECT)
		hs_list_subject_direct(&s, &e->verdict.direct_cert);
	rc = hs_lists_look(e->config, e->root_key, e->kind == HS_EXPLAIN_GRANT ? NULL : &s,
	    e->now, bad_list, e, &e->lists);
	e->asked = true;
	if (rc != HS_OK && e->code == HS_OK) {
		e->code = (enum hs_code)rc;
		e->err = &e->lists.err;
	}
}

// What a log holds that is not the one that was signed is told, and changes no answer.
static void
find_shown(struct hs_explained *e)
{
	struct hs_err err = {0};

	if (e->ask->audit == NULL || e->payload == NULL)
		return;
	if (hs_explain_shown(e->ask->audit, e->payload, &e->shown, &err) != HS_OK)
		fprintf(stderr, "handseal-verify: %s\n", hs_err_sentence(&err));
}

static int
print(struct hs_buf *b)
{
	if (hs_buf_err(b) != HS_OK)
		return -1;
	return fwrite(b->p, 1, b->len, stdout) == b->len && fflush(stdout) == 0 ? 0 : -1;
}

static int
judge_and_print(const struct hs_explain_ask *ask, struct hs_str blob,
    const struct hs_request *req, const struct hs_err *cmd_err)
{
	static struct hs_explained e;
	static struct hs_config config;
	struct hs_config_ask files = {
	    .dir = ask->config, .own = ask->own, .user = ask->user, .on_bad = bad_line};
	struct hs_chain_input in = {
	    .cert = blob, .roots = &config.roots, .server = &config.server, .request = req};
	struct hs_buf b = {0};
	time_t now = time(NULL);
	int status;

	hs_config_load(&config, &files);
	if (config.absent)
		(void)hs_server_conf_parse(hs_str_c(""), &config.server, NULL);
	memset(&e, 0, sizeof e);
	e.ask = ask;
	e.config = &config;
	e.now = ask->has_at ? ask->at : (now > 0 ? (uint64_t)now : UINT64_MAX);
	in.now = e.now;
	(void)hs_chain_check(&in, &e.verdict);
	answer(&e, cmd_err);
	hs_explain_gather(&e, blob);
	ask_lists(&e);
	find_shown(&e);
	if (ask->json)
		hs_explain_json(&b, &e);
	else
		hs_explain_text(&b, &e);
	status = e.code == HS_OK ? 0 : EXIT_REFUSED;
	if (print(&b) != 0) {
		fprintf(stderr, "handseal-verify: the answer could not be written\n");
		status = 1;
	}
	hs_buf_free(&e.shown);
	hs_grant_free(&e.own_grant);
	hs_verdict_free(&e.verdict);
	hs_config_free(&config);
	hs_buf_free(&b);
	return status;
}

int
hs_explain(const struct hs_explain_ask *ask)
{
	struct hs_err err = {0}, cmd_err = {0};
	struct hs_command cmd = {0};
	struct hs_buf blob = {0};
	struct hs_request req;
	int status = 1;

	if (read_cert(ask->cert, &blob, &err) != HS_OK) {
		fprintf(stderr, "handseal-verify: %s\n", hs_err_sentence(&err));
		goto out;
	}
	if (ask->user != NULL)
		make_request(ask, hs_direct_is(hs_buf_str(&blob)), &req, &cmd, &cmd_err);
	status = judge_and_print(
	    ask, hs_buf_str(&blob), ask->user != NULL ? &req : NULL, &cmd_err);
out:
	hs_command_free(&cmd);
	hs_buf_free(&blob);
	return status;
}
