// SPDX-License-Identifier: ISC
//
// A person's reading of a certificate: whose touch, when, what, until when, valid here or
// not and why. explain.c judges, explain_text.c writes for people, explain_json.c for
// programs; sig.c has a signature's certificate told by the same.
#ifndef HS_CLIENT_VERIFY_EXPLAIN_H
#define HS_CLIENT_VERIFY_EXPLAIN_H

#include <stdbool.h>
#include "client/verify/lib/lists.h"
#include "proto/chain.h"

struct hs_explain_ask {
	const char *config; // folder of roots and verify.conf
	bool own;	    // it was named on the command line
	const char *cert;   // a file, or "-"
	const char *user;   // NULL: only the chain and the times are judged
	const char *from;   // NULL, or a client address
	const char *cmd;    // NULL, or a command as a client would send it; "" is a shell
	uint64_t at;	    // Unix seconds
	bool has_at;	    // else now
	const char
	    *audit; // NULL, or a copy of the daemon's log, for the text that was shown
	bool json;
};

// Exit status: 0 it would be admitted, 3 it would not, 1 it could not be read.
int hs_explain(const struct hs_explain_ask *ask);

// Unix seconds in decimal, or a UTC date and time as 2026-01-31T18:05:00Z. HS_ERR_FORMAT.
int hs_explain_time(const char *text, uint64_t *out);

enum hs_explain_kind {
	HS_EXPLAIN_OTHER,      // nothing of ours, or not readable
	HS_EXPLAIN_DELEGATION, // an agent's certificate with its grant inside
	HS_EXPLAIN_DIRECT,     // an agent's certificate signed by the root itself
	HS_EXPLAIN_GRANT,      // a grant by itself
};

// What the writers say, gathered once. Views point into the certificate.
struct hs_explained {
	const struct hs_explain_ask *ask;
	const struct hs_config *config;
	uint64_t now;
	struct hs_verdict verdict;
	struct hs_lists lists; // of a delegation and its root, what is known here
	bool asked;	       // those were asked
	enum hs_code code; // the answer: the verdict's, or that of the server's own files
	const struct hs_err *err;
	enum hs_explain_kind kind;
	// by kind; NULL or false where there is none
	struct hs_grant own_grant; // only for HS_EXPLAIN_GRANT
	const struct hs_cert *cert;
	const struct hs_grant_payload *payload;
	const struct hs_scope *scope; // the certificate's own
	const struct hs_key *root_key;
	const struct hs_root *root; // its line here
	uint64_t grant_after;	    // the touch's certificate is valid from here
	struct hs_str agent;
	enum hs_origin origin;		     // from where it was asked for; not of a grant
	char session[HS_SESSION_ID_LEN + 1]; // "" for direct
	struct hs_sk_sig touch;
	bool cert_good;	     // the signature on the certificate
	bool touch_good;     // the root's signature, its flags too
	unsigned signatures; // how many there are: 1 or 2
	struct hs_buf shown; // the text that the touch was given for, where it was found
};

// Fills what goes by kind, from e->verdict on the certificate in blob and e->config. A
// grant by itself ends in e->own_grant, the caller's to free.
void hs_explain_gather(struct hs_explained *e, struct hs_str blob); // explain_gather.c

// The text that was shown for the touch that signed p, from a copy of the log it names;
// text is emptied first. HS_OK: its hash and its record's are those that were signed.
// HS_NO_SUCH; HS_ERR_IO, HS_ERR_TOO_LONG, HS_ERR_NOMEM.
int hs_explain_shown(const char *path, const struct hs_grant_payload *p,
    struct hs_buf *text,
    struct hs_err *err); // explain_shown.c

// Seconds since 1970 at which the touch was asked for, by the clock of the daemon.
uint64_t hs_explain_touched(const struct hs_explained *e);

void hs_explain_text(struct hs_buf *b, const struct hs_explained *e); // explain_text.c
void hs_explain_json(struct hs_buf *b, const struct hs_explained *e); // explain_json.c
// What both tell of the certificate itself, without the answer: lines, and members of an
// object that is open.
void hs_explain_text_about(struct hs_buf *b, const struct hs_explained *e);
void hs_explain_json_about(struct hs_buf *b, const struct hs_explained *e);

// The line of a roots file that would admit the user (everyone but root where none is
// given).
void hs_explain_roots_line(struct hs_buf *b, const struct hs_explained *e);

#endif
