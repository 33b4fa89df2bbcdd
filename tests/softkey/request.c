// SPDX-License-Identifier: ISC
//
// Decoding of what hosts ask for. Contract in request.h. hs_cbor_check has seen the whole
// message before, so types are what can still be wrong here.
#include "tests/softkey/request.h"

#include <sodium.h>
#include <string.h>
#include "tests/softkey/cbor.h"
#include "tests/softkey/credkey.h"

#define HASH_LEN 32

enum cred_key {
	CRED_HASH = 1,
	CRED_RP,
	CRED_USER,
	CRED_ALGS,
	CRED_EXCLUDE,
	CRED_EXTENSIONS,
	CRED_OPTIONS,
	CRED_AUTH,
	CRED_PROTO,
};

enum assert_key {
	ASSERT_RP = 1,
	ASSERT_HASH,
	ASSERT_ALLOW,
	ASSERT_EXTENSIONS,
	ASSERT_OPTIONS,
	ASSERT_AUTH,
	ASSERT_PROTO,
};

int
hs_request_status(int rc)
{
	if (rc == HS_OK)
		return HS_CTAP_OK;
	return rc == HS_ERR_FORMAT ? HS_CTAP_UNEXPECTED_TYPE : HS_CTAP_INVALID_CBOR;
}

int
hs_request_check(struct hs_str params)
{
	struct hs_rd r = hs_rd_of(params);
	size_t n;

	if (hs_cbor_check(params) != HS_OK)
		return HS_CTAP_INVALID_CBOR;
	return hs_request_status(hs_cbor_map(&r, &n));
}

// What a map with text keys is read by: takes the value, or passes over it.
typedef int take_fn(struct hs_rd *r, struct hs_str key, void *arg);

static int
each_text_key(struct hs_rd *r, take_fn *take, void *arg)
{
	struct hs_str key;
	size_t n = 0;
	int rc = hs_request_status(hs_cbor_map(r, &n));

	for (size_t i = 0; rc == HS_CTAP_OK && i < n; i++) {
		rc = hs_request_status(hs_cbor_text(r, &key));
		if (rc == HS_CTAP_OK)
			rc = take(r, key, arg);
	}
	return rc;
}

static int
pass(struct hs_rd *r)
{
	return hs_request_status(hs_cbor_skip(r));
}

static int
take_text(struct hs_rd *r, size_t max, struct hs_str *out)
{
	int rc = hs_request_status(hs_cbor_text(r, out));

	return rc == HS_CTAP_OK && out->len > max ? HS_CTAP_INVALID_LENGTH : rc;
}

static int
take_bytes(struct hs_rd *r, size_t min, size_t max, struct hs_str *out)
{
	int rc = hs_request_status(hs_cbor_bytes(r, out));

	return rc == HS_CTAP_OK && (out->len < min || out->len > max)
		   ? HS_CTAP_INVALID_LENGTH
		   : rc;
}

static int
take_rp_id(struct hs_rd *r, struct hs_request *q)
{
	int rc = take_text(r, HS_REQUEST_RP_MAX, &q->rp);

	if (rc == HS_CTAP_OK)
		crypto_hash_sha256(q->rp_hash, q->rp.p, q->rp.len);
	return rc;
}

static int
take_rp(struct hs_rd *r, struct hs_str key, void *arg)
{
	return hs_str_is(key, "id") ? take_rp_id(r, arg) : pass(r);
}

static int
take_user(struct hs_rd *r, struct hs_str key, void *arg)
{
	struct hs_request *q = arg;

	return hs_str_is(key, "id") ? take_bytes(r, 1, 64, &q->user) : pass(r);
}

struct descriptor {
	struct hs_str id, type;
	int64_t alg;
	bool has_alg;
};

static int
take_descriptor(struct hs_rd *r, struct hs_str key, void *arg)
{
	struct descriptor *d = arg;

	if (hs_str_is(key, "id"))
		return hs_request_status(hs_cbor_bytes(r, &d->id));
	if (hs_str_is(key, "type"))
		return take_text(r, HS_REQUEST_TEXT_MAX, &d->type);
	if (!hs_str_is(key, "alg"))
		return pass(r);
	d->has_alg = true;
	return hs_request_status(hs_cbor_int(r, &d->alg));
}

// The host names algorithms in the order of its liking.
static int
take_algs(struct hs_rd *r, struct hs_request *q)
{
	size_t n = 0;
	int rc = hs_request_status(hs_cbor_array(r, &n));

	for (size_t i = 0; rc == HS_CTAP_OK && i < n; i++) {
		struct descriptor d = {0};

		rc = each_text_key(r, take_descriptor, &d);
		if (rc == HS_CTAP_OK && (d.type.p == NULL || !d.has_alg))
			rc = HS_CTAP_MISSING_PARAMETER;
		if (rc == HS_CTAP_OK && q->alg == 0 && hs_str_is(d.type, "public-key") &&
		    (d.alg == HS_COSE_ES256 || d.alg == HS_COSE_EDDSA))
			q->alg = (int)d.alg;
	}
	return rc;
}

static int
take_list(struct hs_rd *r, struct hs_request *q)
{
	size_t n = 0;
	int rc = hs_request_status(hs_cbor_array(r, &n));

	q->has_list = true;
	if (rc == HS_CTAP_OK && n > HS_REQUEST_IDS)
		rc = HS_CTAP_LIMIT_EXCEEDED;
	for (size_t i = 0; rc == HS_CTAP_OK && i < n; i++) {
		struct descriptor d = {0};

		rc = each_text_key(r, take_descriptor, &d);
		if (rc == HS_CTAP_OK && (d.type.p == NULL || d.id.p == NULL))
			rc = HS_CTAP_MISSING_PARAMETER;
		if (rc == HS_CTAP_OK && hs_str_is(d.type, "public-key"))
			q->ids[q->nids++] = d.id;
	}
	return rc;
}

static int
take_option(struct hs_rd *r, struct hs_str key, void *arg)
{
	struct hs_request *q = arg;

	if (hs_str_is(key, "rk"))
		return hs_request_status(hs_cbor_bool(r, &q->rk));
	if (hs_str_is(key, "uv"))
		return hs_request_status(hs_cbor_bool(r, &q->uv));
	if (!hs_str_is(key, "up"))
		return pass(r);
	q->has_up = true;
	return hs_request_status(hs_cbor_bool(r, &q->up));
}

static int
take_extension(struct hs_rd *r, struct hs_str key, void *arg)
{
	struct hs_request *q = arg;
	int64_t level;
	int rc;

	if (!hs_str_is(key, "credProtect"))
		return pass(r);
	rc = hs_request_status(hs_cbor_int(r, &level));
	if (rc == HS_CTAP_OK && (level < 1 || level > 3))
		rc = HS_CTAP_INVALID_OPTION;
	if (rc == HS_CTAP_OK)
		q->protect = (uint8_t)level;
	return rc;
}

static int
take_auth(struct hs_rd *r, struct hs_request *q)
{
	q->has_auth = true;
	return take_bytes(r, 0, 64, &q->auth);
}

static int
take_cred(struct hs_rd *r, int64_t key, struct hs_request *q)
{
	switch (key) {
	case CRED_HASH:
		return take_bytes(r, HASH_LEN, HASH_LEN, &q->hash);
	case CRED_RP:
		return each_text_key(r, take_rp, q);
	case CRED_USER:
		return each_text_key(r, take_user, q);
	case CRED_ALGS:
		return take_algs(r, q);
	case CRED_EXCLUDE:
		return take_list(r, q);
	case CRED_EXTENSIONS:
		return each_text_key(r, take_extension, q);
	case CRED_OPTIONS:
		return each_text_key(r, take_option, q);
	case CRED_AUTH:
		return take_auth(r, q);
	case CRED_PROTO:
		return hs_request_status(hs_cbor_int(r, &q->proto));
	default:
		return pass(r);
	}
}

static int
take_assert(struct hs_rd *r, int64_t key, struct hs_request *q)
{
	switch (key) {
	case ASSERT_RP:
		return take_rp_id(r, q);
	case ASSERT_HASH:
		return take_bytes(r, HASH_LEN, HASH_LEN, &q->hash);
	case ASSERT_ALLOW:
		return take_list(r, q);
	case ASSERT_OPTIONS:
		return each_text_key(r, take_option, q);
	case ASSERT_AUTH:
		return take_auth(r, q);
	case ASSERT_PROTO:
		return hs_request_status(hs_cbor_int(r, &q->proto));
	case ASSERT_EXTENSIONS:
	default:
		return pass(r);
	}
}

static int
take_all(struct hs_str params, int (*take)(struct hs_rd *, int64_t, struct hs_request *),
    struct hs_request *q)
{
	struct hs_rd r = hs_rd_of(params);
	size_t n = 0;
	int64_t key;
	int rc = hs_request_check(params);

	*q = (struct hs_request){.up = true};
	if (rc == HS_CTAP_OK)
		rc = hs_request_status(hs_cbor_map(&r, &n));
	for (size_t i = 0; rc == HS_CTAP_OK && i < n; i++) {
		rc = hs_request_status(hs_cbor_int(&r, &key));
		if (rc == HS_CTAP_OK)
			rc = take(&r, key, q);
	}
	return rc;
}

int
hs_request_cred(struct hs_str params, struct hs_request *out)
{
	int rc = take_all(params, take_cred, out);

	if (rc != HS_CTAP_OK)
		return rc;
	if (out->hash.p == NULL || out->rp.p == NULL || out->user.p == NULL)
		return HS_CTAP_MISSING_PARAMETER;
	return out->alg != 0 ? HS_CTAP_OK : HS_CTAP_UNSUPPORTED_ALGORITHM;
}

int
hs_request_assert(struct hs_str params, struct hs_request *out)
{
	int rc = take_all(params, take_assert, out);

	if (rc == HS_CTAP_OK && (out->hash.p == NULL || out->rp.p == NULL))
		rc = HS_CTAP_MISSING_PARAMETER;
	return rc;
}
