// SPDX-License-Identifier: ISC
//
// What the files of libhandseal's verification half share. Internal: the contract for
// others is handseal-verify.h.
#ifndef HS_LIBHANDSEAL_VERIFY_H
#define HS_LIBHANDSEAL_VERIFY_H

#include "client/libhandseal/handseal-verify.h"
#include "proto/chain.h"
#include "proto/list.h"
#include "proto/signed.h"

struct hs_str hs_verify_view(struct hs_verify_bytes b);

// The certificate's blob, from the blob or its line. Appends it.
int hs_verify_blob(struct hs_str certificate, struct hs_buf *blob, struct hs_err *err);

// ---- verify_proof.c

// The signature that the peer brought, taken apart; views into blob, which is its own.
struct hs_verify_signature {
	struct hs_buf blob;
	struct hs_sshsig sig;
	struct hs_cert cert; // that it names as its key, if it does
};
// HS_NO_PROOF where it is none. Free blob also then.
int hs_verify_signature_read(
    struct hs_str signature, struct hs_verify_signature *out, struct hs_err *err);
// Is it by that key, over the ask's message, in its namespace? HS_NO_PROOF; of a message
// HS_NO_NAMESPACE, HS_NO_SIG_MESSAGE.
int hs_verify_signature_check(struct hs_verify_signature *s, const struct hs_key *key,
    const struct hs_verify_ask *ask, struct hs_err *err);
// Does the ask have what the proof needs, and may its namespace be a service's?
// HS_ERR_USAGE.
int hs_verify_proof_asked(const struct hs_verify_ask *ask, struct hs_err *err);

// ---- verify_lists.c

// Was what was admitted taken back? HS_OK, HS_NO_REVOKED, HS_NO_LIST, HS_ERR_CONFIG.
int hs_verify_lists_look(const struct hs_verify_ask *ask, const struct hs_roots *roots,
    const struct hs_verdict *v, int *waived, struct hs_err *err);

// ---- verify_tell.c

void hs_verify_tell_about(struct hs_verify_answer *a, struct hs_str blob);
void hs_verify_tell_who(struct hs_verify_answer *a, const struct hs_verdict *v);
void hs_verify_tell_refusal(struct hs_verify_answer *a, const struct hs_err *err);

#endif
