// SPDX-License-Identifier: ISC
//
// authenticatorClientPIN (CTAP 2.1 section 6.5) and what a PIN allows: key agreement,
// setting, changing, tokens with permissions, retries. The cryptography of the two
// protocols is pinproto.c's. A token lives until the next one, a replug, or its use with a
// touch; the standard's timers on it are left out, so that tests need not race them.
#ifndef HS_SOFTKEY_PIN_H
#define HS_SOFTKEY_PIN_H

#include <stdbool.h>
#include "tests/softkey/request.h"

#define HS_PIN_MIN	4  // characters
#define HS_PIN_MAX	63 // bytes
#define HS_PIN_PERM_MC	0x01
#define HS_PIN_PERM_GA	0x02
#define HS_PIN_PERM_ALL (HS_PIN_PERM_MC | HS_PIN_PERM_GA)

// What a key forgets when it is unplugged. Holds secrets.
struct hs_pin {
	uint8_t key[32]; // key agreement, a P-256 scalar
	uint8_t token[32];
	bool has_token;
	int proto;     // that the token was fetched with
	uint8_t perms; // HS_PIN_PERM_* left
	bool bound;    // to the relying party
	uint8_t rp_hash[32];
	unsigned misses; // wrong PINs in a row
};

struct hs_ctap;

int hs_pin_power_up(struct hs_pin *p);
int hs_pin_command(struct hs_ctap *c, struct hs_str params, struct hs_buf *out);

// Judges pinUvAuthParam of a makeCredential or getAssertion that needs that permission.
int hs_pin_check(struct hs_ctap *c, const struct hs_request *q, uint8_t perm);
// A touch used the token up.
void hs_pin_used(struct hs_pin *p);

// Sets the PIN as if it had always been so. HS_CTAP_PIN_POLICY if it is too short or too
// long.
int hs_pin_set(struct hs_ctap *c, struct hs_str pin);

#endif
