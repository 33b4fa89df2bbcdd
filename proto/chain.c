// SPDX-License-Identifier: ISC
//
// The chain check: every condition of docs/PROTOCOL.certs, "Checking", in that order. Pure
// and total: a verdict is all that can come out. The line that follows from one is
// chain_line.c's. Contract in chain.h.
#include "proto/chain.h"

#include <inttypes.h>
#include <string.h>
#include "proto/names.h"

static int
say(struct hs_err *err, enum hs_code code)
{
	return hs_fail(err, code, "%s", hs_code_sentence(code));
}

// ---- who signed

static int
find_root(const struct hs_chain_input *in, const struct hs_key *key, struct hs_verdict *v)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	v->root = hs_roots_find(in->roots, key);
	if (v->root != NULL)
		return HS_OK;
	hs_key_fingerprint(key, fp);
	return hs_fail(
	    &v->err, HS_NO_ROOT_UNKNOWN, "no trusted root is %s, which signed it", fp);
}

static int
check_verified(const struct hs_chain_input *in, struct hs_verdict *v)
{
	if ((v->root->require_uv || in->server->require_uv) &&
	    (v->touch.flags & HS_SK_FLAG_UV) == 0)
		return say(&v->err, HS_NO_UV);
	return HS_OK;
}

static int
check_chain_signatures(const struct hs_chain_input *in, struct hs_verdict *v)
{
	struct hs_delegation *d = &v->delegation;
	int rc;

	if (!hs_key_eq(&d->cert.ca, &d->grant.cert.key))
		return say(&v->err, HS_NO_LINK);
	if ((rc = find_root(in, &d->grant.cert.ca, v)) != HS_OK)
		return rc;
	if (hs_cert_verify(&d->cert, NULL) != HS_OK)
		return say(&v->err, HS_NO_SIG_CERT);
	if ((rc = hs_grant_check_signature(&d->grant, &v->err)) != HS_OK)
		return rc;
	v->touch = d->grant.sk;
	return check_verified(in, v);
}

static int
check_direct_signature(const struct hs_chain_input *in, struct hs_verdict *v)
{
	struct hs_direct *d = &v->direct_cert;
	int rc = find_root(in, &d->cert.ca, v);

	if (rc != HS_OK)
		return rc;
	if (!v->root->direct)
		return say(&v->err, HS_NO_ROOT_DIRECT);
	if ((rc = hs_direct_check_signature(d, &v->err)) != HS_OK)
		return rc;
	v->touch = d->sk;
	return check_verified(in, v);
}

// ---- when

static int
check_now(const struct hs_cert *c, const char *what, uint64_t now, struct hs_err *err)
{
	if (now < c->valid_after)
		return hs_fail(err, HS_NO_NOT_YET,
		    "%s is not valid yet: it will be in %" PRIu64 " s", what,
		    c->valid_after - now);
	if (now >= c->valid_before)
		return hs_fail(err, HS_NO_EXPIRED, "%s expired %" PRIu64 " s ago", what,
		    now - c->valid_before);
	return HS_OK;
}

// Its length, counted from when it was made (HS_CLOCK_SLACK after it begins).
static int
check_length(const struct hs_cert *c, const char *what, uint64_t max, struct hs_err *err)
{
	uint64_t length = c->valid_before - c->valid_after;

	if (length <= HS_CLOCK_SLACK || length - HS_CLOCK_SLACK <= max)
		return HS_OK;
	return hs_fail(err, HS_NO_TOO_LONG_LIVED,
	    "%s is valid for %" PRIu64 " s, where at most %" PRIu64 " s are accepted", what,
	    length - HS_CLOCK_SLACK, max);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

// A root's line may say 0: nothing of its own.
static uint64_t
limit(uint64_t root, uint64_t server)
{
	return root != 0 ? root : server;
}

static int
check_chain_times(const struct hs_chain_input *in, struct hs_verdict *v)
{
	const struct hs_cert *c = &v->delegation.cert, *g = &v->delegation.grant.cert;
	uint64_t max_grant = limit(v->root->max_grant, in->server->max_grant),
		 max_cert = limit(v->root->max_delegation, in->server->max_delegation);
	int rc;

	if ((rc = check_now(c, "the certificate", in->now, &v->err)) != HS_OK ||
	    (rc = check_now(g, "the grant", in->now, &v->err)) != HS_OK ||
	    (rc = check_length(g, "the grant", max_grant, &v->err)) != HS_OK)
		return rc;
	max_cert = least(max_cert, hs_scope_max_ttl(v->delegation.scope));
	return check_length(c, "the certificate", max_cert, &v->err);
}

static int
check_direct_times(const struct hs_chain_input *in, struct hs_verdict *v)
{
	const struct hs_cert *c = &v->direct_cert.cert;
	uint64_t max = least(limit(v->root->max_grant, in->server->max_grant),
	    limit(v->root->max_delegation, in->server->max_delegation));
	int rc = check_now(c, "the certificate", in->now, &v->err);

	max = least(max, hs_scope_max_ttl(v->direct_cert.scope));
	return rc != HS_OK ? rc : check_length(c, "the certificate", max, &v->err);
}

// ---- child inside parent (rule 3)

static int
check_inside(struct hs_verdict *v)
{
	const struct hs_delegation *d = &v->delegation;
	const struct hs_grant *g = &d->grant;

	if (d->cert.valid_before > g->cert.valid_before ||
	    d->cert.valid_after < g->cert.valid_after)
		return hs_fail(&v->err, HS_NO_WIDER,
		    "the certificate begins before its grant, or ends after it");
	// each ancestor has used up a level
	if (hs_scope_depth(d->scope) + d->nlineage > hs_scope_depth(g->scope))
		return hs_fail(&v->err, HS_NO_WIDER,
		    "the certificate was passed on more often than its grant allows");
	if (!hs_scope_under(d->scope, g->scope))
		return say(&v->err, HS_NO_WIDER);
	return HS_OK;
}

// ---- what is asked

static int
copy_scope(const struct hs_scope *scope, struct hs_verdict *v)
{
	int rc = hs_scope_parse_canonical(hs_scope_text(scope), &v->effective, &v->err);

	return rc == HS_OK ? HS_OK : say(&v->err, (enum hs_code)rc);
}

static bool
is_login(enum hs_request_kind kind)
{
	return kind != HS_REQ_NS && kind != HS_REQ_CAP;
}

static void
point_at_names(
    const struct hs_server_conf *server, struct hs_str names[static HS_HOSTNAMES_MAX])
{
	for (size_t i = 0; i < server->nhostnames; i++)
		names[i] = hs_str_c(server->hostnames[i]);
}

static int
check_request(
    const struct hs_chain_input *in, const struct hs_scope *scope, struct hs_verdict *v)
{
	struct hs_str names[HS_HOSTNAMES_MAX];
	struct hs_request req;
	int rc;

	if (in->request == NULL)
		return copy_scope(scope, v);
	req = *in->request;
	point_at_names(in->server, names);
	req.hosts = names;
	req.nhosts = in->server->nhostnames;
	if (!is_login(req.kind)) {
		if (req.kind == HS_REQ_CAP && !hs_root_allows(v->root, req.value))
			return say(&v->err, HS_NO_CAP_ROOT);
		rc = hs_scope_permits(scope, &req, NULL);
		return rc == HS_OK ? copy_scope(scope, v) : say(&v->err, (enum hs_code)rc);
	}
	if (!hs_root_admits(v->root, req.user))
		return say(&v->err, HS_NO_USER_ROOT);
	if ((rc = hs_scope_filter(scope, &req, &v->effective, &v->err)) != HS_OK)
		return rc;
	rc = hs_scope_permits(v->effective, &req, NULL);
	return rc == HS_OK ? HS_OK : say(&v->err, (enum hs_code)rc);
}

// ---- all of it

static int
check_chain(const struct hs_chain_input *in, struct hs_verdict *v)
{
	int rc = hs_delegation_parse(in->cert, &v->delegation, &v->err);

	if (rc != HS_OK || (rc = check_chain_signatures(in, v)) != HS_OK ||
	    (rc = check_chain_times(in, v)) != HS_OK || (rc = check_inside(v)) != HS_OK)
		return rc;
	v->end =
	    least(v->delegation.cert.valid_before, v->delegation.grant.cert.valid_before);
	return check_request(in, v->delegation.scope, v);
}

static int
check_direct(const struct hs_chain_input *in, struct hs_verdict *v)
{
	int rc = hs_direct_parse(in->cert, false, &v->direct_cert, &v->err);

	if (rc != HS_OK || (rc = check_direct_signature(in, v)) != HS_OK ||
	    (rc = check_direct_times(in, v)) != HS_OK)
		return rc;
	v->end = v->direct_cert.cert.valid_before;
	return check_request(in, v->direct_cert.scope, v);
}

enum hs_code
hs_chain_check(const struct hs_chain_input *in, struct hs_verdict *out)
{
	memset(out, 0, sizeof(*out));
	out->direct = hs_direct_is(in->cert);
	out->code =
	    (enum hs_code)(out->direct ? check_direct(in, out) : check_chain(in, out));
	if (out->code != HS_OK) {
		hs_scope_free(&out->effective);
		out->err.code =
		    out->code; // whoever found it may have had it from elsewhere
	}
	return out->code;
}

void
hs_verdict_free(struct hs_verdict *v)
{
	hs_scope_free(&v->effective);
	hs_delegation_free(&v->delegation);
	hs_direct_free(&v->direct_cert);
	memset(v, 0, sizeof(*v));
}
