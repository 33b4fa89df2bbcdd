// SPDX-License-Identifier: ISC
//
// Enrolment answers as a security key would give them, with keys and certificates made by
// OpenSSL, for tests of who believes them. Anything that fails here ends the test.
#ifndef HS_TESTS_CREDENTIAL_H
#define HS_TESTS_CREDENTIAL_H

#include <openssl/evp.h>
#include "proto/helper.h"

// Who signed for it: the credential itself, nobody, a certificate that names the model, one
// that does not, or one in the form from before CTAP 2.
enum credential_maker {
	CREDENTIAL_SELF,
	CREDENTIAL_NONE,
	CREDENTIAL_CERTIFICATE,
	CREDENTIAL_CERTIFICATE_BARE
};

// An answer, its parts in memory of their own, and what it was asked for.
struct credential {
	struct hs_helper_enroll asked;
	struct hs_helper_enrolled e; // views into the rest
	struct hs_key key;
	struct hs_buf blob, auth, sig, cert;
	uint8_t handle[48];
};

// flags and rp (the application) of the authenticator data.
void credential_make(struct credential *a, bool ecdsa, enum credential_maker maker,
    uint8_t flags, const char *rp);
void credential_view(struct credential *a); // after the parts were changed: e anew
void credential_sign(struct credential *a, EVP_PKEY *pkey);
void credential_put_certificate(struct hs_buf *b, EVP_PKEY *pkey, const uint8_t *aaguid);
EVP_PKEY *credential_new_pkey(bool ecdsa);
void credential_free(struct credential *a);

#endif
