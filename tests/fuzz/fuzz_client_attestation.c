// SPDX-License-Identifier: ISC
//
// What `enroll` reads of a security key's answer: the helper's frame, authenticator data,
// certificate. The input is such a frame; the challenge is all zeros. What is believed must
// agree with itself.
#include <stdlib.h>
#include <string.h>
#include "client/handseal/attestation.h"
#include "proto/names.h"

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_helper_enroll asked = {0};
	struct hs_helper_answer a = {0};
	const char *verdict = NULL;
	struct hs_err err = {0};
	struct hs_key key;

	if (hs_helper_answer_parse((struct hs_str){data, size}, &a) != HS_OK ||
	    a.op != HS_HELPER_ENROLL || a.code != HS_OK)
		return 0;
	for (unsigned type = HS_KT_SK_ED25519; type <= HS_KT_SK_ECDSA; type++) {
		int rc;

		asked.key_type = (uint8_t)type;
		rc = hs_attestation_check(&asked, &a.enrolled, &key, &verdict, &err);
		if (rc != HS_OK) {
			demand(rc == (int)err.code && err.text[0] != '\0');
			continue;
		}
		demand((unsigned)key.type == type && verdict != NULL);
		demand(strcmp(key.application, HS_APPLICATION) == 0);
		demand((a.enrolled.flags & HS_SK_FLAG_UP) != 0);
		demand(a.enrolled.handle.len > 0 &&
		       a.enrolled.handle.len <= HS_KEY_HANDLE_MAX);
	}
	return 0;
}
