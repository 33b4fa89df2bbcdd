// SPDX-License-Identifier: ISC
//
// A root's list of what is revoked (docs/PROTOCOL.revoke section 4): signed by the root
// itself, with a touch, on whichever machine its key is plugged in. Written, told in words,
// read, verified, and asked about a certificate beside the sessions' own lists (list.h).
// Pure: files are their readers', touches their askers'.
#ifndef HS_PROTO_RLIST_H
#define HS_PROTO_RLIST_H

#include "proto/list.h"

#define HS_RLIST_MAX	     HS_LIST_MAX	// bytes
#define HS_RLIST_MESSAGE_MAX (HS_RLIST_MAX / 4) // what is signed, so that a helper takes it
#define HS_RLIST_ENTRIES_MAX 256
#define HS_RLIST_PROOFS_MAX  64
#define HS_RLIST_FILES_MAX   1024 // of one root, one a touch: more are not read by a server

enum hs_rlist_what {
	HS_RLIST_ALL = 1, // everything that ever stood under the root
	HS_RLIST_SESSION, // a session: what it ever signed under a grant of the root's
	HS_RLIST_SERIALS, // of a session: certificates and seats, with all below them
	HS_RLIST_DIRECT	  // direct certificates of the root
};
struct hs_rlist_entry {
	enum hs_rlist_what what;
	char session[HS_SESSION_ID_LEN + 1]; // of the middle two, else ""
	uint64_t lo, hi; // serials of the last two, both included; else 0
};
// A delegation of a session that the list names, below a grant of the root's: the session
// key signed over that grant, so it says whose session it is to who knows no other
// certificate of it, and its key's name to stock sshd. A grant alone would not: a root can
// sign one for any key.
struct hs_rlist_proof {
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_str blob; // whole
};

// ---- writing

struct hs_rlist_spec {
	const struct hs_key *root;
	uint64_t version, issued; // issued in Unix seconds
	struct hs_rlist_entry *v; // sorted and joined in place; at least one
	size_t n;
	struct hs_rlist_proof *proofs; // sorted in place; one a session, none for others
	size_t nproofs;
};
// Appends what the root signs, before SSHSIG is put around it (namespace HS_NS_KRL).
// HS_ERR_USAGE and the like where it could not be read back.
int hs_rlist_put_message(struct hs_buf *b, struct hs_rlist_spec *spec, struct hs_err *err);
// A whole list. signature: an SSH signature blob over hs_sshsig_put_signed of the message.
void hs_rlist_put(struct hs_buf *b, struct hs_str message, struct hs_str signature);

// ---- reading

struct hs_rlist { // views into the blob
	struct hs_key root;
	uint64_t version, issued;
	struct hs_str entries, proofs; // for the walks below
	uint32_t n, nproofs;
	struct hs_str message, signature;
};
// Is it a root's list, by its first bytes?
bool hs_rlist_is(struct hs_str blob);
// Decodes one, or what is signed of it, and checks its form: HS_ERR_FORMAT and the like,
// HS_NO_CERT_FORM, HS_NO_GRANT_FORM; HS_NO_WIDER where it holds a certificate of another
// root or session.
int hs_rlist_parse(struct hs_str blob, struct hs_rlist *out, struct hs_err *err);
int hs_rlist_parse_message(struct hs_str message, struct hs_rlist *out, struct hs_err *err);
// Verifies the root's signature and its touch: HS_ERR_CRYPTO, HS_NO_TOUCH. Where roots is
// not NULL the root must be one of them: HS_NO_ROOT_UNKNOWN.
int hs_rlist_check(
    const struct hs_rlist *l, const struct hs_roots *roots, struct hs_err *err);

// All that a parsed list names, in its order: by "what", then session, then serials. Stops
// at the first that is not HS_OK, and returns that.
typedef int hs_rlist_each(void *arg, const struct hs_rlist_entry *e);
int hs_rlist_walk(const struct hs_rlist *l, hs_rlist_each *fn, void *arg);
// The key of a session, where the list holds a delegation of it whose signatures are good.
// HS_NO_SUCH; HS_NO_SIG_CERT; as hs_grant_check_signature; HS_ERR_NOMEM.
int hs_rlist_session_key(
    const struct hs_rlist *l, const char *session, struct hs_key *out, struct hs_err *err);

// What it takes back, in words: what is shown before the root is touched. One text for one
// message, so that who has the message knows what was shown.
void hs_rlist_put_text(struct hs_buf *b, const struct hs_rlist *l);
// The same number of hex digits as a session's id, of a root.
void hs_rlist_root_id(const struct hs_key *root, char out[static HS_SESSION_ID_LEN + 1]);
// The name of its file, "root-" ROOT "-" LIST ".list": LIST is of what it says, so that no
// list ever comes in place of another.
#define HS_RLIST_NAME_LEN (5 + HS_SESSION_ID_LEN + 1 + HS_SESSION_ID_LEN + 5)
void hs_rlist_name(const struct hs_rlist *l, char out[static HS_RLIST_NAME_LEN + 1]);

// ---- asking

// Adds a list that was verified; one of another root than the certificate's adds nothing.
void hs_rlist_unite(struct hs_list_found *f, const struct hs_rlist *l,
    const struct hs_key *root, const struct hs_list_subject *s);
// A list as it came: decodes and verifies it, and adds it. HS_OK where it counts; else what
// hs_rlist_parse or hs_rlist_check says, or HS_ERR_FORMAT where it is another's than
// root's, who is one that the reader trusts, and whose lists are nobody else's.
int hs_rlist_take(struct hs_list_found *f, struct hs_str blob, const struct hs_key *root,
    const struct hs_list_subject *s, struct hs_err *err);

#endif
