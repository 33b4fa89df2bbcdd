// SPDX-License-Identifier: ISC
//
// A signature in a file, and the message beside it: read, and judged with what this
// machine's owner has written. For handseal-verify sig, and in the place of ssh-keygen.
#ifndef HS_CLIENT_VERIFY_SIGFILE_H
#define HS_CLIENT_VERIFY_SIGFILE_H

#include "client/verify/lib/lists.h"
#include "proto/signed.h"

struct hs_sigfile {
	struct hs_buf blob; // owned: hs_sigfile_free
	struct hs_sshsig sig;
};
// Reads a file as ssh-keygen -Y sign writes it. HS_ERR_IO, or what hs_sshsig_unwrap and
// hs_sshsig_parse say, with the path in err. Call hs_sigfile_free also after an error.
int hs_sigfile_read(struct hs_sigfile *f, const char *path, struct hs_err *err);
void hs_sigfile_free(struct hs_sigfile *f);

#define HS_SIGFILE_DIGEST 64
// The hash of all that can be read from fd, by the signature's hash: *digest points into
// space. HS_ERR_IO.
int hs_sigfile_digest(const struct hs_sshsig *sig, int fd,
    uint8_t space[static HS_SIGFILE_DIGEST], struct hs_str *digest, struct hs_err *err);

struct hs_sigverdict {
	struct hs_verdict verdict; // owned: hs_verdict_free
	struct hs_lists lists;
	bool asked; // those were asked
	enum hs_code code;
	const struct hs_err *err; // one of those in here, or config's
};
// Judges: the message, the chain, then what is revoked here. in->roots and in->server are
// config's. What is revoked now is refused for every in->at; only whether a fresh list was
// there is asked of that time. A fault of config's refuses.
void hs_sigfile_judge(const struct hs_signed_input *in, struct hs_config *config,
    uint64_t now, struct hs_sigverdict *out);

#endif
