// SPDX-License-Identifier: ISC
//
// Checks of the daemon's answers. Contract in believe.h.
#include "client/libhandseal/believe.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "client/libhandseal/answers.h"
#include "proto/names.h"

static int
lied(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_SK_LIED, "handseald's answer cannot be believed: %s", what);
}

static bool
scope_is(const struct hs_scope *a, const struct hs_scope *b)
{
	return hs_str_eq(hs_scope_text(a), hs_scope_text(b));
}

static bool
shown_is(const struct hs_grant_payload *p, struct hs_str text)
{
	uint8_t digest[32];

	crypto_hash_sha256(digest, text.p, text.len);
	return memcmp(digest, p->shown, sizeof digest) == 0;
}

static int
check_opened(struct hs_grant *g, const struct hs_agent_opened *answer,
    const struct hs_believe_open *asked, struct hs_err *err)
{
	char session[HS_SESSION_ID_LEN + 1];

	hs_session_id(&g->cert.key, session);
	if (!hs_str_is(answer->session, session))
		return lied(err, "the session is not the grant's");
	if (!scope_is(g->scope, asked->scope))
		return lied(err, "the grant's scope is not what was asked for");
	if (!shown_is(&g->payload, asked->shown))
		return lied(err, "the touch was for another text than the one shown");
	if (!hs_str_is(g->payload.holder, HS_HOLDER_MAIN))
		return lied(err, "the grant is for another holder");
	if (g->payload.end != answer->end)
		return lied(err, "the session's end is not the grant's");
	// the end is counted from the asking or from the touch, at most a few minutes later
	if (answer->end <= asked->now ||
	    answer->end - asked->now > asked->ttl + 10 * (uint64_t)HS_TOUCH_ARMED)
		return lied(err, "the session ends at another time than asked for");
	if (answer->flags != g->sk.flags)
		return lied(err, "the touch's flags are not the signature's");
	return HS_OK;
}

int
hs_believe_grant(const struct hs_agent_opened *answer, const struct hs_believe_open *asked,
    struct hs_key *root, struct hs_err *err)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_grant g = {0};
	int rc;

	rc = hs_grant_parse(answer->grant, false, &g, err);
	if (rc == HS_OK)
		rc = hs_grant_check_signature(&g, err);
	if (rc == HS_OK)
		rc = check_opened(&g, answer, asked, err);
	if (rc == HS_OK) {
		hs_key_fingerprint(&g.cert.ca, fingerprint);
		if (hs_str_is(answer->fingerprint, fingerprint))
			*root = g.cert.ca;
		else
			rc =
			    lied(err, "it names another key than the one that was touched");
	}
	hs_grant_free(&g);
	return rc;
}

int
hs_believe_links(struct hs_delegation *d, struct hs_err *err)
{
	if (!hs_key_eq(&d->cert.ca, &d->grant.cert.key))
		return hs_fail(err, HS_NO_LINK, "%s", hs_code_sentence(HS_NO_LINK));
	if (hs_cert_verify(&d->cert, NULL) != HS_OK)
		return hs_fail(err, HS_NO_SIG_CERT, "%s", hs_code_sentence(HS_NO_SIG_CERT));
	return hs_grant_check_signature(&d->grant, err);
}

// A seat is told until when it may; its certificates are renewed till then.
static int
check_times(const struct hs_delegation *d, const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_err *err)
{
	uint64_t end = d->cert.valid_before;
	bool agree = asked->key == NULL ? end <= answer->end : end == answer->end;

	if (!agree || end <= asked->now ||
	    d->cert.valid_after > asked->now + HS_CLOCK_SLACK)
		return lied(err, "the certificate is not valid when it should be");
	if (end - asked->now > hs_scope_max_ttl(d->scope) + HS_CLOCK_SLACK ||
	    answer->end > d->grant.payload.end)
		return lied(err, "the certificate ends later than was asked for");
	return HS_OK;
}

static int
check_issued(const struct hs_delegation *d, const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_err *err)
{
	char session[HS_SESSION_ID_LEN + 1], id[HS_SESSION_ID_LEN + 24];

	hs_session_id(&d->grant.cert.key, session);
	snprintf(id, sizeof id, "%s.%" PRIu64, session, d->cert.serial);
	if (asked->session.len > 0 && !hs_str_is(asked->session, session))
		return lied(err, "the certificate is of another session");
	if (!hs_str_is(answer->id, id))
		return lied(err, "the certificate has another id");
	if (asked->key != NULL && !hs_key_eq(&d->cert.key, asked->key))
		return lied(err, "the certificate is for another key");
	if (asked->agent.len > 0 && !hs_str_eq(d->agent, asked->agent))
		return lied(err, "the certificate is for another agent");
	if (asked->already && !hs_scope_under(asked->scope, d->scope))
		return lied(err, "the certificate does not allow what was asked for");
	if (!asked->already && asked->scope != NULL &&
	    !hs_scope_under(d->scope, asked->scope))
		return lied(err, "the certificate allows more than was asked for");
	if (asked->shown.len > 0 && !shown_is(&d->grant.payload, asked->shown))
		return lied(err, "the touch was for another text than the one asked for");
	if (!hs_scope_under(d->scope, d->grant.scope))
		return lied(err, "the certificate allows more than its grant");
	return check_times(d, answer, asked, err);
}

int
hs_believe_delegation(const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_delegation *d, struct hs_err *err)
{
	int rc = hs_delegation_parse(answer->certificate, d, err);

	if (rc == HS_OK)
		rc = hs_believe_links(d, err);
	if (rc == HS_OK)
		rc = check_issued(d, answer, asked, err);
	return rc;
}

static int
check_direct(const struct hs_direct *d, const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_err *err)
{
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial, end = d->cert.valid_before;

	if (hs_answers_parse_id(answer->id, session, &serial) != HS_OK ||
	    (asked->session.len > 0 && !hs_str_is(asked->session, session)))
		return lied(err, "the certificate is of another session");
	if (asked->key != NULL && !hs_key_eq(&d->cert.key, asked->key))
		return lied(err, "the certificate is for another key");
	if (asked->agent.len > 0 && !hs_str_eq(d->agent, asked->agent))
		return lied(err, "the certificate is for another agent");
	if (asked->scope != NULL && !scope_is(d->scope, asked->scope))
		return lied(
		    err, "the certificate allows something else than was asked for");
	if (asked->shown.len > 0 && !shown_is(&d->payload, asked->shown))
		return lied(err, "the touch was for another text than the one asked for");
	if (end != answer->end || end <= asked->now ||
	    d->cert.valid_after > asked->now + HS_CLOCK_SLACK ||
	    end - asked->now > hs_scope_max_ttl(d->scope) + HS_CLOCK_SLACK)
		return lied(err, "the certificate is not valid when it should be");
	return HS_OK;
}

int
hs_believe_direct(const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_direct *d, struct hs_err *err)
{
	int rc = hs_direct_parse(answer->certificate, false, d, err);

	if (rc == HS_OK)
		rc = hs_direct_check_signature(d, err);
	if (rc == HS_OK)
		rc = check_direct(d, answer, asked, err);
	return rc;
}
