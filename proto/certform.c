// SPDX-License-Identifier: ISC
//
// The parts that our kinds of certificate share. Contract in certform.h.
#include "proto/certform.h"

#include <string.h>
#include "proto/names.h"

// In the byte order of OpenSSH's names, which is not that of the scope's.
static const struct {
	enum hs_permit permit;
	const char *name;
} permits[HS_PERMIT_COUNT] = {
    {HS_PERMIT_X11, "permit-X11-forwarding"},
    {HS_PERMIT_AGENT, "permit-agent-forwarding"},
    {HS_PERMIT_PORT, "permit-port-forwarding"},
    {HS_PERMIT_PTY, "permit-pty"},
    {HS_PERMIT_USER_RC, "permit-user-rc"},
};

void
hs_certform_permits(struct hs_option *v, size_t *n, uint32_t set)
{
	for (size_t i = 0; i < HS_PERMIT_COUNT; i++)
		if ((set & 1u << permits[i].permit) != 0)
			v[(*n)++] = (struct hs_option){.name = hs_str_c(permits[i].name)};
}

void
hs_certform_sort(struct hs_option *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct hs_option o = v[i];
		size_t j = i;

		for (; j > 0 && hs_str_cmp(v[j - 1].name, o.name) > 0; j--)
			v[j] = v[j - 1];
		v[j] = o;
	}
}

int
hs_certform_same(const struct hs_cert *c, struct hs_buf *want, int rc, enum hs_code code,
    struct hs_err *err)
{
	if (rc == HS_ERR_NOMEM)
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", hs_code_sentence(HS_ERR_NOMEM));
	else if (rc != HS_OK || !hs_str_eq(hs_buf_str(want), c->body))
		rc = hs_fail(
		    err, code, "it has more, less or other fields than it must have");
	hs_buf_free(want);
	return rc;
}

bool
hs_certform_nonce(const struct hs_cert *c, uint8_t out[static HS_CERTFORM_NONCE])
{
	if (c->nonce.len != HS_CERTFORM_NONCE)
		return false;
	memcpy(out, c->nonce.p, HS_CERTFORM_NONCE);
	return true;
}

int
hs_certform_scope(
    struct hs_str text, enum hs_code code, struct hs_scope **out, struct hs_err *err)
{
	struct hs_err why = {0};
	int rc = hs_scope_parse_canonical(text, out, &why);

	if (rc == HS_OK)
		return HS_OK;
	if (rc == HS_ERR_NOMEM)
		return hs_fail(err, HS_ERR_NOMEM, "%s", hs_code_sentence(HS_ERR_NOMEM));
	return hs_fail(
	    err, code, "its scope, line %u: %s", why.line, hs_err_sentence(&why));
}

bool
hs_certform_is_root(const struct hs_key *k)
{
	return hs_key_is_sk(k) && strcmp(k->application, HS_APPLICATION) == 0;
}

uint32_t
hs_scope_permit_set(const struct hs_scope *s)
{
	uint32_t set = 0;

	for (size_t st = 0; st < hs_scope_statements(s); st++)
		for (size_t i = 0; i < hs_scope_values(s, st, HS_KEY_PERMIT); i++) {
			struct hs_str v = hs_scope_value(s, st, HS_KEY_PERMIT, i);

			for (unsigned p = 0; p < HS_PERMIT_COUNT; p++)
				if (hs_str_is(v, "*") ||
				    hs_str_is(v, hs_permit_name((enum hs_permit)p)))
					set |= 1u << p;
		}
	return set;
}
