// SPDX-License-Identifier: ISC
//
// Faulty certificates for tests. Contract in tamper.h.
#include "tests/lib/tamper.h"

#include <string.h>
#include "proto/names.h"

static struct hs_option *
option(struct hs_option *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (hs_str_is(v[i].name, name))
			return &v[i];
	return NULL;
}

static struct hs_option *
extension(struct hs_tamper *t, const char *name)
{
	return option(t->extensions, t->spec.nextensions, name);
}

static void
drop_extension(struct hs_tamper *t, const char *name)
{
	struct hs_option *o = extension(t, name);

	if (o == NULL)
		return;
	t->spec.nextensions--;
	memmove(o, o + 1, (size_t)(t->extensions + t->spec.nextensions - o) * sizeof *o);
}

// In its place by name, as certificates want it.
static void
insert(struct hs_option *v, size_t *n, const char *name, const char *data)
{
	struct hs_option o = {hs_str_c(name), hs_str_c(data)};
	size_t i = *n;

	while (i > 0 && hs_str_cmp(v[i - 1].name, o.name) > 0) {
		v[i] = v[i - 1];
		i--;
	}
	v[i] = o;
	(*n)++;
}

static void
replace(struct hs_tamper *t, const char *name, const char *data)
{
	struct hs_option *o = extension(t, name);

	if (o != NULL)
		o->data = hs_str_c(data);
}

// data and one byte more
static void
lengthen(struct hs_tamper *t, struct hs_option *o)
{
	hs_put_raw(&t->mem[0], o->data.p, o->data.len);
	hs_put_u8(&t->mem[0], 0);
	o->data = hs_buf_str(&t->mem[0]);
}

static void
login_principal(struct hs_tamper *t)
{
	t->principals[0] = hs_str_c("deploy");
}

static void
two_principals(struct hs_tamper *t)
{
	t->principals[1] = hs_str_c("deploy");
	t->spec.nprincipals = 2;
}

static void
no_principal(struct hs_tamper *t)
{
	t->spec.nprincipals = 0;
}

static void
serial_zero(struct hs_tamper *t)
{
	t->spec.serial = 0;
}

static void
other_id(struct hs_tamper *t)
{
	t->spec.key_id = hs_str_c("handseal:0000000000000000:1:claude");
}

static void
newline_id(struct hs_tamper *t)
{
	t->spec.key_id = hs_str_c("x\nAccepted publickey for root");
}

static void
critical_extra(struct hs_tamper *t)
{
	insert(t->critical, &t->spec.ncritical, "unheard@example.com", "");
}

static void
extension_extra(struct hs_tamper *t)
{
	insert(t->extensions, &t->spec.nextensions, "unheard" HS_VENDOR, "");
}

static void
permit_extra(struct hs_tamper *t)
{
	insert(t->extensions, &t->spec.nextensions, "permit-pty", "");
}

static void
options_unsorted(struct hs_tamper *t)
{
	struct hs_option o = t->extensions[0];

	t->extensions[0] = t->extensions[1];
	t->extensions[1] = o;
}

static void
extension_twice(struct hs_tamper *t)
{
	insert(t->extensions, &t->spec.nextensions, HS_OPT_AGENT, "claude");
}

static void
no_scope(struct hs_tamper *t)
{
	drop_extension(t, HS_OPT_SCOPE);
}

static void
no_agent(struct hs_tamper *t)
{
	drop_extension(t, HS_OPT_AGENT);
}

static void
no_grant(struct hs_tamper *t)
{
	drop_extension(t, HS_OPT_GRANT);
}

static void
empty_scope(struct hs_tamper *t)
{
	replace(t, HS_OPT_SCOPE, "");
}

static void
loose_scope(struct hs_tamper *t)
{
	replace(t, HS_OPT_SCOPE,
	    "max-uses *\nmax-ttl 8h\n\nuser deploy\nhost web1.example.com\naddr *\ncmd id "
	    "-un\n");
}

static void
wider_scope(struct hs_tamper *t)
{
	replace(t, HS_OPT_SCOPE,
	    "max-ttl 28800\nmax-uses *\n\naddr *\ncmd *\nhost web1.example.com\nuser "
	    "deploy\n");
}

static void
scope_trailing(struct hs_tamper *t)
{
	struct hs_option *o = extension(t, HS_OPT_SCOPE);

	if (o != NULL)
		lengthen(t, o);
}

static void
grant_trailing(struct hs_tamper *t)
{
	struct hs_option *o = extension(t, HS_OPT_GRANT);

	if (o != NULL)
		lengthen(t, o);
}

static void
bad_agent(struct hs_tamper *t)
{
	replace(t, HS_OPT_AGENT, "Claude the 1st");
}

static void
bad_lineage(struct hs_tamper *t)
{
	replace(t, HS_OPT_LINEAGE, "abc");
}

static void
add_origin(struct hs_tamper *t, const char *name)
{
	insert(t->extensions, &t->spec.nextensions, HS_OPT_ORIGIN, name);
}

static void
origin_local(struct hs_tamper *t)
{
	add_origin(t, "local");
}

static void
origin_empty(struct hs_tamper *t)
{
	add_origin(t, "");
}

static void
origin_longer(struct hs_tamper *t)
{
	add_origin(t, "forwarded ");
}

static void
longer_than_grant(struct hs_tamper *t)
{
	t->spec.valid_before += 24 * 3600;
}

static void
before_grant(struct hs_tamper *t)
{
	t->spec.valid_after -= 24 * 3600;
}

static void
backwards(struct hs_tamper *t)
{
	t->spec.valid_after = t->spec.valid_before;
}

static void
grant_extension(struct hs_tamper *t)
{
	insert(t->extensions, &t->spec.nextensions, "permit-pty", "");
}

static void
grant_no_option(struct hs_tamper *t)
{
	t->spec.ncritical = 0;
}

static void
grant_trailing_payload(struct hs_tamper *t)
{
	lengthen(t, &t->critical[0]);
}

static void
grant_other_end(struct hs_tamper *t)
{
	t->spec.valid_before += 1;
}

static const char *const names[] = {"login-principal", "two-principals", "no-principal",
    "serial-zero", "other-id", "newline-id", "critical-extra", "extension-extra",
    "permit-extra", "options-unsorted", "extension-twice", "no-scope", "no-agent",
    "no-grant", "empty-scope", "loose-scope", "wider-scope", "scope-trailing",
    "embedded-trailing", "bad-agent", "bad-lineage", "origin-local", "origin-empty",
    "origin-longer", "longer-than-grant", "before-grant", "backwards",
    "grant-login-principal", "grant-two-principals", "grant-no-principal",
    "grant-serial-zero", "grant-critical-extra", "grant-extension", "grant-no-option",
    "grant-trailing-payload", "grant-other-end", NULL};

static void (*const faults[])(struct hs_tamper *) = {login_principal, two_principals,
    no_principal, serial_zero, other_id, newline_id, critical_extra, extension_extra,
    permit_extra, options_unsorted, extension_twice, no_scope, no_agent, no_grant,
    empty_scope, loose_scope, wider_scope, scope_trailing, grant_trailing, bad_agent,
    bad_lineage, origin_local, origin_empty, origin_longer, longer_than_grant, before_grant,
    backwards, login_principal, two_principals, no_principal, serial_zero, critical_extra,
    grant_extension, grant_no_option, grant_trailing_payload, grant_other_end};

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
	return HS_OK;
}

int
hs_tamper(const char *name, struct hs_str body, struct hs_buf *out)
{
	struct hs_tamper t = {0};
	size_t i = 0;
	int rc;

	while (names[i] != NULL && strcmp(names[i], name) != 0)
		i++;
	if (names[i] == NULL)
		return HS_NO_SUCH;
	if ((rc = take_apart(&t, body)) == HS_OK) {
		faults[i](&t);
		hs_cert_put_body(out, &t.spec);
		rc = hs_buf_err(out);
	}
	for (size_t m = 0; m < sizeof t.mem / sizeof t.mem[0]; m++)
		hs_buf_free(&t.mem[m]);
	return rc;
}

const char *const *
hs_tamper_names(void)
{
	return names;
}
