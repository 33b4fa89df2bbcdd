// SPDX-License-Identifier: ISC
//
// Fuzzes policy texts, a user's or the system's: what is refused is told with its place,
// what is read and written out is read back to the same, and narrowed by itself stays.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/policy.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

struct heard {
	size_t errors, warnings;
	unsigned line, column;
};

static void
hear(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	struct heard *h = arg;

	must(hs_text_shown(hs_str_c(err->text), NULL) && err->text[0] != '\0');
	must((err->line > 0) == (err->column > 0));
	if (err->line > 0) // in order
		must(err->line > h->line ||
		     (err->line == h->line && err->column >= h->column));
	h->line = err->line;
	h->column = err->column;
	if (kind == HS_POLICY_ERROR)
		h->errors++;
	else
		h->warnings++;
	must(h->errors == 0 || h->warnings == 0);
	must(h->errors + h->warnings <= HS_POLICY_NOTES_MAX + 1);
}

static void
same(const struct hs_policy *a, const struct hs_policy *b)
{
	must(a->nscopes == b->nscopes && a->nagents == b->nagents &&
	     a->ndenies == b->ndenies && a->nopen == b->nopen);
	for (size_t i = 0; i < a->nscopes; i++)
		must(strcmp(a->scopes[i].name, b->scopes[i].name) == 0 &&
		     hs_str_eq(hs_scope_text(a->scopes[i].scope),
			 hs_scope_text(b->scopes[i].scope)) &&
		     a->scopes[i].always == b->scopes[i].always &&
		     a->scopes[i].verify == b->scopes[i].verify);
	for (size_t i = 0; i < a->nagents; i++) {
		const struct hs_policy_agent *x = &a->agents[i], *y = &b->agents[i];

		must(strcmp(x->name, y->name) == 0 && strcmp(x->exe, y->exe) == 0 &&
		     x->any == y->any && x->nscopes == y->nscopes &&
		     memcmp(x->scopes, y->scopes, sizeof(x->scopes)) == 0);
		must(!x->any || x->nscopes == 0);
	}
	for (size_t i = 0; i < a->ndenies; i++)
		must(a->denies[i].key == b->denies[i].key &&
		     strcmp(a->denies[i].value, b->denies[i].value) == 0);
	must(memcmp(a->open, b->open, sizeof(a->open)) == 0);
	must(a->nknown_hosts == b->nknown_hosts && a->nknown_hosts <= HS_POLICY_FILES_MAX &&
	     memcmp(a->known_hosts, b->known_hosts, sizeof(a->known_hosts)) == 0 &&
	     a->binding == b->binding);
	must(a->nusers == b->nusers && a->nusers <= HS_POLICY_USERS_MAX &&
	     memcmp(a->users, b->users, sizeof(a->users)) == 0);
	must(a->max_ttl == b->max_ttl && a->idle == b->idle && a->verify == b->verify &&
	     a->main_asks == b->main_asks && a->forwarded == b->forwarded &&
	     a->escalate == b->escalate && a->unplug == b->unplug && a->park == b->park &&
	     a->per_asker == b->per_asker && a->all == b->all && a->waiting == b->waiting);
}

static void
round_trip(const struct hs_policy *p)
{
	static struct hs_policy again;
	struct hs_buf b = {0};
	struct heard h = {0};

	hs_policy_put(&b, p);
	if (hs_buf_err(&b) == HS_OK && b.len <= HS_POLICY_BYTES_MAX) {
		must(hs_policy_parse(hs_buf_str(&b), false, &again, hear, &h) == HS_OK);
		same(p, &again);
		must(hs_policy_narrow(&again, p) == HS_OK);
		same(p, &again);
		must(again.narrowed == 0);
		hs_policy_free(&again);
	}
	hs_buf_free(&b);
}

static void
scopes(const struct hs_policy *p)
{
	struct hs_str names[HS_POLICY_SCOPES_MAX];
	struct hs_scope *all = NULL;
	struct hs_err err;
	int rc;

	for (size_t i = 0; i < p->nscopes; i++) {
		names[i] = hs_str_c(p->scopes[i].name);
		must(hs_policy_find(p, names[i]) == &p->scopes[i]);
	}
	for (size_t i = 0; i < p->nopen; i++)
		must(!p->scopes[p->open[i]].always);
	rc = hs_policy_union(p, names, p->nscopes, &all, &err);
	must((rc == HS_OK) == (all != NULL));
	must(rc == HS_OK || rc == HS_ERR_SCOPE || (rc == HS_ERR_USAGE && p->nscopes == 0));
	hs_scope_free(&all);
}

// The first byte says whose it is.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct hs_policy p;
	struct heard h = {0};
	bool system;
	int rc;

	if (len == 0)
		return 0;
	system = data[0] == '!';
	rc = hs_policy_parse((struct hs_str){data + 1, len - 1}, system, &p, hear, &h);
	must((rc == HS_OK) == (h.errors == 0));
	must(rc == HS_OK || rc == HS_ERR_CONFIG || rc == HS_ERR_TOO_LONG);
	must(p.exists == (rc == HS_OK));
	if (rc == HS_OK) {
		if (system)
			must(p.nscopes == 0 && p.nagents == 0 && p.nopen == 0);
		round_trip(&p);
		scopes(&p);
	}
	hs_policy_free(&p);
	return 0;
}
