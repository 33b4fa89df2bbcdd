// SPDX-License-Identifier: ISC
//
// The attestation certificate. Contract in attest.h.
#include "tests/softkey/attest.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include "tests/softkey/p256.h"

#define AAGUID_OID "1.3.6.1.4.1.45724.1.1.4" // id-fido-gen-ce-aaguid
#define DAYS	   (20 * 365)

static int
add_name(X509_NAME *name, const char *field, const char *text)
{
	return X509_NAME_add_entry_by_txt(
	    name, field, MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
}

static int
set_names(X509 *x)
{
	X509_NAME *name = X509_get_subject_name(x);

	return name != NULL && add_name(name, "C", "ZZ") == 1 &&
	       add_name(name, "O", "handseal SIMULATED") == 1 &&
	       add_name(name, "OU", "Authenticator Attestation") == 1 &&
	       add_name(name, "CN", "SIMULATED handseal software key") == 1 &&
	       X509_set_issuer_name(x, name) == 1;
}

// Its value is an OCTET STRING that holds an OCTET STRING: DER inside the extension's own.
static int
add_aaguid(X509 *x)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(AAGUID_OID, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char der[2 + HS_ATTEST_AAGUID_LEN] = {0x04, HS_ATTEST_AAGUID_LEN};
	X509_EXTENSION *ext = NULL;
	int ok = 0;

	memcpy(der + 2, HS_ATTEST_AAGUID, HS_ATTEST_AAGUID_LEN);
	if (oid != NULL && value != NULL &&
	    ASN1_OCTET_STRING_set(value, der, sizeof der) == 1 &&
	    (ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value)) != NULL)
		ok = X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	return ok;
}

static int
add_constraints(X509 *x)
{
	X509_EXTENSION *ext =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
	int ok = ext != NULL ? X509_add_ext(x, ext, -1) : 0;

	X509_EXTENSION_free(ext);
	return ok;
}

int
hs_attest_make(struct hs_store *s)
{
	X509 *x = X509_new();
	EVP_PKEY *pkey = NULL;
	unsigned char *der = NULL;
	int len, rc = HS_ERR_CRYPTO;

	if (x == NULL || hs_p256_make(s->attest) != HS_OK)
		goto out;
	pkey = hs_p256_pkey(s->attest);
	if (pkey == NULL || X509_set_version(x, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(x), DAYS, 0, NULL) == NULL ||
	    set_names(x) != 1 || X509_set_pubkey(x, pkey) != 1 || add_aaguid(x) != 1 ||
	    add_constraints(x) != 1 || X509_sign(x, pkey, EVP_sha256()) == 0)
		goto out;
	len = i2d_X509(x, &der);
	if (len <= 0 || (size_t)len > sizeof s->cert)
		goto out;
	memcpy(s->cert, der, (size_t)len);
	s->certlen = (size_t)len;
	rc = HS_OK;
out:
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	X509_free(x);
	return rc;
}
