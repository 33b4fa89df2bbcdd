// SPDX-License-Identifier: ISC
//
// Whose touches count when a log is checked: the roots in a file, as a server has them, or
// those that are enrolled here. Contract in audit.h.
#include <stdlib.h>
#include <string.h>
#include "client/handseal/audit.h"
#include "client/handseal/rootlist.h"

#define FILE_MAX (256u * 1024)

static void
bad_line(void *arg, const struct hs_err *err)
{
	hs_cli_say(
	    "%s:%u: line skipped: %s", (const char *)arg, err->line, hs_err_sentence(err));
}

static void
bad_file(void *arg, const char *path, const struct hs_err *err)
{
	(void)arg;
	hs_cli_say("%s: not used: %s", path, hs_err_sentence(err));
}

static int
room(struct hs_auditroots *r, size_t n, struct hs_err *err)
{
	r->v = calloc(n + 1, sizeof *r->v);
	r->keys = calloc(n + 1, sizeof *r->keys);
	return r->v != NULL && r->keys != NULL
		   ? HS_OK
		   : hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

static struct hs_auditroot *
add(struct hs_auditroots *r, const struct hs_key *key, const char *name)
{
	struct hs_auditroot *one = &r->v[r->n];

	one->key = *key;
	(void)snprintf(one->name, sizeof one->name, "%s", name);
	r->keys[r->n++] = *key;
	return one;
}

static int
from_file(struct hs_auditroots *out, const char *path, struct hs_err *err)
{
	struct hs_buf text = {0};
	struct hs_roots roots = {0};
	int rc = hs_paths_read(path, FILE_MAX, true, &text, err);

	if (rc == HS_OK) {
		rc = hs_roots_parse(
		    hs_buf_str(&text), &roots, bad_line, (void *)(uintptr_t)path);
		if (rc != HS_OK)
			(void)hs_fail(err, (enum hs_code)rc, "%s: %s", path,
			    hs_code_sentence((enum hs_code)rc));
	}
	if (rc == HS_OK)
		rc = room(out, roots.n, err);
	for (size_t i = 0; rc == HS_OK && i < roots.n; i++)
		(void)add(out, &roots.v[i].key, roots.v[i].comment);
	hs_roots_free(&roots);
	hs_buf_free(&text);
	return rc;
}

static int
enrolled(struct hs_auditroots *out, struct hs_err *err)
{
	struct hs_rootlist l;
	int rc = hs_rootlist_read(&l, bad_file, NULL, err);

	if (rc == HS_OK)
		rc = room(out, l.n, err);
	for (size_t i = 0; rc == HS_OK && i < l.n; i++)
		add(out, &l.v[i].key, l.v[i].name)->simulated = l.v[i].simulated;
	hs_rootlist_free(&l);
	return rc;
}

int
hs_auditroots_load(struct hs_auditroots *out, const char *path, struct hs_err *err)
{
	int rc;

	*out = (struct hs_auditroots){0};
	rc = path != NULL ? from_file(out, path, err) : enrolled(out, err);
	if (rc != HS_OK || out->n > 0)
		return rc;
	if (path != NULL)
		return hs_fail(err, HS_NO_SUCH, "%s names no root", path);
	return hs_fail(err, HS_NO_SUCH,
	    "no root is enrolled here: give those whose touches count by --roots FILE, as "
	    "`handseal roots --pub` prints them where they are enrolled");
}

void
hs_auditroots_free(struct hs_auditroots *r)
{
	free(r->v);
	free(r->keys);
	*r = (struct hs_auditroots){0};
}
