// SPDX-License-Identifier: ISC
//
// Grants while they live. Contract in held.h.
#include "agentd/held.h"

#include <stdlib.h>
#include <string.h>
#include "proto/names.h"

static int
understand(struct hs_held *h, struct hs_err *why)
{
	struct hs_str blob = hs_buf_str(&h->blob);
	int rc = h->direct ? hs_direct_parse(blob, false, &h->made, why)
			   : hs_grant_parse(blob, false, &h->grant, why);

	h->cert = h->direct ? &h->made.cert : &h->grant.cert;
	h->payload = h->direct ? &h->made.payload : &h->grant.payload;
	h->sk = h->direct ? &h->made.sk : &h->grant.sk;
	h->scope = h->direct ? h->made.scope : h->grant.scope;
	if (rc != HS_OK)
		return rc;
	return h->direct ? hs_direct_check_signature(&h->made, why)
			 : hs_grant_check_signature(&h->grant, why);
}

static int
check(struct hs_held *h, const struct hs_held_spec *spec, struct hs_err *err)
{
	const char *what = h->direct ? "direct certificate" : "grant";
	struct hs_err why = {0};

	if (understand(h, &why) != HS_OK)
		return hs_fail(err, HS_SK_LIED,
		    "the FIDO helper's signature does not make a %s: %s", what,
		    hs_err_sentence(&why));
	if (!hs_key_eq(&h->cert->key, spec->subject))
		return hs_fail(err, HS_SK_LIED, "the %s is over another key", what);
	if (!hs_key_eq(&h->cert->ca, &spec->root->key))
		return hs_fail(err, HS_SK_LIED, "the %s is signed by another root", what);
	if (!hs_str_is(h->payload->holder, spec->holder))
		return hs_fail(err, HS_SK_LIED, "the %s is for another holder", what);
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
	h->direct = spec->direct;
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
	h->end = h->payload->end;
	h->end_boot_ms = spec->end_boot_ms;
	h->uses_left = h->direct && strcmp(spec->holder, HS_HOLDER_MAIN) == 0
			   ? 0
			   : hs_scope_max_uses(h->scope);
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
	hs_direct_free(&(*h)->made);
	hs_buf_free(&(*h)->blob);
	free(*h);
	*h = NULL;
}

bool
hs_held_over(const struct hs_held *h, const struct hs_now *now)
{
	return now->wall >= h->end || now->boot_ms >= h->end_boot_ms;
}
