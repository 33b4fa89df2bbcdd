// SPDX-License-Identifier: ISC
//
// What a key keeps when it is unplugged: its secrets, counter, PIN and resident
// credentials, and the file that they live in. Knows nothing of CTAP.
#ifndef HS_SOFTKEY_STORE_H
#define HS_SOFTKEY_STORE_H

#include <stdbool.h>
#include "proto/buf.h"

#define HS_STORE_RESIDENTS   25
#define HS_STORE_USER_MAX    64 // bytes of a user's id (WebAuthn's limit)
#define HS_STORE_HANDLE_MAX  128
#define HS_STORE_CERT_MAX    1024
#define HS_STORE_PIN_HASH    16
#define HS_STORE_PIN_RETRIES 8

struct hs_store_resident {
	uint8_t rp_hash[32];
	uint8_t user[HS_STORE_USER_MAX];
	size_t userlen;
	uint8_t handle[HS_STORE_HANDLE_MAX];
	size_t handlelen;
};

// Holds secrets: keep it in guarded memory.
struct hs_store {
	const char *path;		 // NULL: kept in memory only
	uint8_t master[32];		 // wraps key handles
	uint8_t attest[32];		 // attestation key, a P-256 scalar
	uint8_t cert[HS_STORE_CERT_MAX]; // and its certificate, DER
	size_t certlen;
	uint32_t counter; // of the last signature
	bool always_uv, pin_set;
	uint8_t pin_hash[HS_STORE_PIN_HASH];
	uint8_t retries;					// of the PIN that are left
	struct hs_store_resident residents[HS_STORE_RESIDENTS]; // oldest first
	size_t nresidents;
};

// A new key's state, or what a reset leaves: fresh master, no PIN, no resident credentials.
// The attestation key stays if there is one, and so does the counter, as on real keys.
int hs_store_reset(struct hs_store *s);

// Reads path, or makes a fresh state and writes it if there is no such file. *s is zeroed
// first and keeps path.
int hs_store_open(struct hs_store *s, const char *path, struct hs_err *err);
// Replaces the file in one step, mode 0600.
int hs_store_save(const struct hs_store *s, struct hs_err *err);

// Adds a resident credential; one of the same rp_hash and user is replaced. HS_SK_FULL: no
// room.
int hs_store_add(struct hs_store *s, const struct hs_store_resident *r);

// The file's content. hs_store_get zeroes all but path and leaves nothing behind on
// failure.
void hs_store_put(struct hs_buf *b, const struct hs_store *s);
int hs_store_get(struct hs_str in, struct hs_store *s);

#endif
