// SPDX-License-Identifier: ISC
//
// Composing the prompt and the statement behind it. Contract in compose.h.
#include "agentd/compose.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/asker.h"
#include "agentd/seathosts.h"
#include "agentd/sharing.h"
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static void
put_keys(struct hs_buf *b, const struct hs_enrolled *roots, bool pin)
{
	put(b, pin ? "Enter its PIN and touch " : "Touch ");
	for (size_t i = 0; i < roots->n; i++) {
		put(b, i == 0 ? "" : i + 1 < roots->n ? ", " : " or ");
		put(b, roots->v[i].name);
		if (roots->v[i].simulated)
			put(b, " (SIMULATED: software, proves no touch)");
	}
	put(b, " to allow exactly this.\n");
}

static void
put_claim(struct hs_buf *b, struct hs_str reason)
{
	if (reason.len == 0)
		return;
	put(b, "Says: \"");
	hs_text_put_clean(b, reason);
	put(b, "\" (not checked)\n");
}

void
hs_compose_title(struct hs_buf *b, const struct hs_compose *c)
{
	hs_put_fmt(b, "handseal %s: ", c->code);
	if (c->agent == NULL)
		put(b, "open a session");
	else
		hs_put_fmt(b, "%s asks%s%s", c->agent,
		    c->seating		    ? " for a seat"
		    : c->more && !c->direct ? " for more"
					    : "",
		    c->direct ? ", DIRECT" : "");
	if (c->peer->forwarding != HS_FORWARDING_NONE)
		put(b, c->peer->forwarding == HS_FORWARDING_PROVEN
			   ? ", from another host"
			   : ", from nobody knows which host");
	if (hs_enrolled_any_simulated(c->roots))
		put(b, " — SIMULATED");
}

// What any program may do, it may do for them: the policy says so.
static void
put_users(struct hs_buf *b, const struct hs_policy *p)
{
	if (p->nusers == 0)
		return;
	put(b, ", and share a seat with ");
	for (size_t i = 0; i < p->nusers; i++)
		hs_put_fmt(b, "%s%s",
		    i == 0		? ""
		    : i + 1 < p->nusers ? ", "
					: " or ",
		    p->users[i]);
}

static void
put_session(struct hs_buf *b, const struct hs_compose *c)
{
	put(b, "Any program of yours may use it");
	put_users(b, c->policy);
	put(b, ", for ");
	hs_describe_span(b, c->ttl);
	put(b, ", until ");
	hs_describe_time(b, c->end);
	put(b, ":\n");
	hs_describe_scope(b, c->scope, "  ");
}

// What a stock server does with it, which is not what one of ours does.
static void
put_direct(struct hs_buf *b, const struct hs_compose *c)
{
	hs_describe_statements(b, c->scope, "  ");
	put(b, "The key signs this certificate itself, for stock sshd: every server that "
	       "trusts the key\n"
	       "accepts it until its end, any number of times, and checks the login, the "
	       "client's\n"
	       "address, the command and the time, no more, nor ends what then runs. Only\n"
	       "RevokedKeys on each of them can take it back. It is not renewed.\n");
}

// The difference first, since that is what is decided; and if it is not all, all of it.
static void
put_request(struct hs_buf *b, const struct hs_compose *c)
{
	const struct hs_sharing *shared = c->seat != NULL ? &c->seat->shared : c->shared;

	put(b, c->direct ? "DIRECT" : "NEW");
	put(b, c->seating	 ? ", on a seat of its own"
	       : c->seat != NULL ? ", on its seat alone"
				 : ", in one certificate");
	if (shared != NULL && shared->uid != 0) {
		put(b, ", which ");
		hs_sharing_put(b, shared);
		put(b, " may use");
	}
	put(b, c->seating  ? ", while its command runs, for at most "
	       : c->direct ? ", for "
			   : ", for at most ");
	hs_describe_span(b, c->ttl);
	put(b, " from the touch:\n");
	if (c->direct) {
		put_direct(b, c);
		return;
	}
	hs_describe_scope(b, c->difference, "  ");
	if (c->seating || c->seat != NULL)
		put(b, "There a use is one login or signature, and certificates are "
		       "renewed.\n");
	if (hs_str_eq(hs_scope_text(c->difference), hs_scope_text(c->scope)))
		return;
	put(b, "together with what it may already, so all in all:\n");
	hs_describe_scope(b, c->scope, "  ");
}

int
hs_compose_shown(struct hs_buf *b, const struct hs_compose *c)
{
	hs_compose_title(b, c);
	put(b, "\n");
	if (c->agent == NULL)
		put_session(b, c);
	else
		put_request(b, c);
	put_claim(b, c->reason);
	hs_seathosts_describe(b, c->known, c->scope, c->seat);
	hs_asker_put(b, c->peer, c->seat != NULL ? c->seat->id : NULL, geteuid());
	put_keys(b, c->roots, c->pin);
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
put_payload(const struct hs_compose_body *g, struct hs_grant_payload *p)
{
	*p = (struct hs_grant_payload){.scope = hs_scope_text(g->scope),
	    .holder = hs_str_c(g->holder),
	    .end = g->end,
	    .log_seq = g->log_seq};
	memcpy(p->log_head, g->log_head, sizeof p->log_head);
	memcpy(p->policy, g->policy, sizeof p->policy);
	return sha256(g->shown, p->shown);
}

static int
put_body(const struct hs_compose_body *g, const struct hs_key *root, struct hs_buf *body)
{
	struct hs_grant_spec spec = {.session_key = g->subject,
	    .root = root,
	    .serial = g->serial,
	    .valid_after = g->valid_after};
	struct hs_direct_spec direct = {.agent_key = g->subject,
	    .root = root,
	    .serial = g->serial,
	    .valid_after = g->valid_after,
	    .agent = hs_str_c(g->direct ? g->agent : ""),
	    .origin = g->origin};
	int rc = put_payload(g, &spec.payload);

	memcpy(spec.nonce, g->nonce, sizeof spec.nonce);
	memcpy(direct.nonce, g->nonce, sizeof direct.nonce);
	direct.payload = spec.payload;
	if (rc != HS_OK)
		return rc;
	return g->direct ? hs_direct_put_body(body, &direct)
			 : hs_grant_put_body(body, &spec);
}

int
hs_compose_request(const struct hs_compose_body *g, const struct hs_enrolled *roots,
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
		    .body = hs_buf_str(&bodies[i]),
		    .verify = r->verify};
		rc = hs_buf_err(&keys[i]);
	}
	if (rc == HS_OK) {
		m->op = HS_HELPER_SIGN;
		m->sign.timeout = g->armed;
		m->sign.verify = g->verify;
		m->sign.pin = g->pin;
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
