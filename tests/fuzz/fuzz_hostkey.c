// SPDX-License-Identifier: ISC
//
// Fuzzes servers' keys, certificates and signatures. The first byte chooses: a blob, or a
// blob, a signature (strings) and what it is over. What decodes is written back as it was,
// and a certificate's key alone is the same key.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/hostkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static const char *
curve(enum hs_hostkey_type t)
{
	static const char *const names[HS_HK_COUNT] = {
	    NULL, "nistp256", "nistp384", "nistp521", NULL};

	return names[t];
}

// The key without a certificate, from its parts.
static void
rewrite(const struct hs_hostkey *k)
{
	struct hs_buf b = {0};

	hs_put_cstring(&b, hs_hostkey_type_name(k->type));
	if (k->type == HS_HK_RSA) {
		hs_put_mpint(&b, k->exponent.p, k->exponent.len);
		hs_put_mpint(&b, k->pub.p, k->pub.len);
	} else {
		if (curve(k->type) != NULL)
			hs_put_cstring(&b, curve(k->type));
		hs_put_str(&b, k->pub);
	}
	must(hs_str_eq(hs_buf_str(&b), k->plain));
	hs_buf_free(&b);
}

static void
certificate(const struct hs_hostkey *k)
{
	static struct hs_hostkey alone;
	char fp[2][HS_FINGERPRINT_LEN + 1];
	int early, late, now;

	must(hs_hostkey_parse(k->plain, &alone) == HS_OK);
	must(!alone.certificate && alone.type == k->type && hs_str_eq(alone.pub, k->pub));
	hs_hostkey_fingerprint(k->plain, fp[0]);
	hs_hostkey_fingerprint(alone.blob, fp[1]);
	must(strcmp(fp[0], fp[1]) == 0 && strlen(fp[0]) == HS_FINGERPRINT_LEN);
	hs_hostkey_free(&alone);
	must(k->valid_after < k->valid_before && k->nprincipals <= HS_PRINCIPALS_MAX);
	must(k->body.len + 4 + k->signature.len == k->blob.len);
	now = hs_hostkey_check_cert(k, k->valid_after, NULL);
	late = hs_hostkey_check_cert(k, k->valid_before, NULL);
	must(now != HS_NO_NOT_YET && now != HS_NO_EXPIRED && late != HS_OK);
	if (now == HS_OK) {
		must(k->cert_type == HS_CERT_HOST && k->ncritical == 0);
		must(late == HS_NO_EXPIRED);
		early = k->valid_after == 0
			    ? HS_NO_NOT_YET
			    : hs_hostkey_check_cert(k, k->valid_after - 1, NULL);
		must(early == HS_NO_NOT_YET);
	}
}

static void
blob(struct hs_str in)
{
	static struct hs_hostkey k;

	if (hs_hostkey_parse(in, &k) != HS_OK) {
		must(k.own.p == NULL && k.blob.p == NULL);
		return;
	}
	must(k.type < HS_HK_COUNT && hs_str_eq(k.blob, in) && in.len <= HS_HOSTKEY_MAX);
	rewrite(&k);
	if (k.certificate)
		certificate(&k);
	else
		must(hs_str_eq(k.plain, in) &&
		     hs_hostkey_check_cert(&k, 0, NULL) == HS_ERR_USAGE);
	hs_hostkey_free(&k);
}

static void
signature(struct hs_str in)
{
	static struct hs_hostkey k;
	struct hs_rd r = hs_rd_of(in);
	struct hs_str key, sig, data;
	struct hs_buf more = {0};
	int rc;

	if (hs_get_string(&r, &key) != HS_OK || hs_get_string(&r, &sig) != HS_OK ||
	    hs_hostkey_parse(key, &k) != HS_OK)
		return;
	data = (struct hs_str){r.p, r.left};
	rc = hs_hostkey_verify(&k, sig, data);
	must(rc == HS_OK || rc == HS_ERR_FORMAT || rc == HS_ERR_TRAILING ||
	     rc == HS_ERR_KEY_TYPE || rc == HS_ERR_CRYPTO);
	if (rc == HS_OK) {
		hs_put_raw(&more, data.p, data.len);
		hs_put_u8(&more, 0);
		must(hs_hostkey_verify(&k, sig, hs_buf_str(&more)) == HS_ERR_CRYPTO);
		hs_buf_reset(&more);
		hs_put_raw(&more, sig.p, sig.len);
		hs_put_u8(&more, 0);
		must(hs_hostkey_verify(&k, hs_buf_str(&more), data) == HS_ERR_TRAILING);
	}
	hs_buf_free(&more);
	hs_hostkey_free(&k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data + 1, len - 1};

	if (len == 0)
		return 0;
	if (data[0] % 2 == 0)
		blob(in);
	else
		signature(in);
	return 0;
}
