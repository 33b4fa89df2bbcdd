// SPDX-License-Identifier: ISC
//
// The faults that a certificate of tamper.h's can have, and what is said of each.
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

static void
option_twice(struct hs_tamper *t)
{
	t->critical[1] = t->critical[0];
	t->spec.ncritical = 2;
}

static void
fill_principals(struct hs_tamper *t, size_t n)
{
	for (size_t i = t->spec.nprincipals; i < n; i++)
		t->principals[i] = t->principals[0];
	t->spec.nprincipals = n;
}

static void
many_principals(struct hs_tamper *t)
{
	fill_principals(t, HS_PRINCIPALS_MAX);
}

static void
too_many_principals(struct hs_tamper *t)
{
	fill_principals(t, HS_PRINCIPALS_MAX + 1);
}

// It still fits one argument.
static void
padded(struct hs_tamper *t)
{
	static char bytes[64 * 1024 + 1];

	memset(bytes, 'x', sizeof bytes - 1);
	insert(t->extensions, &t->spec.nextensions, "padding" HS_VENDOR, bytes);
}

static void
host_type(struct hs_tamper *t)
{
	t->type = HS_CERT_HOST;
}

static void
no_type(struct hs_tamper *t)
{
	t->type = 3;
}

static void
short_nonce(struct hs_tamper *t)
{
	t->nonce.len = 16;
}

static void
reserved_bytes(struct hs_tamper *t)
{
	t->reserved = hs_str_c("x");
}

static void
body_trailing(struct hs_tamper *t)
{
	t->tail = hs_str_c("xxxx");
}

static void
for_ever(struct hs_tamper *t)
{
	t->spec.valid_before = UINT64_MAX;
}

static void
far_future(struct hs_tamper *t)
{
	t->spec.valid_after += 365 * 24 * 3600;
	t->spec.valid_before += 365 * 24 * 3600;
}

static const char form[] = "certificate-form", grant_form[] = "grant-form",
		  wider[] = "wider-than-grant", long_lived[] = "too-long-lived";

const struct hs_tamper_fault hs_tamper_faults[] = {
    {"login-principal", form, login_principal}, {"two-principals", form, two_principals},
    {"no-principal", form, no_principal}, {"many-principals", form, many_principals},
    {"too-many-principals", form, too_many_principals}, {"serial-zero", form, serial_zero},
    {"other-id", form, other_id}, {"newline-id", form, newline_id},
    {"host-type", form, host_type}, {"no-type", form, no_type},
    {"short-nonce", form, short_nonce}, {"reserved-bytes", form, reserved_bytes},
    {"body-trailing", form, body_trailing}, {"critical-extra", form, critical_extra},
    {"extension-extra", form, extension_extra}, {"permit-extra", form, permit_extra},
    {"options-unsorted", form, options_unsorted},
    {"extension-twice", form, extension_twice}, {"padded", form, padded},
    {"no-scope", form, no_scope}, {"no-agent", form, no_agent},
    {"no-grant", form, no_grant}, {"empty-scope", form, empty_scope},
    {"loose-scope", form, loose_scope}, {"wider-scope", wider, wider_scope},
    {"scope-trailing", form, scope_trailing},
    {"embedded-trailing", grant_form, grant_trailing}, {"bad-agent", form, bad_agent},
    {"bad-lineage", form, bad_lineage}, {"origin-local", form, origin_local},
    {"origin-empty", form, origin_empty}, {"origin-longer", form, origin_longer},
    {"longer-than-grant", long_lived, longer_than_grant},
    {"before-grant", long_lived, before_grant}, {"backwards", form, backwards},
    {"for-ever", long_lived, for_ever}, {"far-future", "not-yet-valid", far_future},
    {"grant-login-principal", grant_form, login_principal},
    {"grant-two-principals", grant_form, two_principals},
    {"grant-no-principal", grant_form, no_principal},
    {"grant-many-principals", grant_form, many_principals},
    {"grant-serial-zero", grant_form, serial_zero},
    {"grant-host-type", grant_form, host_type},
    {"grant-short-nonce", grant_form, short_nonce},
    {"grant-reserved-bytes", grant_form, reserved_bytes},
    {"grant-body-trailing", grant_form, body_trailing},
    {"grant-critical-extra", grant_form, critical_extra},
    {"grant-option-twice", grant_form, option_twice},
    {"grant-extension", grant_form, grant_extension},
    {"grant-no-option", grant_form, grant_no_option},
    {"grant-trailing-payload", grant_form, grant_trailing_payload},
    {"grant-other-end", grant_form, grant_other_end}, {0}};
