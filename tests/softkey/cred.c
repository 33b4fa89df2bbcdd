// SPDX-License-Identifier: ISC
//
// authenticatorMakeCredential: a new key pair in a key handle, attested by a certificate
// that says SIMULATED. Contract in cred.h; the order of the checks is the standard's.
#include "tests/softkey/cred.h"

#include <sodium.h>
#include <string.h>
#include "tests/softkey/attest.h"
#include "tests/softkey/authdata.h"
#include "tests/softkey/cbor.h"

#define PROTECT_DEFAULT 1
#define PROTECT_UV	3

// One of the host's other credentials is on this key already.
static bool
is_excluded(const struct hs_ctap *c, const struct hs_request *q, bool verified)
{
	struct hs_credkey k;
	bool found = false;

	for (size_t i = 0; !found && i < q->nids; i++)
		found =
		    hs_credkey_open(&k, c->store.master, q->rp_hash, q->ids[i]) == HS_OK &&
		    (verified || k.protect != PROTECT_UV);
	sodium_memzero(&k, sizeof k);
	return found;
}

// HS_CTAP_OK, with *verified, or why the PIN says no.
static int
check_pin(struct hs_ctap *c, const struct hs_request *q, bool *verified)
{
	*verified = false;
	if (q->has_auth) {
		int rc = hs_pin_check(c, q, HS_PIN_PERM_MC);

		*verified = rc == HS_CTAP_OK;
		return rc;
	}
	if (c->store.always_uv || (c->store.pin_set && (q->rk || c->old)))
		return HS_CTAP_PUAT_REQUIRED;
	return HS_CTAP_OK;
}

static int
keep(struct hs_ctap *c, const struct hs_request *q, const uint8_t *handle)
{
	struct hs_store_resident r = {.handlelen = HS_CREDKEY_HANDLE};

	memcpy(r.rp_hash, q->rp_hash, sizeof r.rp_hash);
	memcpy(r.user, q->user.p, q->user.len);
	r.userlen = q->user.len;
	memcpy(r.handle, handle, HS_CREDKEY_HANDLE);
	return hs_store_add(&c->store, &r);
}

static int
put_authdata(struct hs_ctap *c, const struct hs_request *q, const struct hs_credkey *k,
    bool verified, struct hs_buf *b)
{
	uint8_t handle[HS_CREDKEY_HANDLE];
	uint8_t flags = HS_AUTHDATA_UP | HS_AUTHDATA_AT;
	int rc = hs_credkey_wrap(k, c->store.master, q->rp_hash, handle);

	if (verified)
		flags |= HS_AUTHDATA_UV;
	if (q->protect != 0)
		flags |= HS_AUTHDATA_ED;
	if (rc == HS_OK && q->rk)
		rc = keep(c, q, handle);
	if (rc == HS_OK)
		rc = hs_authdata_put(c, b, q, flags); // writes the state, too
	if (rc != HS_OK)
		return rc;
	hs_put_raw(b, HS_ATTEST_AAGUID, HS_ATTEST_AAGUID_LEN);
	hs_put_u8(b, sizeof handle >> 8);
	hs_put_u8(b, sizeof handle & 0xff);
	hs_put_raw(b, handle, sizeof handle);
	rc = hs_credkey_put_cose(b, k);
	if (q->protect != 0) {
		hs_cbor_put_map(b, 1);
		hs_cbor_put_text(b, "credProtect");
		hs_cbor_put_int(b, q->protect);
	}
	return rc == HS_OK ? hs_buf_err(b) : rc;
}

static void
put_answer(
    const struct hs_ctap *c, struct hs_buf *out, struct hs_str data, struct hs_str sig)
{
	hs_cbor_put_map(out, 3);
	hs_cbor_put_int(out, 1);
	hs_cbor_put_text(out, "packed");
	hs_cbor_put_int(out, 2);
	hs_cbor_put_bytes(out, data.p, data.len);
	hs_cbor_put_int(out, 3);
	hs_cbor_put_map(out, 3);
	hs_cbor_put_text(out, "alg");
	hs_cbor_put_int(out, HS_COSE_ES256);
	hs_cbor_put_text(out, "sig");
	hs_cbor_put_bytes(out, sig.p, sig.len);
	hs_cbor_put_text(out, "x5c");
	hs_cbor_put_array(out, 1);
	hs_cbor_put_bytes(out, c->store.cert, c->store.certlen);
}

static int
make(struct hs_ctap *c, const struct hs_request *q, bool verified, struct hs_buf *out)
{
	struct hs_credkey k = {0}, attest = {.alg = HS_COSE_ES256};
	struct hs_buf data = {0}, sig = {0};
	int rc =
	    hs_credkey_make(&k, q->alg, q->protect != 0 ? q->protect : PROTECT_DEFAULT);

	memcpy(attest.secret, c->store.attest, sizeof attest.secret);
	if (rc == HS_OK)
		rc = put_authdata(c, q, &k, verified, &data);
	if (rc == HS_OK)
		rc = hs_authdata_sign(c, q, hs_buf_str(&data), &attest, &sig);
	if (rc == HS_OK) {
		put_answer(c, out, hs_buf_str(&data), hs_buf_str(&sig));
		rc = hs_buf_err(out);
	}
	hs_buf_free(&data);
	hs_buf_free(&sig);
	sodium_memzero(&k, sizeof k);
	sodium_memzero(&attest, sizeof attest);
	if (rc == HS_SK_FULL)
		return HS_CTAP_KEY_STORE_FULL;
	return rc == HS_OK ? HS_CTAP_OK : HS_CTAP_OTHER;
}

int
hs_cred_command(struct hs_ctap *c, struct hs_str params, struct hs_buf *out)
{
	struct hs_request q;
	bool verified;
	int rc = hs_request_cred(params, &q);

	if (rc != HS_CTAP_OK)
		return rc;
	if (q.has_auth && q.auth.len == 0) { // an older host asks which key is meant
		if (!c->touched)
			return HS_CTAP_TOUCH;
		return c->store.pin_set ? HS_CTAP_PIN_INVALID : HS_CTAP_PIN_NOT_SET;
	}
	if ((q.has_up && !q.up) || q.uv) // no touchless credentials, no fingerprints
		return HS_CTAP_INVALID_OPTION;
	rc = check_pin(c, &q, &verified);
	if (rc != HS_CTAP_OK)
		return rc;
	if (!c->touched)
		return HS_CTAP_TOUCH;
	hs_pin_used(&c->pin);
	if (is_excluded(c, &q, verified))
		return HS_CTAP_CREDENTIAL_EXCLUDED;
	return make(c, &q, verified, out);
}
