// SPDX-License-Identifier: ISC
//
// What can be said of a certificate, gathered from a verdict on it, also where it is
// refused. Contract in explain.h.
#include "client/verify/explain.h"

#include <string.h>

static void
gather_delegation(struct hs_explained *e)
{
	struct hs_delegation *d = &e->verdict.delegation;

	e->kind = HS_EXPLAIN_DELEGATION;
	e->cert = &d->cert;
	e->payload = &d->grant.payload;
	e->scope = d->scope;
	e->root_key = &d->grant.cert.ca;
	e->grant_after = d->grant.cert.valid_after;
	e->agent = d->agent;
	e->origin = d->origin;
	e->signatures = 2;
	hs_session_id(&d->grant.cert.key, e->session);
	e->cert_good = hs_key_eq(&d->cert.ca, &d->grant.cert.key) &&
		       hs_cert_verify(&d->cert, NULL) == HS_OK;
	e->touch_good = hs_grant_check_signature(&d->grant, NULL) == HS_OK;
	e->touch = d->grant.sk;
}

static void
gather_direct(struct hs_explained *e)
{
	const struct hs_direct *d = &e->verdict.direct_cert;

	e->kind = HS_EXPLAIN_DIRECT;
	e->cert = &d->cert;
	e->payload = &d->payload;
	e->scope = d->scope;
	e->root_key = &d->cert.ca;
	e->grant_after = d->cert.valid_after;
	e->agent = d->agent;
	e->origin = d->origin;
	e->signatures = 1;
	e->cert_good = hs_cert_verify(&d->cert, &e->touch) == HS_OK;
	e->touch_good =
	    e->cert_good && (e->touch.flags & ~(unsigned)HS_SK_FLAG_UV) == HS_SK_FLAG_UP;
}

// The verdict's parts, checked once more one by one: a refusal stops at the first fault, a
// person wants to know of each signature whether it is good.
void
hs_explain_gather(struct hs_explained *e, struct hs_str blob)
{
	if (e->verdict.delegation.scope != NULL) {
		gather_delegation(e);
	} else if (e->verdict.direct && e->verdict.direct_cert.scope != NULL) {
		gather_direct(e);
	} else if (hs_grant_parse(blob, false, &e->own_grant, NULL) == HS_OK) {
		e->kind = HS_EXPLAIN_GRANT;
		e->cert = &e->own_grant.cert;
		e->payload = &e->own_grant.payload;
		e->scope = e->own_grant.scope;
		e->root_key = &e->own_grant.cert.ca;
		e->grant_after = e->own_grant.cert.valid_after;
		e->signatures = 1;
		hs_session_id(&e->own_grant.cert.key, e->session);
		e->touch_good = hs_grant_check_signature(&e->own_grant, NULL) == HS_OK;
		e->cert_good = e->touch_good;
		e->touch = e->own_grant.sk;
	}
	if (e->root_key != NULL)
		e->root = hs_roots_find(&e->config->roots, e->root_key);
}

uint64_t
hs_explain_touched(const struct hs_explained *e)
{
	// certificates begin HS_CLOCK_SLACK before they are made, for clocks that lag
	return e->grant_after > UINT64_MAX - HS_CLOCK_SLACK
		   ? UINT64_MAX
		   : e->grant_after + HS_CLOCK_SLACK;
}

void
hs_explain_roots_line(struct hs_buf *b, const struct hs_explained *e)
{
	const char *user = e->ask->user;

	// a name that is more than a name has no place in a line to be copied
	if (user == NULL || user[0] == '\0' ||
	    user[strspn(user, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			      "0123456789._-")] != '\0')
		user = "*";
	hs_put_fmt(
	    b, "users=\"%s\"%s ", user, e->kind == HS_EXPLAIN_DIRECT ? ",direct" : "");
	hs_key_put_line(b, e->root_key);
}
