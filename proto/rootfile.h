// SPDX-License-Identifier: ISC
//
// The file that `handseal enroll` writes for each root in
// $XDG_CONFIG_HOME/handseal/roots/NAME (docs/PROTOCOL.helper "Root files"), and OpenSSH's
// own file for a security key, which `enroll --import` takes over. Texts only; pure.
#ifndef HS_PROTO_ROOTFILE_H
#define HS_PROTO_ROOTFILE_H

#include "proto/key.h"

#define HS_ROOTFILE_MAX 16384

struct hs_root_record {
	char name[HS_ROOT_NAME_MAX + 1];
	char owner[HS_ROOT_OWNER_MAX + 1]; // may be ""
	struct hs_key key;
	uint8_t handle[HS_KEY_HANDLE_MAX];
	size_t handle_len;
	uint64_t created; // Unix seconds
	uint8_t aaguid[16];
	bool has_aaguid;      // not for an imported key
	char product[65];     // what the device said of itself, may be ""
	char attestation[16]; // "unverified" or "none" (or "verified", once roots can be
			      // given)
	char device[108]; // only softkey:PATH is kept; else ""
	bool simulated;
	bool verify; // enrolled with --pin: every ceremony demands verification
};

// Keyword-value lines: Name, Owner, Key, Handle, Created, AAGUID, Product, Attestation,
// Device, Verify, Simulated. HS_ERR_CONFIG with line and column: unknown, repeated or
// missing keyword, value out of its grammar.
int hs_rootfile_parse(struct hs_str text, struct hs_root_record *out, struct hs_err *err);
void hs_rootfile_put(struct hs_buf *b, const struct hs_root_record *r);

// Reads an unencrypted "-----BEGIN OPENSSH PRIVATE KEY-----" file of an sk key: public key,
// key handle. HS_ERR_KEY_TYPE for another kind or application, HS_ERR_UNSUPPORTED for an
// encrypted file, HS_ERR_FORMAT. Fills key, handle, verify (verify-required), and comment
// into owner.
int hs_openssh_sk_parse(struct hs_str text, struct hs_root_record *out, struct hs_err *err);

#endif
