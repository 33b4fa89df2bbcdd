// SPDX-License-Identifier: ISC
//
// What an enrolment's answer must hold to be believed: that the security key made this
// credential for this application, now, with a touch, and verified if so asked (WebAuthn
// section 6.5, docs/PROTOCOL.helper). Whether the certificate in it is a maker's is not
// judged: no roots for that are configured.
#ifndef HS_CLIENT_ATTESTATION_H
#define HS_CLIENT_ATTESTATION_H

#include "proto/helper.h"

// Checks e against what was asked. *key gets the public key; *verdict "unverified" where a
// certificate signed for it, "none" where the key vouched for itself or nothing did.
// HS_SK_LIED with what does not agree.
int hs_attestation_check(const struct hs_helper_enroll *asked,
    const struct hs_helper_enrolled *e, struct hs_key *key, const char **verdict,
    struct hs_err *err);

#endif
