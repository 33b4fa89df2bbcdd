// SPDX-License-Identifier: ISC
//
// What the client reads besides handseald's answers: private key files, and ssh-agent's
// answer to a signing request. A key that is taken must be able to sign what its public
// half verifies.
#include <sodium.h>
#include <stdlib.h>
#include "client/libhandseal/sshagent.h"
#include "client/libhandseal/sshkey.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str in = {data, size}, sig = {0}, message = hs_str_c("message");
	struct hs_sshkey key = {0};
	struct hs_buf made = {0};

	if (sodium_init() < 0)
		abort();
	if (hs_sshagent_parse(in, &sig) == HS_OK && (sig.p < data || sig.len + 5 != size))
		abort();
	if (hs_sshkey_parse(in, &key, NULL) == HS_OK) {
		if (hs_sshkey_sign(&key, message, &made) != HS_OK ||
		    hs_sig_verify(&key.pub, hs_buf_str(&made), message, NULL) != HS_OK)
			abort();
	} else if (key.secret != NULL) {
		abort();
	}
	hs_buf_free(&made);
	hs_sshkey_free(&key);
	return 0;
}
