// SPDX-License-Identifier: ISC
//
// authenticatorMakeCredential (CTAP 2.1 section 6.1).
#ifndef HS_SOFTKEY_CRED_H
#define HS_SOFTKEY_CRED_H

#include "tests/softkey/ctap.h"

// A status, HS_CTAP_TOUCH if it wants a touch first (c->touched says that it had one). The
// answer's CBOR is appended to out.
int hs_cred_command(struct hs_ctap *c, struct hs_str params, struct hs_buf *out);

#endif
