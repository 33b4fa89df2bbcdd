// SPDX-License-Identifier: ISC
//
// Signatures of messages in files, as ssh-keygen -Y sign writes them (OpenSSH's
// PROTOCOL.sshsig): the blob, and the armour around it. What is signed is key.h's
// hs_sshsig_put_signed. Pure. Not for deciding whose a signature is, or what it is worth.
#ifndef HS_PROTO_SSHSIG_H
#define HS_PROTO_SSHSIG_H

#include "proto/buf.h"

#define HS_SSHSIG_MAX	   (128u * 1024) // bytes of a blob: a certificate fits
#define HS_SSHSIG_TEXT_MAX (256u * 1024)

// Views into what was parsed.
struct hs_sshsig {
	struct hs_str key;	 // public key or certificate blob, whole
	struct hs_str ns;	 // not empty
	struct hs_str signature; // SSH signature blob
	bool sha256;		 // the message's hash; false: SHA-512
};

// Appends a blob; its hash is SHA-512.
void hs_sshsig_put(struct hs_buf *b, const struct hs_sshsig *s);
// Reads one, all of it. HS_ERR_FORMAT, HS_ERR_SHORT, HS_ERR_TRAILING; HS_ERR_UNSUPPORTED:
// another version, another hash, or something in what is reserved. What key and signature
// are is not looked at.
int hs_sshsig_parse(struct hs_str blob, struct hs_sshsig *out);

// Appends the blob's text: first line, base64 in lines of 70, last line, LF behind each.
void hs_sshsig_put_text(struct hs_buf *b, struct hs_str blob);
// Takes such a text apart and appends the blob. As hs_armour_unwrap.
int hs_sshsig_unwrap(struct hs_str text, struct hs_buf *blob);

// What the signature is over, from the message's digest, of which len must be what the hash
// gives: 32 or 64. Appends it.
void hs_sshsig_put_digest(
    struct hs_buf *b, const struct hs_sshsig *s, const uint8_t *digest, size_t len);

#endif
