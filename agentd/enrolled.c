// SPDX-License-Identifier: ISC
//
// Reading the folder of root files. Contract in enrolled.h.
#include "agentd/enrolled.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"
#include "proto/text.h"

static int
read_one(int dir, const char *name, struct hs_root_record *out, struct hs_err *err)
{
	struct hs_buf text = {0};
	int rc = hs_files_read_at(dir, name, HS_ROOTFILE_MAX, &text, err);

	if (rc == HS_OK)
		rc = hs_rootfile_parse(hs_buf_str(&text), out, err);
	// a file that says it is another would be listed twice under one name
	if (rc == HS_OK && strcmp(out->name, name) != 0)
		rc = hs_fail(err, HS_ERR_CONFIG, "it says that its name is %s", out->name);
	hs_buf_free(&text);
	return rc;
}

static const struct hs_root_record *
find(const struct hs_enrolled *e, const struct hs_key *key)
{
	for (size_t i = 0; i < e->n; i++)
		if (hs_key_eq(&e->v[i].key, key))
			return &e->v[i];
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	const struct hs_root_record *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
read_folder(int fd, DIR *dir, struct hs_enrolled *out)
{
	struct dirent *ent;

	while ((ent = readdir(dir)) != NULL) {
		struct hs_err why = {0};
		struct hs_root_record *slot = &out->v[out->n];

		if (ent->d_name[0] == '.')
			continue;
		if (!hs_text_is_label(hs_str_c(ent->d_name)))
			(void)hs_fail(&why, HS_ERR_CONFIG, "its name is not a root's name");
		else if (out->n == HS_ROOTS_MAX)
			(void)hs_fail(&why, HS_ERR_TOO_LONG, "there are too many roots");
		else if (read_one(fd, ent->d_name, slot, &why) == HS_OK &&
			 find(out, &slot->key) != NULL)
			(void)hs_fail(
			    &why, HS_ERR_CONFIG, "another file holds the same key");
		if (why.code == HS_OK) {
			out->n++;
			continue;
		}
		out->bad++;
		hs_log("root file %s skipped: line %u: %s", ent->d_name, why.line,
		    hs_err_sentence(&why));
	}
}

int
hs_enrolled_read(const char *path, struct hs_enrolled *out, struct hs_err *err)
{
	struct hs_err why = {0};
	DIR *dir = NULL;
	int fd = -1, rc;

	*out = (struct hs_enrolled){0};
	rc = hs_files_open_dir(path, &fd, &why);
	if (rc == HS_ERR_IO)
		return hs_fail(err, HS_NO_ROOTS, "%s", hs_err_sentence(&why));
	if (rc != HS_OK)
		return hs_fail(err, HS_NO_ROOTS, "no hardware key is enrolled");
	out->v = calloc(HS_ROOTS_MAX + 1, sizeof *out->v);
	dir = fdopendir(fd);
	if (dir == NULL || out->v == NULL) {
		if (dir == NULL)
			close(fd);
		rc = hs_fail(err, HS_ERR_NOMEM, "the enrolled keys could not be read");
		goto out;
	}
	read_folder(fd, dir, out);
	qsort(out->v, out->n, sizeof *out->v, by_name);
	if (out->n == 0 && out->bad > 0)
		rc = hs_fail(err, HS_NO_ROOTS,
		    "no enrolled key can be used: %zu of the files in %s "
		    "are not in order",
		    out->bad, path);
	else if (out->n == 0)
		rc = hs_fail(err, HS_NO_ROOTS, "no hardware key is enrolled");
out:
	if (dir != NULL)
		closedir(dir);
	if (rc != HS_OK)
		hs_enrolled_free(out);
	return rc;
}

int
hs_enrolled_recheck(const char *dir, struct hs_enrolled *e, struct hs_err *err)
{
	struct hs_enrolled now = {0};
	int rc = hs_enrolled_read(dir, &now, err);
	size_t n = 0;

	for (size_t i = 0; rc == HS_OK && i < e->n; i++) {
		const struct hs_root_record *r = find(&now, &e->v[i].key);

		if (r == NULL)
			continue;
		e->v[n] = e->v[i];
		e->v[n++].verify |= r->verify;
	}
	if (rc == HS_OK)
		e->n = n;
	if (rc == HS_OK && n == 0)
		rc = hs_fail(err, HS_NO_ROOTS, "the keys that were asked for are removed");
	hs_enrolled_free(&now);
	return rc;
}

void
hs_enrolled_free(struct hs_enrolled *e)
{
	free(e->v);
	*e = (struct hs_enrolled){0};
}

bool
hs_enrolled_any_verify(const struct hs_enrolled *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].verify)
			return true;
	return false;
}

bool
hs_enrolled_any_simulated(const struct hs_enrolled *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].simulated)
			return true;
	return false;
}

void
hs_enrolled_put_names(struct hs_buf *b, const struct hs_enrolled *e)
{
	for (size_t i = 0; i < e->n; i++)
		hs_put_fmt(b, "%s%s", i > 0 ? ", " : "", e->v[i].name);
}
