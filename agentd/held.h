// SPDX-License-Identifier: ISC
//
// What a touch has made, held while it lives: a grant, or a direct certificate, which is no
// grant and issues nothing. Verified once, then relied upon. What was issued under the
// session is session.h's.
#ifndef HS_AGENTD_HELD_H
#define HS_AGENTD_HELD_H

#include "agentd/clock.h"
#include "proto/grant.h"
#include "proto/rootfile.h"

#define HS_DEVICE_PATH_MAX 108 // with its NUL

struct hs_held {
	struct hs_buf blob;
	bool direct;
	struct hs_grant grant; // views into blob; of a direct one empty
	struct hs_direct made; // of a direct one
	// of whichever it is
	const struct hs_cert *cert;
	const struct hs_grant_payload *payload;
	const struct hs_sk_sig *sk;
	const struct hs_scope *scope;
	char root[HS_ROOT_NAME_MAX + 1];
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	char device[HS_DEVICE_PATH_MAX]; // where it was touched, "" where that is not known
	bool simulated;
	bool silent;	      // `open` asked for it: it issues without a touch
	uint64_t opened, end; // Unix seconds
	uint64_t end_boot_ms; // the same end by the clock that nobody can set
	uint64_t indexed;     // of a direct one: serial that the index has it under; else 0
	uint64_t uses_left;   // HS_USES_ANY: any; of a direct one that is no seat's 0
};

// What makes one. The memory of blob is taken, also on failure.
struct hs_held_spec {
	struct hs_buf *blob;
	bool direct;
	const struct hs_key *subject;	   // the session key; an agent's of a direct one
	const struct hs_root_record *root; // that was touched
	const char *holder;		   // whom it is for
	struct hs_str device;
	bool silent;
	uint64_t end_boot_ms;
	struct hs_now now;
};
// Parses and verifies it: HS_SK_LIED where it is not one over that key, for that holder,
// with a good signature of that root, touched; HS_NO_EXPIRED where its end has
// passed. *out is owned: hs_held_free.
int hs_held_make(const struct hs_held_spec *spec, struct hs_held **out, struct hs_err *err);
void hs_held_free(struct hs_held **h); // NULL and *NULL are fine

bool hs_held_over(const struct hs_held *h, const struct hs_now *now);

#endif
