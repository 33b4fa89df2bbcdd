// SPDX-License-Identifier: ISC
//
// What a helper signs at all: grants and direct certificates that hold the digest of the
// text that came with them, and roots' lists that say that text (DESIGN rules 6 and 10).
// The messages are helper.c's, and whether the scope should be granted is the person's who
// touches. Contract in helper.h.
#include "proto/helper.h"

#include <sodium.h>
#include <string.h>
#include "proto/names.h"
#include "proto/rlist.h"

static int
refuse(struct hs_err *err, size_t at, const char *what)
{
	return hs_fail(err, HS_SK_REFUSED, "candidate %zu is not signed: %s", at + 1, what);
}

// What a grant's and a direct certificate's body have in common here.
struct judged {
	struct hs_key ca;
	uint8_t shown[32];
};

static int
judge_grant(struct hs_str body, struct judged *j, struct hs_err *why)
{
	struct hs_grant g;
	int rc = hs_grant_parse(body, true, &g, why);

	if (rc == HS_OK) {
		j->ca = g.cert.ca;
		memcpy(j->shown, g.payload.shown, sizeof j->shown);
	}
	hs_grant_free(&g);
	return rc;
}

static int
judge_direct(struct hs_str body, struct judged *j, struct hs_err *why)
{
	struct hs_direct d;
	int rc = hs_direct_parse(body, true, &d, why);

	if (rc == HS_OK) {
		j->ca = d.cert.ca;
		memcpy(j->shown, d.payload.shown, sizeof j->shown);
	}
	hs_direct_free(&d);
	return rc;
}

// Reads the body as what it says it is, so that the reason is about that.
static int
judge(struct hs_str body, size_t at, struct judged *j, struct hs_err *err)
{
	struct hs_err why = {0};
	struct hs_cert c;
	int rc;

	if (hs_cert_parse_body(body, &c) != HS_OK)
		return refuse(err, at, "it is no certificate");
	if (hs_options_find(&c.critical, HS_OPT_GRANT) != NULL)
		rc = judge_grant(body, j, &why);
	else if (hs_options_find(&c.extensions, HS_OPT_TOUCH) != NULL)
		rc = judge_direct(body, j, &why);
	else
		return refuse(err, at, "it is neither a grant nor a direct certificate");
	if (rc == HS_ERR_NOMEM)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	return rc == HS_OK ? HS_OK : refuse(err, at, hs_err_sentence(&why));
}

static int
check_candidate(const struct hs_helper_candidate *c, size_t at,
    const uint8_t shown[static 32], struct hs_err *err)
{
	struct hs_key key;
	struct judged j;
	int rc;

	if (hs_key_parse(c->key, &key) != HS_OK || !hs_key_is_sk(&key) ||
	    strcmp(key.application, HS_APPLICATION) != 0)
		return refuse(err, at, "its key is not a security key for " HS_APPLICATION);
	rc = judge(c->body, at, &j, err);
	if (rc != HS_OK)
		return rc;
	if (!hs_key_eq(&j.ca, &key))
		return refuse(err, at, "its body is for another key");
	if (memcmp(j.shown, shown, sizeof j.shown) != 0)
		return refuse(err, at, "it does not hold the digest of the text shown");
	return HS_OK;
}

// What stands in front of the signature key, which ends each body as a string.
static struct hs_str
before_key(const struct hs_helper_candidate *c)
{
	// both have been read, so that the one ends in the other
	return (struct hs_str){c->body.p, c->body.len - 4 - c->key.len};
}

int
hs_helper_sign_check(const struct hs_helper_sign *m, struct hs_err *err)
{
	uint8_t shown[crypto_hash_sha256_BYTES];
	int rc = HS_OK;

	if (m->n == 0 || m->n > HS_ROOTS_MAX)
		return hs_fail(err, HS_SK_REFUSED, "the request names no key");
	if (m->shown.len == 0)
		return hs_fail(
		    err, HS_SK_REFUSED, "the request has no text that was shown");
	(void)crypto_hash_sha256(shown, m->shown.p, m->shown.len);
	for (size_t i = 0; rc == HS_OK && i < m->n; i++) {
		rc = check_candidate(&m->v[i], i, shown, err);
		if (rc == HS_OK && !hs_str_eq(before_key(&m->v[i]), before_key(&m->v[0])))
			rc = refuse(err, i,
			    "it differs from the first in more than its signature key");
	}
	return rc;
}

int
hs_helper_revoke_check(const struct hs_helper_revoke *m, struct hs_err *err)
{
	struct hs_buf text = {0};
	struct hs_err why = {0};
	struct hs_rlist l;
	struct hs_key key;
	int rc = hs_rlist_parse_message(m->candidate.body, &l, &why);

	if (rc == HS_ERR_NOMEM)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (rc != HS_OK)
		return hs_fail(
		    err, HS_SK_REFUSED, "it is not signed: %s", hs_err_sentence(&why));
	if (hs_key_parse(m->candidate.key, &key) != HS_OK || !hs_key_eq(&key, &l.root))
		return hs_fail(
		    err, HS_SK_REFUSED, "the list is not signed: it is another root's");
	hs_rlist_put_text(&text, &l);
	if ((rc = hs_buf_err(&text)) != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s", "");
	else if (!hs_str_eq(hs_buf_str(&text), m->shown))
		rc = hs_fail(err, HS_SK_REFUSED,
		    "the list is not signed: it says something else than the text shown");
	hs_buf_free(&text);
	return rc;
}
