// SPDX-License-Identifier: ISC
//
// A record that outlives what it was made of. Contract in auditline.h.
#include <stddef.h>
#include <string.h>
#include "proto/auditline.h"

#define AT(member) offsetof(struct hs_audit_record, member)

static const size_t words[] = {AT(event), AT(clock), AT(origin), AT(via), AT(session),
    AT(code), AT(key), AT(root), AT(root_key), AT(human), AT(attestation), AT(transport)};
static const size_t texts[] = {AT(machine), AT(exe), AT(cgroup), AT(exe_sha256), AT(by),
    AT(agent), AT(ext), AT(sentence), AT(reason), AT(scope), AT(digest), AT(policy),
    AT(aaguid), AT(user), AT(host), AT(ns), AT(ask), AT(shown), AT(grant), AT(direct),
    AT(signature), AT(head), AT(sha256), AT(serials)};

#define NWORDS (sizeof words / sizeof words[0])
#define NTEXTS (sizeof texts / sizeof texts[0])

static const char **
word(struct hs_audit_record *r, size_t i)
{
	return (const char **)((char *)r + words[i]);
}

static struct hs_str *
text(struct hs_audit_record *r, size_t i)
{
	return (struct hs_str *)((char *)r + texts[i]);
}

int
hs_auditline_keep(struct hs_audit_record *r, struct hs_buf *mem)
{
	size_t word_at[NWORDS], text_at[NTEXTS];

	for (size_t i = 0; i < NWORDS; i++) {
		const char *w = *word(r, i);

		word_at[i] = mem->len;
		if (w != NULL)
			hs_put_raw(mem, w, strlen(w) + 1);
	}
	for (size_t i = 0; i < NTEXTS; i++) {
		text_at[i] = mem->len;
		hs_put_raw(mem, text(r, i)->p, text(r, i)->len);
	}
	if (hs_buf_err(mem) != HS_OK)
		return hs_buf_err(mem);
	for (size_t i = 0; i < NWORDS; i++)
		if (*word(r, i) != NULL)
			*word(r, i) = (const char *)mem->p + word_at[i];
	for (size_t i = 0; i < NTEXTS; i++)
		if (text(r, i)->len > 0)
			text(r, i)->p = mem->p + text_at[i];
	return HS_OK;
}
