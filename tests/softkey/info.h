// SPDX-License-Identifier: ISC
//
// authenticatorGetInfo (CTAP 2.1 section 6.4).
#ifndef HS_SOFTKEY_INFO_H
#define HS_SOFTKEY_INFO_H

#include "tests/softkey/ctap.h"

int hs_info_command(const struct hs_ctap *c, struct hs_buf *out);

#endif
