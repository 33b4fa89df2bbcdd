// SPDX-License-Identifier: ISC
//
// The parameters of authenticatorMakeCredential and authenticatorGetAssertion (CTAP 2.1
// sections 6.1 and 6.2), decoded. Pure; what they ask for is judged in cred.c and assert.c.
#ifndef HS_SOFTKEY_REQUEST_H
#define HS_SOFTKEY_REQUEST_H

#include <stdbool.h>
#include "proto/buf.h"
#include "tests/softkey/ctaperr.h"

#define HS_REQUEST_IDS	    64	 // credentials in one list
#define HS_REQUEST_RP_MAX   253	 // bytes of a relying party's id
#define HS_REQUEST_TEXT_MAX 1024 // of any other text

// Views point into the message.
struct hs_request {
	struct hs_str hash; // of the client data, 32 bytes
	struct hs_str rp, user;
	uint8_t rp_hash[32];
	int alg; // the first of the list that the software key does; 0: none
	struct hs_str ids[HS_REQUEST_IDS]; // excludeList or allowList, of type public-key
	size_t nids;
	bool has_list;
	bool rk, up, uv; // up is true unless the request says otherwise
	bool has_up;
	uint8_t protect; // credProtect, 0: not asked for
	bool has_auth;
	struct hs_str auth; // pinUvAuthParam
	int64_t proto;	    // pinUvAuthProtocol, 0: not given
};

// params is what follows the command's byte. Unknown keys are passed over, as the standard
// asks. HS_CTAP_OK or what to answer.
int hs_request_cred(struct hs_str params, struct hs_request *out);
int hs_request_assert(struct hs_str params, struct hs_request *out);

// HS_CTAP_OK, or the status for a message that is no canonical CBOR map.
int hs_request_check(struct hs_str params);
// The status for an hs_cbor_* reader's outcome.
int hs_request_status(int rc);

#endif
