// SPDX-License-Identifier: ISC
//
// Faulty certificates for tests. Contract in tamper.h; the faults are tamper_faults.c's.
#include "tests/lib/tamper.h"

#include <string.h>

static int
take_apart(struct hs_tamper *t, struct hs_str body)
{
	static struct hs_cert c;
	int rc = hs_cert_parse_body(body, &c);

	if (rc != HS_OK)
		return rc;
	if (c.nprincipals > 3 || c.critical.n > 3 || c.extensions.n > 14 ||
	    c.nonce.len != 32)
		return HS_ERR_INTERNAL;
	t->key = c.key;
	t->ca = c.ca;
	memcpy(t->principals, c.principals, c.nprincipals * sizeof c.principals[0]);
	memcpy(t->critical, c.critical.v, c.critical.n * sizeof c.critical.v[0]);
	memcpy(t->extensions, c.extensions.v, c.extensions.n * sizeof c.extensions.v[0]);
	t->spec = (struct hs_cert_spec){.key = &t->key,
	    .ca = &t->ca,
	    .serial = c.serial,
	    .key_id = c.key_id,
	    .principals = t->principals,
	    .nprincipals = c.nprincipals,
	    .valid_after = c.valid_after,
	    .valid_before = c.valid_before,
	    .critical = t->critical,
	    .extensions = t->extensions,
	    .ncritical = c.critical.n,
	    .nextensions = c.extensions.n};
	memcpy(t->spec.nonce, c.nonce.p, sizeof t->spec.nonce);
	t->type_name = hs_str_c("ssh-ed25519-cert-v01@openssh.com");
	t->nonce = c.nonce;
	t->type = c.type;
	return HS_OK;
}

// A hand of its own, not the product's: it writes whatever it is told.
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

static void
put_body(struct hs_buf *b, const struct hs_tamper *t)
{
	size_t mark;

	hs_put_str(b, t->type_name);
	hs_put_str(b, t->nonce);
	hs_put_string(b, t->key.pub, t->key.publen);
	hs_put_u64(b, t->spec.serial);
	hs_put_u32(b, t->type);
	hs_put_str(b, t->spec.key_id);
	mark = hs_put_string_begin(b);
	for (size_t i = 0; i < t->spec.nprincipals; i++)
		hs_put_str(b, t->principals[i]);
	hs_put_string_end(b, mark);
	hs_put_u64(b, t->spec.valid_after);
	hs_put_u64(b, t->spec.valid_before);
	put_options(b, t->critical, t->spec.ncritical);
	put_options(b, t->extensions, t->spec.nextensions);
	hs_put_str(b, t->reserved);
	mark = hs_put_string_begin(b);
	hs_key_put(b, &t->ca);
	hs_put_string_end(b, mark);
	hs_put_raw(b, t->tail.p, t->tail.len);
}

static const struct hs_tamper_fault *
find(const char *name)
{
	for (const struct hs_tamper_fault *f = hs_tamper_faults; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

int
hs_tamper(const char *name, struct hs_str body, struct hs_buf *out)
{
	static struct hs_tamper t;
	const struct hs_tamper_fault *f;
	int rc;

	memset(&t, 0, sizeof t);
	f = find(name);
	if (f == NULL)
		return HS_NO_SUCH;
	if ((rc = take_apart(&t, body)) == HS_OK) {
		f->make(&t);
		put_body(out, &t);
		rc = hs_buf_err(out);
	}
	for (size_t m = 0; m < sizeof t.mem / sizeof t.mem[0]; m++)
		hs_buf_free(&t.mem[m]);
	return rc;
}

const char *const *
hs_tamper_names(void)
{
	static const char *names[128];

	for (size_t i = 0; hs_tamper_faults[i].name != NULL && i < 127; i++)
		names[i] = hs_tamper_faults[i].name;
	return names;
}

const char *
hs_tamper_code(const char *name)
{
	const struct hs_tamper_fault *f = find(name);

	return f != NULL ? f->code : "";
}
