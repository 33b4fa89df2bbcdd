// SPDX-License-Identifier: ISC
//
// SSH public keys and signatures: Ed25519 (RFC 8709), ECDSA P-256 (RFC 5656) and their
// security key kinds (OpenSSH PROTOCOL.u2f). Pure. Not for private keys or certificates.
#ifndef HS_PROTO_KEY_H
#define HS_PROTO_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include "proto/buf.h"
#include "proto/limits.h"

enum hs_key_type {
	HS_KT_ED25519,	  // ssh-ed25519
	HS_KT_ECDSA,	  // ecdsa-sha2-nistp256
	HS_KT_SK_ED25519, // sk-ssh-ed25519@openssh.com
	HS_KT_SK_ECDSA,	  // sk-ecdsa-sha2-nistp256@openssh.com
	HS_KT_COUNT
};

#define HS_SK_APPLICATION_MAX 64

// A plain value: copy it, compare it with hs_key_eq, nothing to free.
struct hs_key {
	enum hs_key_type type;
	uint8_t pub[65]; // Ed25519: 32 bytes; P-256: uncompressed point, 65
	size_t publen;
	char application[HS_SK_APPLICATION_MAX + 1]; // sk kinds only, else ""
};

const char *hs_key_type_name(enum hs_key_type t);
bool hs_key_is_sk(const struct hs_key *k);
bool hs_key_eq(const struct hs_key *a, const struct hs_key *b);

// Decodes a public key blob, all of it. HS_ERR_KEY_TYPE for another type, HS_ERR_FORMAT for
// a point that is not on the curve or an encoding that is not 0x04-uncompressed,
// HS_ERR_TRAILING.
int hs_key_parse(struct hs_str blob, struct hs_key *out);
// Decodes from a reader after the type string has been read, leaving what follows: what a
// certificate needs.
int hs_key_read_fields(struct hs_rd *r, enum hs_key_type type, struct hs_key *out);
void hs_key_put_fields(struct hs_buf *b, const struct hs_key *k); // the same way back
void hs_key_put(struct hs_buf *b, const struct hs_key *k); // blob, not wrapped in a string

// A line "type base64[ comment]" as in .pub files; *comment (may be NULL) views into line.
int hs_key_parse_line(struct hs_str line, struct hs_key *out, struct hs_str *comment);
void hs_key_put_line(struct hs_buf *b, const struct hs_key *k); // "type base64", no newline

// "SHA256:" and 43 characters of base64, as ssh-keygen -l; writes a NUL.
#define HS_FINGERPRINT_LEN 50
void hs_key_fingerprint(const struct hs_key *k, char out[static HS_FINGERPRINT_LEN + 1]);

#define HS_SK_FLAG_UP 0x01 // touched
#define HS_SK_FLAG_UV 0x04 // and the person verified, by PIN or finger

struct hs_sk_sig {
	uint8_t flags;	  // as signed by the authenticator
	uint32_t counter; // likewise
};

// Do the flags say that the key was touched, and nothing that we do not know? True for
// exactly 0x01 and 0x05 (DESIGN "The chain").
bool hs_sk_touched(const struct hs_sk_sig *sk);

// Verifies an SSH signature blob (string type, string signature[, byte flags, uint32
// counter]) over data. *sk (may be NULL) gets flags and counter of sk kinds, and zeros
// otherwise; judging them is the caller's part. HS_ERR_FORMAT or HS_ERR_TRAILING if the
// blob is malformed, HS_ERR_KEY_TYPE if its type is not the key's, HS_ERR_CRYPTO if the
// signature is not good.
int hs_sig_verify(
    const struct hs_key *k, struct hs_str sig, struct hs_str data, struct hs_sk_sig *sk);

// What SSHSIG signs (OpenSSH PROTOCOL.sshsig): "SSHSIG", namespace, "", "sha512",
// H(message). Appends those bytes.
void hs_sshsig_put_signed(struct hs_buf *b, const char *ns, struct hs_str message);

#endif
