// SPDX-License-Identifier: ISC
//
// authenticatorGetAssertion (CTAP 2.1 section 6.2).
#ifndef HS_SOFTKEY_ASSERT_H
#define HS_SOFTKEY_ASSERT_H

#include "tests/softkey/ctap.h"

// As hs_cred_command. With up=false it is answered without a touch, and its flags say so.
// Of several resident credentials the newest signs, and there is no next one.
int hs_assert_command(struct hs_ctap *c, struct hs_str params, struct hs_buf *out);

#endif
