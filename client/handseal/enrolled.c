// SPDX-License-Identifier: ISC
//
// Looks through the root files. Contract in enrolled.h.
#include "client/handseal/enrolled.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "client/handseal/paths.h"
#include "proto/text.h"

static int
load(const char *dir, const char *name, struct hs_root_record *out)
{
	char path[HS_PATHS_MAX];
	struct hs_buf text = {0};
	int n = snprintf(path, sizeof path, "%s/%s", dir, name), rc;

	if (n < 0 || (size_t)n >= sizeof path)
		return HS_ERR_TOO_LONG;
	rc = hs_paths_read(path, HS_ROOTFILE_MAX, false, &text, NULL);
	if (rc == HS_OK)
		rc = hs_rootfile_parse(hs_buf_str(&text), out, NULL);
	hs_buf_free(&text);
	return rc;
}

int
hs_enrolled_find(const struct hs_key *key, struct hs_root_record *out, struct hs_err *err)
{
	char dir[HS_PATHS_MAX];
	struct dirent *e;
	DIR *d;
	int rc = hs_paths_config("roots", dir, err);

	if (rc != HS_OK)
		return rc;
	d = opendir(dir);
	if (d == NULL && errno != ENOENT)
		return hs_fail(err, HS_ERR_IO, "cannot read %s: %s", dir, strerror(errno));
	rc = HS_NO_SUCH;
	while (d != NULL && rc != HS_OK && (e = readdir(d)) != NULL)
		if (hs_text_is_label(hs_str_c(e->d_name)) &&
		    load(dir, e->d_name, out) == HS_OK && hs_key_eq(&out->key, key))
			rc = HS_OK;
	if (d != NULL)
		closedir(d);
	return rc == HS_OK ? rc
			   : hs_fail(err, HS_NO_SUCH, "no root with that key is enrolled");
}
