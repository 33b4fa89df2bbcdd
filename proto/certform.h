// SPDX-License-Identifier: ISC
//
// What grants, delegations and direct certificates have in common: the permit-* extensions,
// key ids, and the last check that a certificate is, byte for byte, the one we would have
// written. Private to grant.c, delegation.c and direct.c: the contract for everybody else
// is grant.h.
#ifndef HS_PROTO_CERTFORM_H
#define HS_PROTO_CERTFORM_H

#include "proto/grant.h"

#define HS_CERTFORM_NONCE 32

// Adds the permit-* extensions of that set to v at *n, in the order of their names.
#define HS_CERTFORM_PERMITS HS_PERMIT_COUNT // at most so many
void hs_certform_permits(struct hs_option *v, size_t *n, uint32_t set);

// Sorts options by name, which must differ.
void hs_certform_sort(struct hs_option *v, size_t n);

// Is the body of c what was written into want? Consumes want, of which rc says whether it
// could be written. HS_OK, code with a sentence, HS_ERR_NOMEM.
int hs_certform_same(const struct hs_cert *c, struct hs_buf *want, int rc,
    enum hs_code code, struct hs_err *err);

// The nonce of a certificate, where it has the length of ours.
bool hs_certform_nonce(const struct hs_cert *c, uint8_t out[static HS_CERTFORM_NONCE]);

// The scope in a certificate: canonical or refused with code.
int hs_certform_scope(
    struct hs_str text, enum hs_code code, struct hs_scope **out, struct hs_err *err);

// Is this a key that can be a root: a security key for our application?
bool hs_certform_is_root(const struct hs_key *k);

#endif
