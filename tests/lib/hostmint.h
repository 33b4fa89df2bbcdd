// SPDX-License-Identifier: ISC
//
// Servers' keys with their secrets, and certificates over them that may be wrong in any one
// field, for cmocka tests of who believes them. Anything that fails here ends the test.
#ifndef HS_TESTS_HOSTMINT_H
#define HS_TESTS_HOSTMINT_H

#include <openssl/evp.h>
#include "proto/hostkey.h"

struct hostmint {
	enum hs_hostkey_type type;
	EVP_PKEY *pkey;
	struct hs_buf blob;
};

void hostmint_make(struct hostmint *m, enum hs_hostkey_type type); // RSA: 2048 bits
// Ed25519 from a seed: first, first + 1, ...
void hostmint_seed(struct hostmint *m, uint8_t first);
void hostmint_free(struct hostmint *m);

// Appends a signature blob over data: the type's usual one, or as the algorithm says,
// whether or not it goes with the key: "ssh-rsa" is SHA-1, "rsa-sha2-256" SHA-256, and so
// on.
void hostmint_sign(
    struct hs_buf *b, const struct hostmint *m, const char *algorithm, struct hs_str data);

struct hostmint_cert {
	const struct hostmint *key, *ca;
	const char *algorithm; // of the signature, NULL: the usual one
	struct hs_str nonce, key_id, reserved, ca_blob;
	uint64_t serial, after, before;
	uint32_t type;
	struct hs_str principals, critical, extensions; // as packed
};

// A host's certificate, right in everything: valid from 1000 to 2000.
struct hostmint_cert hostmint_cert(const struct hostmint *key, const struct hostmint *ca);
void hostmint_put_cert(struct hs_buf *b, const struct hostmint_cert *c);

// The vectors of tests/vectors/seat. The blob of a .pub file:
void hostmint_public(const char *name, struct hs_buf *blob);
// and what stands behind the nth (from 0) line of that kind ("bind", "key", "data"), false
// if there is none:
bool hostmint_said(const char *name, const char *kind, size_t nth, struct hs_buf *out);

#endif
