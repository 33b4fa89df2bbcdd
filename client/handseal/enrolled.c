// SPDX-License-Identifier: ISC
//
// Looks through the root files. Contract in enrolled.h.
#include "client/handseal/enrolled.h"

#include "client/handseal/rootlist.h"

int
hs_enrolled_find(const struct hs_key *key, struct hs_root_record *out, struct hs_err *err)
{
	struct hs_rootlist l;
	int rc = hs_rootlist_read(&l, NULL, NULL, err);

	if (rc == HS_OK)
		rc = HS_NO_SUCH;
	for (size_t i = 0; rc == HS_NO_SUCH && i < l.n; i++)
		if (hs_key_eq(&l.v[i].key, key)) {
			*out = l.v[i];
			rc = HS_OK;
		}
	if (rc == HS_NO_SUCH)
		(void)hs_fail(err, HS_NO_SUCH, "no root with that key is enrolled");
	hs_rootlist_free(&l);
	return rc;
}
