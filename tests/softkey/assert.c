// SPDX-License-Identifier: ISC
//
// authenticatorGetAssertion: finds a credential of the host's list, or a resident one, and
// signs. Contract in assert.h.
#include "tests/softkey/assert.h"

#include <sodium.h>
#include <string.h>
#include "tests/softkey/authdata.h"
#include "tests/softkey/cbor.h"

#define PROTECT_LIST 2 // without verification only for who names the credential
#define PROTECT_UV   3 // only with verification

struct found {
	struct hs_credkey key;
	struct hs_str id;
	struct hs_str user; // of a resident credential that no list named
};

static bool
allowed(const struct hs_credkey *k, bool listed, bool verified)
{
	return verified || k->protect < PROTECT_LIST || (listed && k->protect < PROTECT_UV);
}

static bool
find_listed(
    const struct hs_ctap *c, const struct hs_request *q, bool verified, struct found *f)
{
	for (size_t i = 0; i < q->nids; i++) {
		f->id = q->ids[i];
		if (hs_credkey_open(&f->key, c->store.master, q->rp_hash, f->id) == HS_OK &&
		    allowed(&f->key, true, verified))
			return true;
	}
	return false;
}

static bool
find_resident(
    const struct hs_ctap *c, const struct hs_request *q, bool verified, struct found *f)
{
	for (size_t i = c->store.nresidents; i > 0; i--) {
		const struct hs_store_resident *r = &c->store.residents[i - 1];

		f->id = (struct hs_str){r->handle, r->handlelen};
		f->user = (struct hs_str){r->user, r->userlen};
		if (hs_credkey_open(&f->key, c->store.master, q->rp_hash, f->id) == HS_OK &&
		    allowed(&f->key, false, verified))
			return true;
	}
	return false;
}

static void
put_answer(struct hs_buf *out, const struct found *f, struct hs_str data, struct hs_str sig)
{
	hs_cbor_put_map(out, f->user.p != NULL ? 4 : 3);
	hs_cbor_put_int(out, 1);
	hs_cbor_put_map(out, 2);
	hs_cbor_put_text(out, "id");
	hs_cbor_put_bytes(out, f->id.p, f->id.len);
	hs_cbor_put_text(out, "type");
	hs_cbor_put_text(out, "public-key");
	hs_cbor_put_int(out, 2);
	hs_cbor_put_bytes(out, data.p, data.len);
	hs_cbor_put_int(out, 3);
	hs_cbor_put_bytes(out, sig.p, sig.len);
	if (f->user.p != NULL) {
		hs_cbor_put_int(out, 4);
		hs_cbor_put_map(out, 1);
		hs_cbor_put_text(out, "id");
		hs_cbor_put_bytes(out, f->user.p, f->user.len);
	}
}

static int
sign(struct hs_ctap *c, const struct hs_request *q, const struct found *f, bool verified,
    struct hs_buf *out)
{
	uint8_t flags =
	    (uint8_t)((q->up ? HS_AUTHDATA_UP : 0) | (verified ? HS_AUTHDATA_UV : 0));
	struct hs_buf data = {0}, sig = {0};
	int rc = hs_authdata_put(c, &data, q, flags);

	if (rc == HS_OK)
		rc = hs_authdata_sign(c, q, hs_buf_str(&data), &f->key, &sig);
	if (rc == HS_OK) {
		put_answer(out, f, hs_buf_str(&data), hs_buf_str(&sig));
		rc = hs_buf_err(out);
	}
	hs_buf_free(&data);
	hs_buf_free(&sig);
	return rc == HS_OK ? HS_CTAP_OK : HS_CTAP_OTHER;
}

// A key that holds none of the credentials wants its touch all the same before it says so:
// else every program could look which keys are plugged in. Only up=false asks that openly.
int
hs_assert_command(struct hs_ctap *c, struct hs_str params, struct hs_buf *out)
{
	struct hs_request q;
	struct found f = {0};
	bool verified = false, found;
	int rc = hs_request_assert(params, &q);

	if (rc != HS_CTAP_OK)
		return rc;
	if (q.has_auth && q.auth.len == 0) {
		if (!c->touched)
			return HS_CTAP_TOUCH;
		return c->store.pin_set ? HS_CTAP_PIN_INVALID : HS_CTAP_PIN_NOT_SET;
	}
	if (q.uv || q.rk)
		return HS_CTAP_INVALID_OPTION;
	if (q.has_auth) {
		rc = hs_pin_check(c, &q, HS_PIN_PERM_GA);
		verified = rc == HS_CTAP_OK;
	} else if (c->store.always_uv && q.up) {
		rc = HS_CTAP_PUAT_REQUIRED;
	}
	if (rc == HS_CTAP_OK && q.up && !c->touched)
		rc = HS_CTAP_TOUCH;
	if (rc != HS_CTAP_OK)
		return rc;
	if (q.up)
		hs_pin_used(&c->pin);
	found = q.has_list ? find_listed(c, &q, verified, &f)
			   : find_resident(c, &q, verified, &f);
	rc = found ? sign(c, &q, &f, verified, out) : HS_CTAP_NO_CREDENTIALS;
	sodium_memzero(&f, sizeof f);
	return rc;
}
