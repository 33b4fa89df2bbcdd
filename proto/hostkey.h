// SPDX-License-Identifier: ISC
//
// The keys of SSH servers, as OpenSSH uses them: Ed25519, ECDSA (three curves) and RSA, and
// OpenSSH's certificates over them (docs/PROTOCOL.seat, "Host keys"). Pure. Not for the
// keys that handseal signs with (key.h), nor for what known_hosts says of one.
#ifndef HS_PROTO_HOSTKEY_H
#define HS_PROTO_HOSTKEY_H

#include <stdbool.h>
#include <stdint.h>
#include "proto/cert.h"

enum hs_hostkey_type {
	HS_HK_ED25519, // ssh-ed25519
	HS_HK_P256,    // ecdsa-sha2-nistp256
	HS_HK_P384,    // ecdsa-sha2-nistp384
	HS_HK_P521,    // ecdsa-sha2-nistp521
	HS_HK_RSA,     // ssh-rsa; signs as rsa-sha2-256 or rsa-sha2-512
	HS_HK_COUNT
};

// A decoded key or certificate. Views point into the blob it was read from, but for plain
// of a certificate, which is in own. Zero, or filled in by hs_hostkey_parse;
// hs_hostkey_free when done. Not to be copied.
struct hs_hostkey {
	enum hs_hostkey_type type; // of the key, also where a certificate is about it
	bool certificate;
	struct hs_str blob;	// all of it
	struct hs_str plain;	// the key's blob, without the certificate
	struct hs_str pub;	// Ed25519: 32 bytes; ECDSA: 04, x, y; RSA: the modulus
	struct hs_str exponent; // RSA only
	// of a certificate; zero otherwise
	uint32_t cert_type; // HS_CERT_USER or HS_CERT_HOST
	uint64_t serial;
	struct hs_str key_id;
	struct hs_str principals[HS_PRINCIPALS_MAX]; // host names, maybe with * and ?
	size_t nprincipals;			     // 0: for no host, never for any
	uint64_t valid_after,
	    valid_before;	       // Unix seconds; valid when after <= now < before
	size_t ncritical;	       // critical options; OpenSSH knows none for hosts
	struct hs_str ca;	       // the signer's blob, not decoded yet
	struct hs_str body, signature; // what the signer signed, and its signature blob
	struct hs_buf own;
};

const char *hs_hostkey_type_name(enum hs_hostkey_type t); // "ssh-rsa"

// Decodes a blob, all of it, at most HS_HOSTKEY_MAX bytes. HS_ERR_KEY_TYPE for another type
// (security keys and DSA included), HS_ERR_FORMAT for a point that is not on its curve, an
// RSA modulus of fewer or more bits than HS_RSA_BITS_MIN and _MAX, an exponent that is
// even, 1 or above 64 bits, or a certificate that is not as cert.h wants them,
// HS_ERR_SHORT, HS_ERR_TRAILING, HS_ERR_TOO_LONG, HS_ERR_NOMEM. Believes nothing of a
// certificate yet. On failure *out is zero.
int hs_hostkey_parse(struct hs_str blob, struct hs_hostkey *out);
void hs_hostkey_free(struct hs_hostkey *k); // frees and zeroes; NULL is fine

// Verifies a signature blob (string type, string signature) over data by the key, also
// where k is a certificate, whose signer is then not looked at. HS_ERR_FORMAT or
// HS_ERR_TRAILING if sig is malformed, HS_ERR_KEY_TYPE if its type is not one of the key's
// (ssh-rsa, which is SHA-1, never is), HS_ERR_CRYPTO if it is not good.
int hs_hostkey_verify(const struct hs_hostkey *k, struct hs_str sig, struct hs_str data);

// Is k a host's certificate that is good now (Unix seconds)? Of one of the types above by a
// signer of one of them, not itself a certificate; whether the signer is trusted, and for
// which names, is the caller's to ask: k->ca, k->principals. HS_OK, or HS_ERR_USAGE where
// it is no certificate, HS_ERR_FORMAT (a user's, or a malformed signer), HS_ERR_UNSUPPORTED
// (a critical option), HS_NO_NOT_YET, HS_NO_EXPIRED, HS_ERR_KEY_TYPE (the signer's),
// HS_NO_SIG_CERT. err may be NULL.
int hs_hostkey_check_cert(const struct hs_hostkey *k, uint64_t now, struct hs_err *err);

// "SHA256:" and 43 characters of base64 over a blob; writes a NUL. ssh-keygen -l shows that
// of the key alone: give k->plain.
void hs_hostkey_fingerprint(struct hs_str blob, char out[static HS_FINGERPRINT_LEN + 1]);

#endif
