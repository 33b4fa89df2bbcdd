// SPDX-License-Identifier: ISC
//
// Judging a signature. Contract in assertion.h.
#include "agentd/sk-helper/assertion.h"

#include "agentd/sk-helper/sksig.h"

static int
lied(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_SK_DEVICE,
	    "the security key signed, but %s: do not use it as a root", what);
}

// Counter and flags are signed with the rest, so that all of it is believed or nothing.
int
hs_assertion_take(const struct hs_helper_candidate *c, bool verify, const fido_assert_t *a,
    struct hs_buf *sig, struct hs_err *err)
{
	struct hs_sk_sig sk, good;
	struct hs_str raw;
	struct hs_key key;

	if (fido_assert_count(a) != 1)
		return lied(err, "not once");
	raw = (struct hs_str){fido_assert_sig_ptr(a, 0), fido_assert_sig_len(a, 0)};
	sk = (struct hs_sk_sig){fido_assert_flags(a, 0), fido_assert_sigcount(a, 0)};
	if (!hs_sk_touched(&sk))
		return hs_fail(err, HS_SK_DEVICE,
		    "the security key signed with flags 0x%02x, not 0x01 (touched) or 0x05 "
		    "(and verified)",
		    sk.flags);
	if (verify && (sk.flags & HS_SK_FLAG_UV) == 0)
		return lied(err, "without the verification that was asked for");
	if (hs_key_parse(c->key, &key) != HS_OK ||
	    hs_sksig_put(sig, key.type, raw, &sk) != HS_OK)
		return lied(err, "its signature is malformed");
	if (hs_sig_verify(&key, hs_buf_str(sig), c->body, &good) != HS_OK)
		return lied(err, "its signature does not verify");
	return HS_OK;
}
