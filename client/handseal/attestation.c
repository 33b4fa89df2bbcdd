// SPDX-License-Identifier: ISC
//
// Authenticator data against the answer that it came in, and the signature over it.
// Contract in attestation.h.
#include "client/handseal/attestation.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <string.h>
#include "proto/names.h"

#define CERTIFICATE_MAX 8192
#define AAGUID_LEN	16
#define AAGUID_OID	"1.3.6.1.4.1.45724.1.1.4"

#define FLAG_ATTESTED 0x40 // the credential stands in the authenticator data

struct auth_data {
	struct hs_str rp, aaguid, id, rest;
	uint8_t flags;
};

static int
lied(struct hs_err *err, const char *what)
{
	return hs_fail(
	    err, HS_SK_LIED, "the FIDO helper's answer cannot be believed: %s", what);
}

static int
read_auth_data(struct hs_str raw, struct auth_data *a)
{
	struct hs_rd r = hs_rd_of(raw);
	uint8_t high, low;
	uint32_t counter;
	int rc;

	if ((rc = hs_get_raw(&r, crypto_hash_sha256_BYTES, &a->rp)) != HS_OK ||
	    (rc = hs_get_u8(&r, &a->flags)) != HS_OK ||
	    (rc = hs_get_u32(&r, &counter)) != HS_OK ||
	    (rc = hs_get_raw(&r, AAGUID_LEN, &a->aaguid)) != HS_OK ||
	    (rc = hs_get_u8(&r, &high)) != HS_OK || (rc = hs_get_u8(&r, &low)) != HS_OK ||
	    (rc = hs_get_raw(&r, (size_t)high << 8 | low, &a->id)) != HS_OK)
		return rc;
	a->rest = (struct hs_str){r.p, r.left};
	return HS_OK;
}

// The COSE key of the authenticator data. CTAP 2 demands one canonical encoding, so it is
// compared with what it must be instead of being taken apart.
static void
put_cose(struct hs_buf *b, const struct hs_key *k)
{
	// {1: 1, 3: -8, -1: 6, -2: x} and {1: 2, 3: -7, -1: 1, -2: x, -3: y}
	static const uint8_t ed25519[] = {
	    0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20};
	static const uint8_t p256[] = {
	    0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20};
	static const uint8_t y[] = {0x22, 0x58, 0x20};

	if (k->type == HS_KT_SK_ED25519) {
		hs_put_raw(b, ed25519, sizeof ed25519);
		hs_put_raw(b, k->pub, 32);
		return;
	}
	hs_put_raw(b, p256, sizeof p256);
	hs_put_raw(b, k->pub + 1, 32);
	hs_put_raw(b, y, sizeof y);
	hs_put_raw(b, k->pub + 33, 32);
}

static bool
holds_key(const struct auth_data *a, const struct hs_key *k)
{
	struct hs_buf cose = {0};
	bool holds;

	put_cose(&cose, k);
	holds = hs_buf_err(&cose) == HS_OK && hs_str_eq(a->rest, hs_buf_str(&cose));
	hs_buf_free(&cose);
	return holds;
}

static int
check_auth_data(const struct hs_helper_enrolled *e, const struct hs_key *k, bool verify,
    struct hs_err *err)
{
	uint8_t rp[crypto_hash_sha256_BYTES];
	struct auth_data a = {0};

	crypto_hash_sha256(rp, (const uint8_t *)HS_APPLICATION, sizeof HS_APPLICATION - 1);
	if (read_auth_data(e->auth_data, &a) != HS_OK)
		return lied(err, "its authenticator data is cut short");
	if (memcmp(a.rp.p, rp, sizeof rp) != 0)
		return lied(err, "the credential is for another application");
	if (a.flags != e->flags)
		return lied(err, "its flags are not those of its authenticator data");
	if ((a.flags & HS_SK_FLAG_UP) == 0)
		return lied(err, "the key does not say that it was touched");
	if (verify && (a.flags & HS_SK_FLAG_UV) == 0)
		return lied(err, "the key does not say that the person was verified");
	// nothing else: it could say that the credential can be copied off the key
	if ((a.flags & ~HS_SK_FLAG_UV) != (HS_SK_FLAG_UP | FLAG_ATTESTED))
		return lied(
		    err, "its flags are not those of a credential that stays on its key");
	if (memcmp(a.aaguid.p, e->aaguid, AAGUID_LEN) != 0)
		return lied(err, "its AAGUID is not that of its authenticator data");
	if (!hs_str_eq(a.id, e->handle))
		return lied(err, "its key handle is not that of its authenticator data");
	if (!holds_key(&a, k))
		return lied(err, "its public key is not that of its authenticator data");
	return HS_OK;
}

// ---- who signed it

static EVP_PKEY *
own_key(const struct hs_key *k)
{
	char group[] = "prime256v1";
	uint8_t pub[sizeof k->pub];
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, k->publen),
	    OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;

	if (k->type == HS_KT_SK_ED25519)
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, k->pub, k->publen);
	memcpy(pub, k->pub, sizeof pub);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

// Where a certificate names a model, it must be the one that the key claims to be.
static bool
names_aaguid(const X509 *x, const uint8_t aaguid[static AAGUID_LEN])
{
	ASN1_OBJECT *oid = OBJ_txt2obj(AAGUID_OID, 1);
	bool agrees = oid != NULL;
	int at = oid != NULL ? X509_get_ext_by_OBJ(x, oid, -1) : -1;

	if (at >= 0) {
		const ASN1_OCTET_STRING *o = X509_EXTENSION_get_data(X509_get_ext(x, at));
		const uint8_t *p = ASN1_STRING_get0_data(o);

		// an OCTET STRING of 16 bytes inside the extension's own
		agrees = ASN1_STRING_length(o) == AAGUID_LEN + 2 &&
			 p[0] == V_ASN1_OCTET_STRING && p[1] == AAGUID_LEN &&
			 memcmp(p + 2, aaguid, AAGUID_LEN) == 0;
	}
	ASN1_OBJECT_free(oid);
	return agrees;
}

static X509 *
read_certificate(struct hs_str der)
{
	const uint8_t *p = der.p;
	X509 *x;

	if (der.len > CERTIFICATE_MAX)
		return NULL;
	x = d2i_X509(NULL, &p, (long)der.len);
	if (x != NULL && p != der.p + der.len) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

static bool
verifies(EVP_PKEY *pkey, struct hs_str sig, const struct hs_buf *data)
{
	bool eddsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519, good = false;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL && hs_buf_err(data) == HS_OK &&
	    EVP_DigestVerifyInit(ctx, NULL, eddsa ? NULL : EVP_sha256(), NULL, pkey) == 1)
		good = EVP_DigestVerify(ctx, sig.p, sig.len, data->p, data->len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static int
check_signature(const struct hs_helper_enroll *asked, const struct hs_helper_enrolled *e,
    const struct hs_key *k, struct hs_err *err)
{
	bool own = e->certificate.len == 0, good = false;
	X509 *x = own ? NULL : read_certificate(e->certificate);
	EVP_PKEY *pkey = own ? own_key(k) : NULL; // of a certificate: it keeps its own
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct hs_buf data = {0};
	const char *why = NULL;

	if (x != NULL)
		pkey = X509_get0_pubkey(x);
	if (pkey == NULL) {
		why = "its certificate cannot be read";
	} else if (x != NULL && !names_aaguid(x, e->aaguid)) {
		why = "its certificate is for another model of key";
	} else {
		crypto_hash_sha256(hash, asked->challenge, sizeof asked->challenge);
		hs_put_raw(&data, e->auth_data.p, e->auth_data.len);
		hs_put_raw(&data, hash, sizeof hash);
		good = verifies(pkey, e->attestation_sig, &data);
		if (!good)
			why =
			    "the signature under its certificate, or its own, is not good";
	}
	if (own)
		EVP_PKEY_free(pkey);
	X509_free(x);
	hs_buf_free(&data);
	return good ? HS_OK : lied(err, why);
}

int
hs_attestation_check(const struct hs_helper_enroll *asked,
    const struct hs_helper_enrolled *e, struct hs_key *key, const char **verdict,
    struct hs_err *err)
{
	int rc;

	if (hs_key_parse(e->key, key) != HS_OK)
		return lied(err, "its public key cannot be read");
	if ((unsigned)key->type != asked->key_type)
		return lied(err, "the key is of another type than was asked for");
	if (strcmp(key->application, HS_APPLICATION) != 0)
		return lied(err, "the key is for another application");
	if (e->handle.len == 0 || e->handle.len > HS_KEY_HANDLE_MAX)
		return lied(err, "its key handle is too long or missing");
	rc = check_auth_data(e, key, asked->verify != 0, err);
	if (rc != HS_OK)
		return rc;
	*verdict = e->certificate.len > 0 ? "unverified" : "none";
	if (e->certificate.len == 0 && e->attestation_sig.len == 0)
		return HS_OK; // format "none": the key says nothing of itself
	return check_signature(asked, e, key, err);
}
