// SPDX-License-Identifier: ISC
//
// Ids of what is to be revoked. Contract in revids.h.
#include "agentd/revids.h"

#include <string.h>
#include "proto/agent.h"
#include "proto/text.h"

bool
hs_revids_begins(const char *id, struct hs_str front)
{
	return front.len >= HS_REVID_PREFIX && front.len <= HS_SESSION_ID_LEN &&
	       memcmp(id, front.p, front.len) == 0;
}

static bool
read_one(struct hs_str id, struct hs_revid *out)
{
	struct hs_str whose, lo, hi = id;

	if (!hs_str_cut(&hi, '.', &whose))
		return false;
	if (!hs_str_cut(&hi, '-', &lo))
		lo = hi;
	if (whose.len == HS_FINGERPRINT_LEN)
		out->root = whose;
	else
		out->session = whose;
	return (out->root.len > 0 ||
		   (whose.len >= HS_REVID_PREFIX && whose.len <= HS_SESSION_ID_LEN)) &&
	       hs_text_u64(lo, UINT64_MAX, &out->lo) == HS_OK &&
	       hs_text_u64(hi, UINT64_MAX, &out->hi) == HS_OK && out->lo > 0 &&
	       out->lo <= out->hi;
}

bool
hs_revids_next(struct hs_str *names, struct hs_revid *out, bool *good)
{
	struct hs_str id = *names;

	*out = (struct hs_revid){.lo = 0};
	if (names->len == 0)
		return false;
	if (!hs_str_cut(names, ' ', &id))
		names->len = 0;
	*good = read_one(id, out);
	if (!*good)
		*out = (struct hs_revid){.lo = 0};
	return true;
}

bool
hs_revids_names(const struct hs_revid *r, const char *id, const struct hs_indexed *i)
{
	char root[HS_FINGERPRINT_LEN + 1];

	if (r->root.len == 0)
		return i->what != HS_INDEXED_GRANT && hs_revids_begins(id, r->session) &&
		       r->lo <= i->serial && i->serial <= r->hi;
	if (i->what != HS_INDEXED_DIRECT || i->cert_serial < r->lo ||
	    i->cert_serial > r->hi)
		return false;
	hs_key_fingerprint(&i->ca, root);
	return hs_str_is(r->root, root);
}

const char *
hs_revids_kind(uint8_t what)
{
	static const char *const names[] = {[HS_REVOKE_IDS] = "by id",
	    [HS_REVOKE_AGENT] = "by agent",
	    [HS_REVOKE_SESSION] = "the session",
	    [HS_REVOKE_ROOT] = "by root",
	    [HS_REVOKE_ALL] = "all"};

	return names[what];
}
