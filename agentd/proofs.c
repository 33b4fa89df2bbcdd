// SPDX-License-Identifier: ISC
//
// A table of what was verified. Contract in proofs.h.
//
// Who attacks: whoever asks with a proof that was not made. It would have to find other
// bytes with the SHA-256 of good ones. Whoever has keys of its own can push others' out,
// which then are verified again.
#include "agentd/proofs.h"

#include <string.h>
#include "proto/auditline.h"

int
hs_proofs_digest(struct hs_str message, const struct hs_key *key, struct hs_str proof,
    uint8_t out[static HS_PROOFS_DIGEST])
{
	struct hs_buf b = {0}, blob = {0};
	int rc;

	hs_key_put(&blob, key);
	hs_put_str(&b, message);
	hs_put_str(&b, hs_buf_str(&blob));
	hs_put_str(&b, proof);
	rc = hs_buf_err(&blob) != HS_OK ? hs_buf_err(&blob) : hs_buf_err(&b);
	if (rc == HS_OK)
		rc = hs_auditline_hash(hs_buf_str(&b), out);
	hs_buf_free(&blob);
	hs_buf_free(&b);
	return rc;
}

static size_t
place_of(const uint8_t (*set)[HS_PROOFS_DIGEST], const uint8_t *digest)
{
	for (size_t i = 0; i < HS_PROOFS_WAYS; i++)
		if (memcmp(set[i], digest, HS_PROOFS_DIGEST) == 0)
			return i;
	return HS_PROOFS_WAYS;
}

bool
hs_proofs_known(const struct hs_proofs *p, const uint8_t digest[static HS_PROOFS_DIGEST])
{
	return place_of(p->seen[digest[0]], digest) < HS_PROOFS_WAYS;
}

void
hs_proofs_add(struct hs_proofs *p, const uint8_t digest[static HS_PROOFS_DIGEST])
{
	static const uint8_t empty[HS_PROOFS_DIGEST];
	uint8_t(*set)[HS_PROOFS_DIGEST] = p->seen[digest[0]];
	size_t at = place_of(set, empty);

	if (hs_proofs_known(p, digest))
		return;
	if (at == HS_PROOFS_WAYS)
		at = digest[1] % HS_PROOFS_WAYS;
	memcpy(set[at], digest, HS_PROOFS_DIGEST);
}
