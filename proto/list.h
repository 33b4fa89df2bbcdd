// SPDX-License-Identifier: ISC
//
// A session's list of what is revoked, signed by its revoke-only key
// (docs/PROTOCOL.revoke): written, read, verified down from the roots, and what the lists
// of a session say together about one certificate. Pure: files are their readers'.
#ifndef HS_PROTO_LIST_H
#define HS_PROTO_LIST_H

#include "proto/krl.h"
#include "proto/revoker.h"

#define HS_LIST_MAX (HS_BUF_MAX - 1) // bytes of a list, its certificate included

// What the key signs, before SSHSIG is put around it (namespace HS_NS_KRL).
void hs_list_put_message(struct hs_buf *b, uint64_t next, struct hs_str krl);
// A whole list. signature: an SSH signature blob over hs_sshsig_put_signed of the message.
void hs_list_put(struct hs_buf *b, struct hs_str certificate, struct hs_str message,
    struct hs_str signature);

struct hs_list {		   // views into the blob
	struct hs_revoker revoker; // owned: hs_list_free
	uint64_t next;		   // Unix seconds: the daemon writes another by then
	struct hs_krl krl;	   // its version, and as its date when it was issued
	struct hs_str krl_blob;
	struct hs_str message, signature;
};
// Decodes a list and checks its form: HS_ERR_FORMAT and the like, HS_NO_CERT_FORM,
// HS_NO_GRANT_FORM; HS_NO_WIDER where it would revoke what is not its session's. Call
// hs_list_free also after an error.
int hs_list_parse(struct hs_str blob, struct hs_list *out, struct hs_err *err);
// Verifies it: root, grant, session key, revoke-only key, list. As hs_revoker_check;
// HS_ERR_CRYPTO where the list's own signature is not good.
int hs_list_check(struct hs_list *l, const struct hs_roots *roots, struct hs_err *err);
void hs_list_free(struct hs_list *l);

// ---- asking

// A certificate that is asked about.
struct hs_list_subject {
	bool direct; // it has no session: serial alone counts
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_key session_key;
	uint64_t serial;
	uint64_t lineage[HS_LINEAGE_MAX];
	size_t nlineage;
	uint64_t made; // Unix seconds
};
void hs_list_subject(struct hs_list_subject *s, const struct hs_delegation *d);
void hs_list_subject_direct(struct hs_list_subject *s, const struct hs_direct *d);

// What was found so far. Zero-initialise. Lists are united: what one of them revokes is
// revoked, so an older one takes nothing back.
struct hs_list_found {
	unsigned lists;	  // of that session
	uint64_t version; // of the latest of them
	uint64_t issued;  // the latest, Unix seconds; of lists that say so of the future 0
	uint64_t next;	  // the latest
	unsigned root_lists; // of that root (rlist.h)
	bool all;	     // everything under the root is revoked
	bool whole;	     // the session is revoked
	uint64_t serial;     // that is revoked, the certificate's or an ancestor's; 0: none
};
// Adds a list that was verified; one of another session adds nothing.
void hs_list_unite(struct hs_list_found *f, const struct hs_list *l,
    const struct hs_list_subject *s, uint64_t now);

// A list as it came: decodes and verifies it, and adds it. The subject's own session key
// needs no root of the reader's for a list: what makes it believed is what the subject is
// believed for, and another root of the session may have touched first. HS_OK where it
// counts; else what hs_list_parse or hs_list_check says, or HS_ERR_FORMAT where it is
// another session's, before any signature of that is looked at.
int hs_list_take(struct hs_list_found *f, struct hs_str blob, const struct hs_roots *roots,
    const struct hs_list_subject *s, uint64_t now, struct hs_err *err);

// May it be used? HS_OK; HS_NO_REVOKED; HS_NO_LIST where it was made longer than fresh
// seconds ago and no list of its session was issued since. A direct one needs no list.
int hs_list_judge(const struct hs_list_found *f, const struct hs_list_subject *s,
    uint64_t fresh, uint64_t now, struct hs_err *err);

#endif
