// SPDX-License-Identifier: ISC
//
// OpenSSH certificates (PROTOCOL.certkeys), read and written, any of our key types as
// subject and signer. Knows the format, not what handseal means by it (grant.h) nor whom to
// trust (chain.h).
#ifndef HS_PROTO_CERT_H
#define HS_PROTO_CERT_H

#include "proto/key.h"

#define HS_CERT_USER 1
#define HS_CERT_HOST 2

struct hs_option {
	struct hs_str name; // printable ASCII
	struct hs_str data; // the bytes inside the data string, may be empty
};

struct hs_options {
	struct hs_option v[HS_OPTIONS_MAX];
	size_t n;
};

// A decoded certificate. All views point into the blob it was read from.
struct hs_cert {
	struct hs_key key; // the subject
	struct hs_str nonce;
	uint64_t serial;
	uint32_t type;
	struct hs_str key_id;
	struct hs_str principals[HS_PRINCIPALS_MAX];
	size_t nprincipals;
	uint64_t valid_after,
	    valid_before; // Unix seconds; valid when after <= now < before
	struct hs_options critical, extensions;
	struct hs_key ca;
	struct hs_str signature; // an SSH signature blob
	struct hs_str body;	 // what the signature covers
};

// Decodes a certificate blob, strictly: no trailing bytes at any level, options sorted by
// name and unique, reserved empty, valid_after < valid_before, type user or host, signer
// not itself a certificate, key id and principals without control bytes. HS_ERR_KEY_TYPE if
// the blob is not a certificate over one of our key types.
int hs_cert_parse(struct hs_str blob, struct hs_cert *out);

// Decodes a body (a certificate up to and including its signature key), as a signer gets
// it. out->signature is empty then.
int hs_cert_parse_body(struct hs_str body, struct hs_cert *out);

// What a body is written from. Options and principals must already be in order (checked by
// hs_cert_parse, which writers run on what they made).
struct hs_cert_spec {
	const struct hs_key *key, *ca;
	uint8_t nonce[32];
	uint64_t serial;
	struct hs_str key_id;
	const struct hs_str *principals;
	size_t nprincipals;
	uint64_t valid_after, valid_before;
	const struct hs_option *critical, *extensions;
	size_t ncritical, nextensions;
};
void hs_cert_put_body(struct hs_buf *b, const struct hs_cert_spec *spec);
// A whole certificate: the body, then the signature blob as a string.
void hs_cert_put_signature(struct hs_buf *body, struct hs_str signature);

// The option of that name, or NULL.
const struct hs_option *hs_options_find(const struct hs_options *o, const char *name);

// Verifies signature over body with ca; results as hs_sig_verify.
int hs_cert_verify(const struct hs_cert *c, struct hs_sk_sig *sk);

#endif
