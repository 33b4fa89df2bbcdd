// SPDX-License-Identifier: ISC
//
// Composing the prompt and the statement behind it. Contract in compose.h.
#include "agentd/compose.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static void
put_keys(struct hs_buf *b, const struct hs_enrolled *roots)
{
	put(b, "Touch ");
	for (size_t i = 0; i < roots->n; i++) {
		put(b, i == 0 ? "" : i + 1 < roots->n ? ", " : " or ");
		put(b, roots->v[i].name);
		if (roots->v[i].simulated)
			put(b, " (SIMULATED: software, proves no touch)");
	}
	put(b, " to allow exactly this.\n");
}

int
hs_compose_shown(struct hs_buf *b, const struct hs_compose *c)
{
	hs_put_fmt(b, "handseal %s: open a session", c->code);
	if (hs_enrolled_any_simulated(c->roots))
		put(b, " — SIMULATED");
	put(b, "\nAny program of yours may use it, for ");
	hs_describe_span(b, c->ttl);
	put(b, ", until ");
	hs_describe_time(b, c->end);
	put(b, ":\n");
	hs_describe_scope(b, c->scope, "  ");
	if (c->reason.len > 0) {
		put(b, "Says: \"");
		hs_text_put_clean(b, c->reason);
		put(b, "\" (not checked)\n");
	}
	hs_put_fmt(b, "Asked by pid %" PRIu64, c->pid);
	if (c->exe[0] != '\0') {
		put(b, " ");
		hs_text_put_clean(b, hs_str_c(c->exe));
	}
	put(b, ". Any program of yours could have asked this.\n");
	put_keys(b, c->roots);
	if (hs_buf_err(b) == HS_OK && b->len > HS_SHOWN_MAX)
		return HS_ERR_TOO_LONG;
	return hs_buf_err(b);
}

static int
sha256(struct hs_str s, uint8_t out[static 32])
{
	static const uint8_t none[1];

	return EVP_Digest(s.len > 0 ? s.p : none, s.len, out, NULL, EVP_sha256(), NULL) == 1
		   ? HS_OK
		   : HS_ERR_CRYPTO;
}

static int
put_body(const struct hs_compose_grant *g, const struct hs_key *root, struct hs_buf *body)
{
	struct hs_grant_spec spec = {.session_key = g->session_key,
	    .root = root,
	    .serial = g->serial,
	    .valid_after = g->valid_after,
	    .payload = {.scope = hs_scope_text(g->scope),
		.holder = hs_str_c(HS_HOLDER_MAIN),
		.end = g->end,
		.log_seq = g->log_seq}};
	int rc;

	memcpy(spec.nonce, g->nonce, sizeof spec.nonce);
	memcpy(spec.payload.log_head, g->log_head, sizeof spec.payload.log_head);
	rc = sha256(g->shown, spec.payload.shown);
	if (rc == HS_OK) // there is no policy file
		rc = sha256((struct hs_str){0}, spec.payload.policy);
	if (rc == HS_OK)
		rc = hs_grant_put_body(body, &spec);
	return rc;
}

int
hs_compose_request(const struct hs_compose_grant *g, const struct hs_enrolled *roots,
    struct hs_buf bodies[HS_ROOTS_MAX], struct hs_buf *request)
{
	struct hs_helper_request *m = calloc(1, sizeof *m);
	struct hs_buf keys[HS_ROOTS_MAX] = {{0}};
	int rc = m != NULL ? HS_OK : HS_ERR_NOMEM;

	for (size_t i = 0; rc == HS_OK && i < roots->n; i++) {
		const struct hs_root_record *r = &roots->v[i];

		hs_key_put(&keys[i], &r->key);
		rc = put_body(g, &r->key, &bodies[i]);
		if (rc != HS_OK)
			break;
		m->sign.v[i] = (struct hs_helper_candidate){.device = hs_str_c(r->device),
		    .key = hs_buf_str(&keys[i]),
		    .handle = {r->handle, r->handle_len},
		    .body = hs_buf_str(&bodies[i])};
		rc = hs_buf_err(&keys[i]);
	}
	if (rc == HS_OK) {
		m->op = HS_HELPER_SIGN;
		m->sign.timeout = g->armed;
		m->sign.shown = g->shown;
		m->sign.n = roots->n;
		hs_helper_request_put(request, m);
		rc = hs_buf_err(request);
	}
	for (size_t i = 0; i < roots->n; i++)
		hs_buf_free(&keys[i]);
	free(m);
	return rc;
}
