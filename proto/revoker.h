// SPDX-License-Identifier: ISC
//
// The revoke-only key of a session (docs/PROTOCOL.revoke section 2): a key that the session
// key certifies when the session opens, and which can sign that session's list of what is
// revoked and nothing else. Its certificate, and the file that the key lies in. Pure.
#ifndef HS_PROTO_REVOKER_H
#define HS_PROTO_REVOKER_H

#include "proto/grant.h"
#include "proto/serverconf.h"

struct hs_revoker_spec {
	const struct hs_key *key, *session_key;
	uint8_t nonce[32];
	struct hs_str grant;  // the whole grant certificate that opened the session
	uint64_t valid_after; // the grant's
};
// Appends the body that the session key signs.
int hs_revoker_put_body(struct hs_buf *b, const struct hs_revoker_spec *spec);

struct hs_revoker {
	struct hs_cert cert;   // views into the blob
	struct hs_grant grant; // parsed, form checked; owned
	char session[HS_SESSION_ID_LEN + 1];
};
// Decodes such a certificate with the grant inside and checks the form of both:
// HS_NO_CERT_FORM, HS_NO_GRANT_FORM. Call hs_revoker_free also after an error.
int hs_revoker_parse(struct hs_str blob, struct hs_revoker *out, struct hs_err *err);
// Verifies both signatures, and that a root signed the grant: HS_NO_LINK,
// HS_NO_ROOT_UNKNOWN, HS_NO_SIG_CERT, HS_NO_SIG_GRANT, HS_NO_TOUCH. Not the times: a list
// holds for what a session signed however long ago it ended. roots NULL: any root's grant.
int hs_revoker_check(
    struct hs_revoker *r, const struct hs_roots *roots, struct hs_err *err);
void hs_revoker_free(struct hs_revoker *r);

// ---- the file

#define HS_REVOKER_SEED	    32
#define HS_REVOKER_FILE_MAX (HS_CERT_MAX + 64)

struct hs_revoker_file {
	struct hs_str seed;	   // HS_REVOKER_SEED bytes, of an Ed25519 key
	struct hs_str certificate; // over that key
};
void hs_revoker_file_put(struct hs_buf *b, const struct hs_revoker_file *f);
int hs_revoker_file_parse(struct hs_str data, struct hs_revoker_file *out);

#endif
