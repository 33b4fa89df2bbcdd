// SPDX-License-Identifier: ISC
//
// What the parts of handseal-verify in the place of ssh-keygen share: what is asked, the
// caller's list of allowed signers, its list of what is revoked. The contract for everybody
// else is inplace.h.
#ifndef HS_CLIENT_VERIFY_INPLACE_INTERNAL_H
#define HS_CLIENT_VERIFY_INPLACE_INTERNAL_H

#include "client/verify/inplace.h"
#include "client/verify/sigfile.h"
#include "proto/signers.h"

enum action { FIND, VERIFY, NO_VALIDATE, OTHER };

struct hs_inplace {
	const struct hs_inplace_ask *ask;
	enum action action;
	const char *signers, *principal, *ns, *sig, *revoked; // as ssh-keygen's options
	bool quiet, print_key, bad;
	uint64_t now, at;
	struct hs_sigfile file;
	struct hs_key root; // that the chain names
	struct hs_config config;
};

// seconds as hs_date_read_openssh has them, in this machine's zone where local.
// HS_ERR_FORMAT.
int hs_inplace_time(uint64_t seconds, bool local, uint64_t *out);

struct hs_inplace_search {
	const struct hs_inplace *q;
	// a line that has the root as an authority, at that time: false to look on
	bool (*use)(struct hs_inplace_search *s, const struct hs_signer *l);
	unsigned mere;	   // a line that has the root as a mere key; 0: none
	struct hs_err why; // of a line that would be it but for one thing
};
// Goes through q->signers until a line is of use. HS_OK, or why none was.
int hs_inplace_search(struct hs_inplace_search *s, struct hs_err *err);
// Two uses: prints the line's principals, one a line; is it for q->principal and q->ns?
bool hs_inplace_print(struct hs_inplace_search *s, const struct hs_signer *l);
bool hs_inplace_for_verifying(struct hs_inplace_search *s, const struct hs_signer *l);

// Does q->revoked, a revocation list or public keys, name a link of the chain?
// HS_NO_REVOKED; what cannot be read refuses too.
int hs_inplace_revoked(
    const struct hs_inplace *q, const struct hs_delegation *d, struct hs_err *err);

#endif
