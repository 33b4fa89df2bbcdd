// SPDX-License-Identifier: ISC
//
// Reading the folder of root files. Contract in rootlist.h.
#include "client/handseal/rootlist.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/text.h"

int
hs_rootlist_path(const struct hs_rootlist *l, const char *name,
    char out[static HS_PATHS_MAX], struct hs_err *err)
{
	int n = snprintf(out, HS_PATHS_MAX, "%s/%s", l->dir, name);

	if (n < 0 || n >= HS_PATHS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of a root file is too long");
	return HS_OK;
}

// What others can write, handseald does not believe.
static int
check_mode(const char *path, mode_t type, struct hs_err *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return hs_fail(err, HS_ERR_IO, "it cannot be read: %s", strerror(errno));
	if ((st.st_mode & S_IFMT) != type)
		return hs_fail(err, HS_ERR_IO, "it is no %s",
		    type == S_IFDIR ? "folder" : "regular file");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hs_fail(err, HS_ERR_IO, "it belongs to uid %lu, not to you",
		    (unsigned long)st.st_uid);
	if ((st.st_mode & 022) != 0)
		return hs_fail(err, HS_ERR_IO, "others can write it: chmod go-w %s", path);
	return HS_OK;
}

static bool
known(const struct hs_rootlist *l, const struct hs_key *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (hs_key_eq(&l->v[i].key, key))
			return true;
	return false;
}

static int
load(const struct hs_rootlist *l, const char *path, const char *name,
    struct hs_root_record *slot, struct hs_err *err)
{
	struct hs_buf text = {0};
	int rc = HS_OK;

	if (!hs_text_is_label(hs_str_c(name)))
		rc = hs_fail(err, HS_ERR_CONFIG, "its name is not a root's name");
	else if (l->n == HS_ROOTS_MAX)
		rc = hs_fail(
		    err, HS_ERR_TOO_LONG, "there are more than %d roots", HS_ROOTS_MAX);
	if (rc == HS_OK)
		rc = check_mode(path, S_IFREG, err);
	if (rc == HS_OK)
		rc = hs_paths_read(path, HS_ROOTFILE_MAX, false, &text, err);
	if (rc == HS_OK)
		rc = hs_rootfile_parse(hs_buf_str(&text), slot, err);
	if (rc == HS_OK && strcmp(slot->name, name) != 0)
		rc = hs_fail(err, HS_ERR_CONFIG, "it says that its name is %s", slot->name);
	if (rc == HS_OK && known(l, &slot->key))
		rc = hs_fail(err, HS_ERR_CONFIG, "another file holds the same key");
	hs_buf_free(&text);
	return rc;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void
take(struct hs_rootlist *l, const char *name, hs_rootlist_bad *on_bad, void *arg)
{
	char path[HS_PATHS_MAX] = "";
	struct hs_err why = {0};
	int rc = hs_rootlist_path(l, name, path, &why);

	if (rc == HS_OK)
		rc = load(l, path, name, &l->v[l->n], &why);
	if (rc == HS_OK) {
		l->n++;
		return;
	}
	l->bad++;
	if (on_bad != NULL)
		on_bad(arg, path, &why);
}

int
hs_rootlist_read(
    struct hs_rootlist *out, hs_rootlist_bad *on_bad, void *arg, struct hs_err *err)
{
	struct dirent **names = NULL;
	struct hs_err why = {0};
	int rc, n;

	*out = (struct hs_rootlist){0};
	rc = hs_paths_config("roots", out->dir, err);
	if (rc != HS_OK)
		return rc;
	n = scandir(out->dir, &names, is_visible, by_name);
	if (n < 0 && errno == ENOENT)
		return HS_OK;
	if (n < 0)
		return hs_fail(
		    err, HS_ERR_IO, "cannot read %s: %s", out->dir, strerror(errno));
	out->v = calloc(HS_ROOTS_MAX + 1, sizeof *out->v);
	if (out->v == NULL)
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	else if (check_mode(out->dir, S_IFDIR, &why) != HS_OK)
		rc = hs_fail(err, why.code, "%s cannot be used: %s", out->dir, why.text);
	for (int i = 0; i < n; i++) {
		if (rc == HS_OK)
			take(out, names[i]->d_name, on_bad, arg);
		free(names[i]);
	}
	free(names);
	return rc;
}

void
hs_rootlist_free(struct hs_rootlist *l)
{
	free(l->v);
	*l = (struct hs_rootlist){0};
}
