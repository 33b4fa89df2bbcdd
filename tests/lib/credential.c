// SPDX-License-Identifier: ISC
//
// Making credentials and attestations as WebAuthn lays them out. Contract in credential.h.
#include "tests/lib/credential.h"

#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define AAGUID_OID "1.3.6.1.4.1.45724.1.1.4"

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

EVP_PKEY *
credential_new_pkey(bool ecdsa)
{
	EVP_PKEY *k =
	    ecdsa ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	demand(k != NULL);
	return k;
}

static void
take_public(EVP_PKEY *pkey, bool ecdsa, struct hs_key *out)
{
	size_t len = sizeof out->pub;

	*out = (struct hs_key){.type = ecdsa ? HS_KT_SK_ECDSA : HS_KT_SK_ED25519};
	memcpy(out->application, "ssh:handseal", 13);
	if (ecdsa)
		demand(EVP_PKEY_get_octet_string_param(
			   pkey, "pub", out->pub, sizeof out->pub, &len) == 1);
	else
		demand(EVP_PKEY_get_raw_public_key(pkey, out->pub, &len) == 1);
	out->publen = len;
}

static void
put_signature(struct hs_buf *b, EVP_PKEY *pkey, struct hs_str data)
{
	bool eddsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[128];
	size_t len = sizeof sig;

	demand(EVP_DigestSignInit(ctx, NULL, eddsa ? NULL : EVP_sha256(), NULL, pkey) == 1);
	demand(EVP_DigestSign(ctx, sig, &len, data.p, data.len) == 1);
	hs_put_raw(b, sig, len);
	EVP_MD_CTX_free(ctx);
}

void
credential_put_certificate(struct hs_buf *b, EVP_PKEY *pkey, const uint8_t *aaguid)
{
	uint8_t value[18] = {V_ASN1_OCTET_STRING, 16}, *der = NULL;
	X509 *x = X509_new();
	int n;

	X509_set_version(x, 2);
	X509_set_pubkey(x, pkey);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	if (aaguid != NULL) {
		ASN1_OBJECT *oid = OBJ_txt2obj(AAGUID_OID, 1);
		ASN1_OCTET_STRING *o = ASN1_OCTET_STRING_new();
		X509_EXTENSION *ext;

		memcpy(value + 2, aaguid, 16);
		ASN1_OCTET_STRING_set(o, value, sizeof value);
		ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, o);
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
		ASN1_OCTET_STRING_free(o);
		ASN1_OBJECT_free(oid);
	}
	demand(X509_sign(x, pkey, EVP_sha256()) > 0);
	n = i2d_X509(x, &der);
	demand(n > 0);
	hs_put_raw(b, der, (size_t)n);
	OPENSSL_free(der);
	X509_free(x);
}

static void
put_cose(struct hs_buf *b, const struct hs_key *k)
{
	if (k->type == HS_KT_SK_ED25519) {
		hs_put_raw(b, "\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", 10);
		hs_put_raw(b, k->pub, 32);
	} else {
		hs_put_raw(b, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10);
		hs_put_raw(b, k->pub + 1, 32);
		hs_put_raw(b, "\x22\x58\x20", 3);
		hs_put_raw(b, k->pub + 33, 32);
	}
}

static void
put_auth_data(struct credential *a, uint8_t flags, const char *rp)
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, (const uint8_t *)rp, strlen(rp));
	hs_put_raw(&a->auth, hash, sizeof hash);
	hs_put_u8(&a->auth, flags);
	hs_put_u32(&a->auth, 5);
	hs_put_raw(&a->auth, a->e.aaguid, 16);
	hs_put_u8(&a->auth, 0);
	hs_put_u8(&a->auth, sizeof a->handle);
	hs_put_raw(&a->auth, a->handle, sizeof a->handle);
	put_cose(&a->auth, &a->key);
}

void
credential_sign(struct credential *a, EVP_PKEY *pkey)
{
	struct hs_buf data = {0};
	uint8_t hash[32];

	crypto_hash_sha256(hash, a->asked.challenge, sizeof a->asked.challenge);
	hs_put_raw(&data, a->auth.p, a->auth.len);
	hs_put_raw(&data, hash, sizeof hash);
	put_signature(&a->sig, pkey, hs_buf_str(&data));
	hs_buf_free(&data);
}

void
credential_view(struct credential *a)
{
	a->e.key = hs_buf_str(&a->blob);
	a->e.handle = (struct hs_str){a->handle, sizeof a->handle};
	a->e.auth_data = hs_buf_str(&a->auth);
	a->e.attestation_sig = hs_buf_str(&a->sig);
	a->e.certificate = hs_buf_str(&a->cert);
}

void
credential_make(struct credential *a, bool ecdsa, enum credential_maker maker,
    uint8_t flags, const char *rp)
{
	EVP_PKEY *own = credential_new_pkey(ecdsa), *makers = credential_new_pkey(true);

	*a = (struct credential){
	    .asked = {.key_type = ecdsa ? HS_KT_SK_ECDSA : HS_KT_SK_ED25519}};
	randombytes_buf(a->asked.challenge, sizeof a->asked.challenge);
	randombytes_buf(a->handle, sizeof a->handle);
	randombytes_buf(a->e.aaguid, sizeof a->e.aaguid);
	take_public(own, ecdsa, &a->key);
	hs_key_put(&a->blob, &a->key);
	a->e.flags = flags;
	put_auth_data(a, flags, rp);
	if (maker == CREDENTIAL_CERTIFICATE)
		credential_put_certificate(&a->cert, makers, a->e.aaguid);
	else if (maker == CREDENTIAL_CERTIFICATE_BARE)
		credential_put_certificate(&a->cert, makers, NULL);
	if (maker != CREDENTIAL_NONE)
		credential_sign(a, maker == CREDENTIAL_SELF ? own : makers);
	credential_view(a);
	EVP_PKEY_free(own);
	EVP_PKEY_free(makers);
}

void
credential_free(struct credential *a)
{
	hs_buf_free(&a->blob);
	hs_buf_free(&a->auth);
	hs_buf_free(&a->sig);
	hs_buf_free(&a->cert);
}
