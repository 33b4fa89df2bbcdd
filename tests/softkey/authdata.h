// SPDX-License-Identifier: ISC
//
// Authenticator data (WebAuthn section 6.1) and the signature over it, with the faults that
// lie in them. Who may sign, and when, is cred.c's and assert.c's.
#ifndef HS_SOFTKEY_AUTHDATA_H
#define HS_SOFTKEY_AUTHDATA_H

#include "tests/softkey/credkey.h"
#include "tests/softkey/ctap.h"

#define HS_AUTHDATA_UP 0x01
#define HS_AUTHDATA_UV 0x04
#define HS_AUTHDATA_AT 0x40 // a credential is in it
#define HS_AUTHDATA_ED 0x80 // extensions' outputs are in it

// Counts, writes the counter to disk, and appends the 37 bytes that all authenticator data
// begin with. HS_OK, or HS_ERR_IO: nothing may be signed then.
int hs_authdata_put(
    struct hs_ctap *c, struct hs_buf *b, const struct hs_request *q, uint8_t flags);
// Appends the signature by key over data and the request's hash. attest: by the attestation
// key.
int hs_authdata_sign(struct hs_ctap *c, const struct hs_request *q, struct hs_str data,
    const struct hs_credkey *key, struct hs_buf *sig);

#endif
