// SPDX-License-Identifier: ISC
//
// Making a key pair. Contract in keygen.h.
#include "client/handseal/keygen.h"

#include <libssh/libssh.h>
#include <sodium.h>
#include <string.h>

int
hs_keygen_make(struct hs_sshkey *k, struct hs_buf *file, struct hs_err *err)
{
	ssh_key key = NULL;
	char *text = NULL;
	int rc = HS_OK;

	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK ||
	    ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &text) != SSH_OK)
		rc = hs_fail(err, HS_ERR_CRYPTO, "libssh could not make a key");
	if (rc == HS_OK) {
		size_t len = strlen(text);

		hs_put_raw(file, text, len);
		if (len > 0 && text[len - 1] != '\n')
			hs_put_u8(file, '\n');
		rc = hs_buf_err(file);
	}
	if (rc == HS_OK)
		rc = hs_sshkey_parse(hs_buf_str(file), k, err);
	if (text != NULL) {
		sodium_memzero(text, strlen(text));
		ssh_string_free_char(text);
	}
	ssh_key_free(key);
	return rc;
}
