// SPDX-License-Identifier: ISC
//
// Grants while they live. Contract in held.h.
#include "agentd/held.h"

#include <stdlib.h>
#include <string.h>
#include "proto/names.h"

static int
check(struct hs_held *h, const struct hs_held_spec *spec, struct hs_err *err)
{
	struct hs_err why = {0};
	int rc = hs_grant_parse(hs_buf_str(&h->blob), false, &h->grant, &why);

	if (rc == HS_OK)
		rc = hs_grant_check_signature(&h->grant, &why);
	if (rc != HS_OK)
		return hs_fail(err, HS_SK_LIED,
		    "the FIDO helper's signature does not make a grant: %s",
		    hs_err_sentence(&why));
	if (!hs_key_eq(&h->grant.cert.key, spec->session_key))
		return hs_fail(err, HS_SK_LIED, "the grant is over another key");
	if (!hs_key_eq(&h->grant.cert.ca, &spec->root->key))
		return hs_fail(err, HS_SK_LIED, "the grant is signed by another root");
	if (!hs_str_is(h->grant.payload.holder, spec->holder))
		return hs_fail(err, HS_SK_LIED, "the grant is for another holder");
	return HS_OK;
}

int
hs_held_make(const struct hs_held_spec *spec, struct hs_held **out, struct hs_err *err)
{
	struct hs_held *h = calloc(1, sizeof *h);
	int rc;

	*out = NULL;
	if (h == NULL) {
		hs_buf_free(spec->blob);
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	}
	h->blob = *spec->blob;
	*spec->blob = (struct hs_buf){0};
	rc = check(h, spec, err);
	if (rc != HS_OK)
		goto out;
	memcpy(h->root, spec->root->name, sizeof h->root);
	hs_key_fingerprint(&spec->root->key, h->fingerprint);
	if (hs_str_copy(spec->device, h->device, sizeof h->device) != HS_OK)
		h->device[0] = '\0'; // then its unplugging goes unnoticed
	h->simulated = spec->root->simulated;
	h->silent = spec->silent;
	h->opened = spec->now.wall;
	h->end = h->grant.payload.end;
	h->end_boot_ms = spec->end_boot_ms;
	h->uses_left = hs_scope_max_uses(h->grant.scope);
	if (hs_held_over(h, &spec->now))
		rc = hs_fail(err, HS_NO_EXPIRED,
		    "the touch came after the end that the text had named");
out:
	if (rc == HS_OK)
		*out = h;
	else
		hs_held_free(&h);
	return rc;
}

void
hs_held_free(struct hs_held **h)
{
	if (h == NULL || *h == NULL)
		return;
	hs_grant_free(&(*h)->grant);
	hs_buf_free(&(*h)->blob);
	free(*h);
	*h = NULL;
}

bool
hs_held_over(const struct hs_held *h, const struct hs_now *now)
{
	return now->wall >= h->end || now->boot_ms >= h->end_boot_ms;
}
