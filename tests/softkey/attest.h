// SPDX-License-Identifier: ISC
//
// The attestation key of a software key and the certificate that it makes for itself,
// formed as WebAuthn section 8.2.1 wants it, and saying in its subject that nothing here is
// hardware.
#ifndef HS_SOFTKEY_ATTEST_H
#define HS_SOFTKEY_ATTEST_H

#include "tests/softkey/store.h"

// 68616e64-7365-616c-2d73-6f66746b6579: the one model number of all software keys.
#define HS_ATTEST_AAGUID     "handseal-softkey"
#define HS_ATTEST_AAGUID_LEN 16

// Makes s->attest and s->cert. HS_OK or HS_ERR_CRYPTO.
int hs_attest_make(struct hs_store *s);

#endif
