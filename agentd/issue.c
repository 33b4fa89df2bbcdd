// SPDX-License-Identifier: ISC
//
// Building a certificate under a grant. Contract in issue.h.
#include "agentd/issue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int
check_uses(const struct hs_held *h, uint64_t uses, struct hs_refusal *why)
{
	if (h->uses_left == HS_USES_ANY || uses <= h->uses_left)
		return HS_OK;
	hs_fail(&why->err, HS_NO_USES, "uses left under the grant: %" PRIu64, h->uses_left);
	if (h->uses_left > 0)
		return hs_refusal_remedy(
		    why, "ask for --uses %" PRIu64 " or fewer", h->uses_left);
	return hs_refusal_remedy(
	    why, "have a person close this session and open another: handseal open");
}

// The end is the nearest of: the scope's max-ttl from now, the grant's end, and the
// same end by the clock that nobody can set.
static int
set_times(const struct hs_held *h, uint64_t ttl, const struct hs_now *now,
    struct hs_issue *out, uint64_t *after, struct hs_refusal *why)
{
	uint64_t left;

	if (hs_held_over(h, now)) {
		hs_fail(&why->err, HS_NO_EXPIRED, "%s", "");
		return hs_refusal_remedy(why, "ask again");
	}
	left = (h->end_boot_ms - now->boot_ms + 999) / 1000;
	*after = now->wall > HS_CLOCK_SLACK ? now->wall - HS_CLOCK_SLACK : 1;
	if (*after < h->cert->valid_after)
		*after = h->cert->valid_after;
	out->issued = now->wall;
	out->end = now->wall + (ttl < left ? ttl : left);
	if (out->end > h->end)
		out->end = h->end;
	if (out->end > *after && now->wall >= h->cert->valid_after)
		return HS_OK;
	hs_fail(&why->err, HS_NO_CLOCK, "the clock was set to before this session began");
	return hs_refusal_remedy(
	    why, "set the clock right, or close the session and open another");
}

static int
build(const struct hs_session *s, const struct hs_held *h, const struct hs_wanted *w,
    const struct hs_issue_terms *terms, uint64_t after, const uint8_t *nonce,
    struct hs_issue *out, struct hs_refusal *why)
{
	struct hs_buf sig = {0};
	struct hs_delegation_spec spec = {.agent_key = &w->key,
	    .session_key = &s->key.pub,
	    .serial = s->last_serial + 1,
	    .valid_after = after,
	    .valid_before = out->end,
	    .agent = hs_str_c(w->agent),
	    .grant = hs_buf_str(&h->blob),
	    .origin = w->origin,
	    .scope = w->scope};
	int rc;

	if (terms != NULL) {
		spec.lineage = terms->lineage;
		spec.nlineage = terms->nlineage;
	}
	memcpy(spec.nonce, nonce, sizeof spec.nonce);
	rc = hs_delegation_put_body(&out->certificate, &spec);
	if (rc == HS_OK)
		rc = hs_keys_sign(&s->key, hs_buf_str(&out->certificate), &sig);
	if (rc == HS_OK) {
		hs_cert_put_signature(&out->certificate, hs_buf_str(&sig));
		rc = hs_buf_err(&out->certificate);
	}
	hs_buf_free(&sig);
	if (rc == HS_OK && out->certificate.len > HS_CERT_MAX)
		rc = HS_ERR_TOO_LONG;
	out->serial = spec.serial;
	if (rc == HS_ERR_TOO_LONG) {
		hs_fail(&why->err, HS_ERR_TOO_LONG,
		    "the certificate would be longer than %u bytes", HS_CERT_MAX);
		return hs_refusal_remedy(why, "ask for a smaller scope");
	}
	return rc == HS_OK ? HS_OK : hs_fail(&why->err, (enum hs_code)rc, "%s", "");
}

int
hs_issue(struct hs_session *s, struct hs_held *h, const struct hs_wanted *w,
    const struct hs_issue_terms *terms, const struct hs_now *now,
    const uint8_t nonce[static 32], struct hs_issue *out, struct hs_refusal *why)
{
	uint64_t uses = terms == NULL ? hs_scope_max_uses(w->scope) : 0, after = 0;
	uint64_t ttl = hs_scope_max_ttl(w->scope);
	int rc;

	if (terms != NULL && terms->ttl < ttl)
		ttl = terms->ttl;
	*out = (struct hs_issue){0};
	if (!hs_scope_under(w->scope, h->scope)) // whoever decided, this is rule 3
		return hs_fail(&why->err, HS_NO_CEILING, "%s", "");
	rc = check_uses(h, uses, why);
	if (rc == HS_OK)
		rc = set_times(h, ttl, now, out, &after, why);
	if (rc == HS_OK)
		rc = build(s, h, w, terms, after, nonce, out, why);
	if (rc != HS_OK)
		return rc;
	(void)snprintf(out->id, sizeof out->id, "%s.%" PRIu64, s->id, out->serial);
	out->uses = uses;
	out->grant_serial = h->cert->serial;
	s->last_serial = out->serial;
	s->count++;
	s->active_boot_ms = now->boot_ms;
	if (h->uses_left != HS_USES_ANY)
		h->uses_left -= out->uses;
	return HS_OK;
}

int
hs_issue_direct(
    struct hs_session *s, struct hs_held *h, const struct hs_now *now, struct hs_issue *out)
{
	*out = (struct hs_issue){.issued = now->wall,
	    .end = h->end,
	    .serial = h->indexed,
	    .grant_serial = h->cert->serial,
	    .direct = h->cert,
	    .indexed = h->indexed > 0 && h->indexed == s->last_serial};
	if (!out->indexed) // serials ascend in the log, and another has taken one since
		out->serial = s->last_serial + 1;
	hs_put_raw(&out->certificate, h->blob.p, h->blob.len);
	if (hs_buf_err(&out->certificate) != HS_OK)
		return HS_ERR_NOMEM;
	(void)snprintf(out->id, sizeof out->id, "%s.%" PRIu64, s->id, out->serial);
	h->indexed = 0; // once
	s->last_serial = out->serial;
	s->count++;
	s->active_boot_ms = now->boot_ms;
	return HS_OK;
}

void
hs_issue_free(struct hs_issue *i)
{
	hs_buf_free(&i->certificate);
	*i = (struct hs_issue){0};
}
