// SPDX-License-Identifier: ISC
//
// OpenSSH certificates, byte for byte as PROTOCOL.certkeys has them. What handseal wants of
// one is in grant.c and its neighbours; nothing here trusts anybody. Contract in cert.h.
#include "proto/cert.h"

#include <string.h>

static const char *const type_names[HS_KT_COUNT] = {
    [HS_KT_ED25519] = "ssh-ed25519-cert-v01@openssh.com",
    [HS_KT_ECDSA] = "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    [HS_KT_SK_ED25519] = "sk-ssh-ed25519-cert-v01@openssh.com",
    [HS_KT_SK_ECDSA] = "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
};

static int
read_type(struct hs_rd *r, enum hs_key_type *out)
{
	struct hs_str name;
	int rc = hs_get_string(r, &name);

	if (rc != HS_OK)
		return rc;
	for (unsigned t = 0; t < HS_KT_COUNT; t++)
		if (hs_str_is(name, type_names[t])) {
			*out = (enum hs_key_type)t;
			return HS_OK;
		}
	return HS_ERR_KEY_TYPE;
}

// What sshd writes into its log as it stands: no byte of it may end or fake a line.
static bool
is_plain(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool
is_option_name(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return false;
	return s.len > 0;
}

static int
read_principals(struct hs_str list, struct hs_cert *c)
{
	struct hs_rd r = hs_rd_of(list);
	int rc = HS_OK;

	while (rc == HS_OK && r.left > 0) {
		struct hs_str *p = &c->principals[c->nprincipals];

		if (c->nprincipals == HS_PRINCIPALS_MAX)
			return HS_ERR_TOO_LONG;
		rc = hs_get_string(&r, p);
		if (rc == HS_OK && (p->len == 0 || !is_plain(*p)))
			rc = HS_ERR_FORMAT;
		c->nprincipals++;
	}
	return rc;
}

static int
read_options(struct hs_str list, struct hs_options *o)
{
	struct hs_rd r = hs_rd_of(list);
	int rc = HS_OK;

	while (rc == HS_OK && r.left > 0) {
		struct hs_option *v = &o->v[o->n];

		if (o->n == HS_OPTIONS_MAX)
			return HS_ERR_TOO_LONG;
		if ((rc = hs_get_string(&r, &v->name)) != HS_OK ||
		    (rc = hs_get_string(&r, &v->data)) != HS_OK)
			return rc;
		if (!is_option_name(v->name) ||
		    (o->n > 0 && hs_str_cmp(o->v[o->n - 1].name, v->name) >= 0))
			return HS_ERR_FORMAT;
		o->n++;
	}
	return rc;
}

// Everything up to and including the signature key.
static int
read_body(struct hs_rd *r, struct hs_cert *c)
{
	struct hs_str principals, critical, extensions, reserved, ca;
	enum hs_key_type type;
	int rc;

	if ((rc = read_type(r, &type)) != HS_OK ||
	    (rc = hs_get_string(r, &c->nonce)) != HS_OK ||
	    (rc = hs_key_read_fields(r, type, &c->key)) != HS_OK ||
	    (rc = hs_get_u64(r, &c->serial)) != HS_OK ||
	    (rc = hs_get_u32(r, &c->type)) != HS_OK ||
	    (rc = hs_get_string(r, &c->key_id)) != HS_OK ||
	    (rc = hs_get_string(r, &principals)) != HS_OK ||
	    (rc = hs_get_u64(r, &c->valid_after)) != HS_OK ||
	    (rc = hs_get_u64(r, &c->valid_before)) != HS_OK ||
	    (rc = hs_get_string(r, &critical)) != HS_OK ||
	    (rc = hs_get_string(r, &extensions)) != HS_OK ||
	    (rc = hs_get_string(r, &reserved)) != HS_OK ||
	    (rc = hs_get_string(r, &ca)) != HS_OK ||
	    (rc = read_principals(principals, c)) != HS_OK ||
	    (rc = read_options(critical, &c->critical)) != HS_OK ||
	    (rc = read_options(extensions, &c->extensions)) != HS_OK ||
	    (rc = hs_key_parse(ca, &c->ca)) != HS_OK)
		return rc;
	if ((c->type != HS_CERT_USER && c->type != HS_CERT_HOST) || !is_plain(c->key_id) ||
	    c->valid_after >= c->valid_before || reserved.len > 0)
		return HS_ERR_FORMAT;
	return HS_OK;
}

static int
parse(struct hs_str blob, bool whole, struct hs_cert *out)
{
	struct hs_rd r = hs_rd_of(blob);
	int rc;

	memset(out, 0, sizeof(*out));
	if (blob.len > HS_CERT_MAX)
		return HS_ERR_TOO_LONG;
	if ((rc = read_body(&r, out)) != HS_OK)
		return rc;
	out->body = (struct hs_str){blob.p, blob.len - r.left};
	if (whole && (rc = hs_get_string(&r, &out->signature)) != HS_OK)
		return rc;
	return hs_rd_end(&r);
}

int
hs_cert_parse(struct hs_str blob, struct hs_cert *out)
{
	return parse(blob, true, out);
}

int
hs_cert_parse_body(struct hs_str body, struct hs_cert *out)
{
	return parse(body, false, out);
}

static void
put_options(struct hs_buf *b, const struct hs_option *v, size_t n)
{
	size_t mark = hs_put_string_begin(b);

	for (size_t i = 0; i < n; i++) {
		hs_put_str(b, v[i].name);
		hs_put_str(b, v[i].data);
	}
	hs_put_string_end(b, mark);
}

void
hs_cert_put_body(struct hs_buf *b, const struct hs_cert_spec *spec)
{
	size_t mark;

	hs_put_cstring(b, type_names[spec->key->type]);
	hs_put_string(b, spec->nonce, sizeof(spec->nonce));
	hs_key_put_fields(b, spec->key);
	hs_put_u64(b, spec->serial);
	hs_put_u32(b, HS_CERT_USER);
	hs_put_str(b, spec->key_id);
	mark = hs_put_string_begin(b);
	for (size_t i = 0; i < spec->nprincipals; i++)
		hs_put_str(b, spec->principals[i]);
	hs_put_string_end(b, mark);
	hs_put_u64(b, spec->valid_after);
	hs_put_u64(b, spec->valid_before);
	put_options(b, spec->critical, spec->ncritical);
	put_options(b, spec->extensions, spec->nextensions);
	hs_put_cstring(b, ""); // reserved
	mark = hs_put_string_begin(b);
	hs_key_put(b, spec->ca);
	hs_put_string_end(b, mark);
}

void
hs_cert_put_signature(struct hs_buf *body, struct hs_str signature)
{
	hs_put_str(body, signature);
}

const struct hs_option *
hs_options_find(const struct hs_options *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (hs_str_is(o->v[i].name, name))
			return &o->v[i];
	return NULL;
}

int
hs_cert_verify(const struct hs_cert *c, struct hs_sk_sig *sk)
{
	return hs_sig_verify(&c->ca, c->signature, c->body, sk);
}
