// SPDX-License-Identifier: ISC
//
// Fuzzes certificates: OpenSSH's format, and our three kinds of it. What decodes must be
// written back to the same bytes, and what is taken for one of ours must be no other kind.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

// Written from its parts, a user certificate with our nonce length is the same again.
static void
rewrite(const struct hs_cert *c)
{
	struct hs_cert_spec s = {.key = &c->key,
	    .ca = &c->ca,
	    .serial = c->serial,
	    .key_id = c->key_id,
	    .principals = c->principals,
	    .nprincipals = c->nprincipals,
	    .valid_after = c->valid_after,
	    .valid_before = c->valid_before,
	    .critical = c->critical.v,
	    .extensions = c->extensions.v,
	    .ncritical = c->critical.n,
	    .nextensions = c->extensions.n};
	struct hs_buf b = {0};

	if (c->type != HS_CERT_USER || c->nonce.len != sizeof s.nonce)
		return;
	memcpy(s.nonce, c->nonce.p, sizeof s.nonce);
	hs_cert_put_body(&b, &s);
	must(hs_str_eq(hs_buf_str(&b), c->body));
	hs_buf_free(&b);
}

static void
openssh(struct hs_str in)
{
	static struct hs_cert c;
	struct hs_sk_sig sk;

	if (hs_cert_parse(in, &c) == HS_OK) {
		rewrite(&c);
		(void)hs_cert_verify(&c, &sk);
	}
	if (hs_cert_parse_body(in, &c) == HS_OK)
		must(c.body.len == in.len && c.signature.len == 0);
}

static void
payload(struct hs_str in)
{
	struct hs_grant_payload p;
	struct hs_buf b = {0};

	if (hs_grant_payload_parse(in, &p) == HS_OK) {
		hs_grant_payload_put(&b, &p);
		must(hs_str_eq(hs_buf_str(&b), in));
	}
	hs_buf_free(&b);
}

static void
ours(struct hs_str in)
{
	static struct hs_delegation d;
	static struct hs_direct t;
	static struct hs_grant g;
	struct hs_err err = {0};
	int kinds = 0;

	kinds += hs_delegation_parse(in, &d, &err) == HS_OK;
	hs_delegation_free(&d);
	for (int body = 0; body < 2; body++) {
		kinds += hs_direct_parse(in, body, &t, &err) == HS_OK;
		hs_direct_free(&t);
		if (hs_grant_parse(in, body, &g, &err) == HS_OK) {
			kinds++;
			(void)hs_grant_check_signature(&g, &err);
		}
		hs_grant_free(&g);
	}
	must(kinds <= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data, len};

	openssh(in);
	payload(in);
	ours(in);
	return 0;
}
