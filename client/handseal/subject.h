// SPDX-License-Identifier: ISC
//
// The key that `handseal request` wants a certificate for: a new pair, or one that is
// there, and who can sign with it. Also where the certificate goes. Not for talking to
// handseald.
#ifndef HS_CLIENT_SUBJECT_H
#define HS_CLIENT_SUBJECT_H

#include "client/handseal/paths.h"
#include "client/libhandseal/handseal.h"
#include "client/libhandseal/sshkey.h"

// Zero-initialise; hs_subject_free when done.
struct hs_subject {
	struct hs_key key;
	char identity[HS_PATHS_MAX]; // what ssh -i takes; the private key, if it is a file
	char public[HS_PATHS_MAX];
	char certificate[HS_PATHS_MAX];
	bool fresh; // made here: the pair is still to be written
	struct hs_buf private_file, public_line;
	struct hs_sshkey secret; // absent where ssh-agent has to sign
	struct hs_buf why_no_secret;
	struct hs_buf line;	  // "type base64" and NUL: what its holder is known by
	struct hs_err not_signed; // why its holder did not
};

// A new pair to be written as out, out.pub and out-cert.pub. Refuses (HS_ERR_IO) if any is
// there.
int hs_subject_make(struct hs_subject *s, const char *out, struct hs_err *err);
// The key in the public key file pub; the certificate to out, or (NULL) to pub's stem and
// "-cert.pub". Refuses if something stands there that is no certificate over this key.
int hs_subject_load(
    struct hs_subject *s, const char *pub, const char *out, struct hs_err *err);

// Appends an SSH signature blob over data, by the private key or by ssh-agent. HS_NO_PROOF
// with why neither could.
int hs_subject_sign(
    const struct hs_subject *s, struct hs_str data, struct hs_buf *sig, struct hs_err *err);
// The same for libhandseal. *out lives as long as s, which keeps why it could not sign.
int hs_subject_holder(struct hs_subject *s, struct hs_holder *out, struct hs_err *err);

// Writes a new pair, which it is no longer then; nothing for one that is there. Both or
// none.
int hs_subject_write_pair(struct hs_subject *s, struct hs_err *err);
// Writes the certificate, "type base64", and a new pair before it; all or, where one cannot
// be written, none.
int hs_subject_write(struct hs_subject *s, const char *cert, struct hs_err *err);
void hs_subject_free(struct hs_subject *s);

#endif
