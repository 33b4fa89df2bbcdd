// SPDX-License-Identifier: ISC
//
// libhandseal for services: one question, judged by the same chain check as sshd's logins.
// Here is what is around that: what was asked makes sense, then certificate, proof and
// lists one after the other. Contract in handseal-verify.h.
#include "client/libhandseal/verify.h"

#include <stdlib.h>
#include <string.h>
#include "proto/certline.h"

struct hs_str
hs_verify_view(struct hs_verify_bytes b)
{
	return (struct hs_str){b.p, b.p != NULL ? b.len : 0};
}

// A blob begins with the length of a type's name, so with a zero; its line with the name.
int
hs_verify_blob(struct hs_str certificate, struct hs_buf *blob, struct hs_err *err)
{
	if (certificate.len == 0 || certificate.p[0] != 0)
		return hs_certline_file(certificate, blob, err);
	if (certificate.len > HS_CERT_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "it is longer than any certificate of handseal's");
	hs_put_raw(blob, certificate.p, certificate.len);
	return hs_buf_err(blob) == HS_OK ? HS_OK : hs_fail(err, HS_ERR_NOMEM, "%s", "");
}

// ---- does the question make sense

static const enum hs_request_kind kinds[] = {
    [HS_VERIFY_LOGIN] = HS_REQ_LOGIN,
    [HS_VERIFY_COMMAND] = HS_REQ_COMMAND,
    [HS_VERIFY_SHELL] = HS_REQ_SHELL,
    [HS_VERIFY_SFTP] = HS_REQ_SFTP,
    [HS_VERIFY_FORWARD] = HS_REQ_OPEN,
    [HS_VERIFY_CAP] = HS_REQ_CAP,
    [HS_VERIFY_SIGNATURE] = HS_REQ_NS,
};

static bool
is_login(int what)
{
	return what != HS_VERIFY_CAP && what != HS_VERIFY_SIGNATURE;
}

static bool
some(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static int
misused(struct hs_err *err, const char *why)
{
	return hs_fail(err, HS_ERR_USAGE, "%s", why);
}

static int
check_words(const struct hs_verify_ask *ask, struct hs_err *err)
{
	if (ask->what != HS_VERIFY_COMMAND)
		return HS_OK;
	if (ask->nwords == 0 || ask->nwords > HS_COMMAND_WORDS_MAX || ask->words == NULL)
		return misused(err, "a command has 1 to 1024 words");
	for (size_t i = 0; i < ask->nwords; i++)
		if (ask->words[i] == NULL)
			return misused(err, "a word of the command is missing");
	return HS_OK;
}

static int
check_asked(const struct hs_verify_ask *ask, struct hs_err *err)
{
	if (ask->what <= HS_VERIFY_NOTHING || ask->what > HS_VERIFY_SIGNATURE)
		return misused(err, "what is asked is not said");
	if (is_login(ask->what) && !some(ask->user))
		return misused(err, "a login needs its user");
	if (is_login(ask->what) && !some(ask->addr))
		return misused(err, "a login needs the client's address");
	if ((ask->what == HS_VERIFY_CAP || ask->what == HS_VERIFY_FORWARD) &&
	    !some(ask->value))
		return misused(err, "what it is about is not said");
	if (ask->lists_needed < HS_VERIFY_LISTS_REQUIRED ||
	    ask->lists_needed > HS_VERIFY_LISTS_NONE)
		return misused(err, "lists_needed is none of the three");
	if (ask->nlists > 0 &&
	    (ask->lists == NULL || ask->lists_needed == HS_VERIFY_LISTS_NONE))
		return misused(err, "lists are given where there are none");
	if (ask->nseen > 0 && ask->seen == NULL)
		return misused(err, "the table of what was seen is missing");
	return check_words(ask, err);
}

// A name of the service's is no pattern: it would let in on one what is for another.
static int
put_hosts(const struct hs_verify_ask *ask, struct hs_server_conf *c, struct hs_err *err)
{
	if (ask->nhosts > HS_HOSTNAMES_MAX || (ask->nhosts > 0 && ask->hosts == NULL))
		return misused(err, "a service has at most 32 names");
	for (size_t i = 0; i < ask->nhosts; i++) {
		struct hs_str name = hs_str_c(ask->hosts[i] != NULL ? ask->hosts[i] : "");

		if (strchr((const char *)name.p, '*') != NULL ||
		    !hs_scope_value_under(HS_KEY_HOST, name, name) ||
		    hs_str_copy(name, c->hostnames[i], sizeof c->hostnames[i]) != HS_OK)
			return hs_fail(err, HS_ERR_USAGE,
			    "%s is no host name in lower case", (const char *)name.p);
	}
	c->nhostnames = ask->nhosts;
	return HS_OK;
}

static int
put_server(const struct hs_verify_ask *ask, struct hs_server_conf *c, struct hs_err *err)
{
	memset(c, 0, sizeof *c);
	c->max_grant = ask->max_grant != 0 ? ask->max_grant : HS_MAX_GRANT;
	c->max_delegation =
	    ask->max_delegation != 0 ? ask->max_delegation : HS_MAX_DELEGATION;
	c->require_uv = ask->require_pin != 0;
	return put_hosts(ask, c, err);
}

// ---- what it needs meanwhile; all of it is freed before the answer is given

struct work {
	const struct hs_verify_ask *ask;
	struct hs_verify_signature signature;
	struct hs_buf blob;
	struct hs_roots roots;
	struct hs_server_conf server;
	struct hs_verdict verdict;
	struct hs_str *words;
	int waived;
	struct hs_err err;
};

static int
read_parts(struct work *w)
{
	const struct hs_verify_ask *ask = w->ask;
	struct hs_str certificate = hs_verify_view(ask->certificate);
	int rc = HS_OK;

	if (ask->proof == HS_VERIFY_SIGNED)
		rc = hs_verify_signature_read(
		    hs_verify_view(ask->signature), &w->signature, &w->err);
	if (rc == HS_OK && certificate.len == 0 && ask->proof == HS_VERIFY_SIGNED)
		certificate = w->signature.sig.key;
	if (rc == HS_OK)
		rc = hs_verify_blob(certificate, &w->blob, &w->err);
	if (rc != HS_OK)
		return rc;
	rc = hs_roots_parse(hs_verify_view(ask->roots), &w->roots, NULL, NULL);
	if (rc != HS_OK)
		return hs_fail(&w->err, (enum hs_code)rc, "the roots: %s",
		    hs_code_sentence((enum hs_code)rc));
	return HS_OK;
}

static int
put_request(struct work *w, struct hs_request *req)
{
	const struct hs_verify_ask *ask = w->ask;

	*req = (struct hs_request){
	    .kind = kinds[ask->what], .pty = ask->terminal != 0, .write = ask->write != 0};
	if (is_login(ask->what)) {
		req->user = hs_str_c(ask->user);
		req->addr = hs_str_c(ask->addr);
	}
	if (ask->what == HS_VERIFY_SIGNATURE)
		req->value = hs_str_c(ask->ns);
	else if (ask->value != NULL)
		req->value = hs_str_c(ask->value);
	if (ask->proof == HS_VERIFY_SIGNED)
		req->ns = hs_str_c(ask->ns);
	if (ask->what != HS_VERIFY_COMMAND)
		return HS_OK;
	w->words = calloc(ask->nwords, sizeof *w->words);
	if (w->words == NULL)
		return hs_fail(&w->err, HS_ERR_NOMEM, "%s", "");
	for (size_t i = 0; i < ask->nwords; i++)
		w->words[i] = hs_str_c(ask->words[i]);
	req->words = w->words;
	req->nwords = ask->nwords;
	return HS_OK;
}

static int
check_chain(struct work *w)
{
	struct hs_chain_input in = {.cert = hs_buf_str(&w->blob),
	    .roots = &w->roots,
	    .server = &w->server,
	    .now = w->ask->now};
	struct hs_request req;
	int rc = put_request(w, &req);

	if (rc != HS_OK)
		return rc;
	in.request = &req;
	rc = (int)hs_chain_check(&in, &w->verdict);
	if (rc == HS_NO_OTHER && w->ask->proof == HS_VERIFY_SIGNED)
		return hs_fail(&w->err, HS_NO_OTHER,
		    "no statement of the scope allows this together with the namespace %s",
		    w->ask->ns);
	if (rc != HS_OK)
		w->err = w->verdict.err;
	return rc;
}

static int
check_proof(struct work *w)
{
	const struct hs_verdict *v = &w->verdict;

	if (w->ask->proof != HS_VERIFY_SIGNED)
		return HS_OK;
	return hs_verify_signature_check(&w->signature,
	    v->direct ? &v->direct_cert.cert.key : &v->delegation.cert.key, w->ask,
	    &w->err);
}

static int
judge(struct work *w)
{
	const struct hs_verify_ask *ask = w->ask;
	int rc;

	if ((rc = check_asked(ask, &w->err)) != HS_OK ||
	    (rc = hs_verify_proof_asked(ask, &w->err)) != HS_OK ||
	    (rc = put_server(ask, &w->server, &w->err)) != HS_OK ||
	    (rc = read_parts(w)) != HS_OK || (rc = check_chain(w)) != HS_OK ||
	    (rc = check_proof(w)) != HS_OK)
		return rc;
	return hs_verify_lists_look(ask, &w->roots, &w->verdict, &w->waived, &w->err);
}

int
hs_verify(const struct hs_verify_ask *ask, struct hs_verify_answer *answer)
{
	struct work *w;
	int rc = HS_ERR_NOMEM;

	if (answer == NULL || answer->size != sizeof *answer || ask == NULL ||
	    ask->size != sizeof *ask)
		return 0;
	memset(answer, 0, sizeof *answer);
	answer->size = sizeof *answer;
	w = calloc(1, sizeof *w); // some 50 KB of views: not for the caller's stack
	if (w == NULL) {
		struct hs_err err = {.code = HS_ERR_NOMEM};

		hs_verify_tell_refusal(answer, &err);
		return 0;
	}
	w->ask = ask;
	rc = judge(w);
	hs_verify_tell_about(answer, hs_buf_str(&w->blob));
	w->err.code = (enum hs_code)rc; // whoever found it may have had it from elsewhere
	if (rc == HS_OK) {
		hs_verify_tell_who(answer, &w->verdict);
		answer->waived = w->waived;
		answer->verdict = HS_VERIFY_ADMITTED;
	} else {
		hs_verify_tell_refusal(answer, &w->err);
	}
	hs_verdict_free(&w->verdict);
	hs_roots_free(&w->roots);
	hs_buf_free(&w->blob);
	hs_buf_free(&w->signature.blob);
	free(w->words);
	free(w);
	return rc == HS_OK;
}
