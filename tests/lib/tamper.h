// SPDX-License-Identifier: ISC
//
// Certificates that are wrong in one thing and rightly signed all the same: what a daemon
// or a session key gone bad could make. For tests.
#ifndef HS_TESTS_TAMPER_H
#define HS_TESTS_TAMPER_H

#include "proto/grant.h"

// A body to be signed, taken apart so that parts can be replaced.
struct hs_tamper {
	struct hs_cert_spec spec;
	struct hs_key key, ca;
	struct hs_str type_name, nonce, reserved, tail; // tail: behind the signer's key
	uint32_t type;
	struct hs_str principals[HS_PRINCIPALS_MAX + 1];
	struct hs_option critical[4], extensions[16];
	struct hs_buf mem[4]; // what replaced parts live in
};

struct hs_tamper_fault {
	const char *name, *code;
	void (*make)(struct hs_tamper *);
};
extern const struct hs_tamper_fault hs_tamper_faults[]; // ends in one without a name

// Rewrites body (appended to out) with the fault of that name. HS_NO_SUCH for an unknown
// name. Names that begin with grant- are for a grant's body, all others for a delegation's.
int hs_tamper(const char *name, struct hs_str body, struct hs_buf *out);

// The names, NULL-terminated.
const char *const *hs_tamper_names(void);

// What a verifier says of a certificate with that fault: a code's name.
const char *hs_tamper_code(const char *name);

#endif
