// SPDX-License-Identifier: ISC
//
// Signatures in files. Contract in sigfile.h.
#include "client/verify/sigfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>

int
hs_sigfile_read(struct hs_sigfile *f, const char *path, struct hs_err *err)
{
	struct hs_buf text = {0};
	int rc;

	memset(f, 0, sizeof *f);
	rc = hs_config_read_path(path, HS_SSHSIG_TEXT_MAX, &text, err);
	if (rc == HS_OK &&
	    ((rc = hs_sshsig_unwrap(hs_buf_str(&text), &f->blob)) != HS_OK ||
		(rc = hs_sshsig_parse(hs_buf_str(&f->blob), &f->sig)) != HS_OK))
		rc = hs_fail(err, (enum hs_code)rc, "%s is no SSH signature: %s", path,
		    hs_code_sentence((enum hs_code)rc));
	hs_buf_free(&text);
	return rc;
}

void
hs_sigfile_free(struct hs_sigfile *f)
{
	hs_buf_free(&f->blob);
	memset(f, 0, sizeof *f);
}

int
hs_sigfile_digest(const struct hs_sshsig *sig, int fd,
    uint8_t space[static HS_SIGFILE_DIGEST], struct hs_str *digest, struct hs_err *err)
{
	crypto_hash_sha512_state big;
	crypto_hash_sha256_state small;
	uint8_t chunk[65536];
	ssize_t n;

	(void)crypto_hash_sha512_init(&big);
	(void)crypto_hash_sha256_init(&small);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hs_fail(err, HS_ERR_IO, "the message cannot be read: %s",
			    strerror(errno));
		if (sig->sha256)
			(void)crypto_hash_sha256_update(&small, chunk, (size_t)n);
		else
			(void)crypto_hash_sha512_update(&big, chunk, (size_t)n);
	}
	if (sig->sha256)
		(void)crypto_hash_sha256_final(&small, space);
	else
		(void)crypto_hash_sha512_final(&big, space);
	*digest = (struct hs_str){space, sig->sha256 ? 32 : 64};
	return HS_OK;
}

static void
bad_list(void *arg, const char *name, const struct hs_err *err)
{
	const struct hs_config *config = arg;

	fprintf(stderr, "handseal-verify: %s/%s does not count: %s\n",
	    config->server.revocations, name, hs_err_sentence(err));
}

// The lists are as they are now; that one was fresh is asked of the time of signing, or no
// message could be judged once its session is over.
static int
ask_lists(const struct hs_signed_input *in, struct hs_config *config, uint64_t now,
    struct hs_sigverdict *out)
{
	struct hs_list_subject s;
	struct hs_err late = {0};
	int rc;

	hs_list_subject(&s, &out->verdict.delegation);
	rc = hs_lists_look(
	    config, &out->verdict.root->key, &s, now, bad_list, config, &out->lists);
	out->asked = true;
	if (rc == HS_NO_REVOKED || !out->lists.looked || out->lists.unread)
		return rc;
	out->lists.waived = false;
	rc =
	    hs_list_judge(&out->lists.found, &s, config->server.lists_fresh, in->at, &late);
	out->lists.err = late;
	if (rc == HS_NO_LIST && config->server.lists_optional) {
		out->lists.waived = true;
		return HS_OK;
	}
	return rc;
}

void
hs_sigfile_judge(const struct hs_signed_input *in, struct hs_config *config, uint64_t now,
    struct hs_sigverdict *out)
{
	memset(out, 0, sizeof *out);
	out->code = hs_signed_check(in, &out->verdict);
	out->err = &out->verdict.err;
	if (config->err.code != HS_OK && out->code != HS_NO_NOT_OURS) {
		out->code = config->err.code;
		out->err = &config->err;
	}
	if (out->code != HS_OK)
		return;
	out->code = (enum hs_code)ask_lists(in, config, now, out);
	if (out->code != HS_OK)
		out->err = &out->lists.err;
}
