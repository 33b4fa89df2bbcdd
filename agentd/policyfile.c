// SPDX-License-Identifier: ISC
//
// Reading policy files. Who writes them: the user, root, or whoever a mode lets, and then
// they are not read. Contract in policyfile.h.
#include "agentd/policyfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/files.h"
#include "proto/text.h"

struct noting {
	const char *path;
	struct hs_buf *notes;
	struct hs_err first; // error
};

int
hs_policyfile_init(struct hs_policyfile *f, const char *path, const char *system)
{
	*f = (struct hs_policyfile){0};
	f->policy = calloc(1, sizeof *f->policy);
	if (f->policy == NULL)
		return HS_ERR_NOMEM;
	hs_policy_none(f->policy);
	if (hs_str_copy(hs_str_c(path), f->path, sizeof f->path) != HS_OK ||
	    hs_str_copy(hs_str_c(system), f->system, sizeof f->system) != HS_OK)
		return HS_ERR_TOO_LONG;
	return HS_OK;
}

void
hs_policyfile_free(struct hs_policyfile *f)
{
	if (f->policy != NULL)
		hs_policy_free(f->policy);
	free(f->policy);
	f->policy = NULL;
}

static void
on_note(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	struct noting *n = arg;

	if (kind == HS_POLICY_ERROR && n->first.code == HS_OK)
		n->first = *err;
	hs_text_put_clean(n->notes, hs_str_c(n->path));
	if (err->line > 0)
		hs_put_fmt(n->notes, ":%u:%u", err->line, err->column);
	hs_put_fmt(n->notes, ": %s%s\n", kind == HS_POLICY_WARNING ? "warning: " : "",
	    hs_err_sentence(err));
}

// The folder and the name of an absolute path.
static void
split(const char *path, char dir[static PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	memcpy(dir, path, n);
	dir[n] = '\0';
	if (n == 0)
		memcpy(dir, "/", 2);
	*name = slash != NULL ? slash + 1 : path;
}

// HS_OK with the text, HS_NO_SUCH where there is no such file.
static int
read_text(const char *path, struct hs_buf *text, struct hs_err *err)
{
	char dir[PATH_MAX];
	const char *name;
	int fd, rc;

	split(path, dir, &name);
	rc = hs_files_open_dir(dir, &fd, err);
	if (rc != HS_OK)
		return rc;
	// one byte more than is read, so that too long a text is the decoder's to refuse
	rc = hs_files_read_at(fd, name, HS_POLICY_BYTES_MAX + 1, text, err);
	close(fd);
	return rc;
}

// Reads one of the two. *out is what holds where there is no file, too; *found says so.
static int
read_one(const char *path, bool system, struct hs_policy *out, bool *found,
    struct hs_buf *notes, struct hs_err *err)
{
	struct noting n = {.path = path, .notes = notes};
	struct hs_buf text = {0};
	int rc = read_text(path, &text, err);

	*found = rc == HS_OK;
	hs_policy_none(out);
	if (rc == HS_NO_SUCH) {
		*err = (struct hs_err){0};
		rc = HS_OK;
	} else if (rc != HS_OK) {
		on_note(&n, HS_POLICY_ERROR, err);
	} else {
		rc = hs_policy_parse(hs_buf_str(&text), system, out, on_note, &n);
		if (rc != HS_OK)
			*err = n.first;
	}
	hs_buf_free(&text);
	return rc;
}

static int
read_both(const struct hs_policyfile *f, struct hs_policy *user, struct hs_policy *system,
    struct hs_buf *notes, struct hs_err *err)
{
	bool found;
	int rc = read_one(f->path, false, user, &found, notes, err), rc2;
	struct hs_err second = {0};

	rc2 = read_one(f->system, true, system, &found, notes, &second);
	if (rc == HS_OK && rc2 != HS_OK) {
		*err = second;
		rc = rc2;
	}
	if (rc == HS_OK && found)
		rc = hs_policy_narrow(user, system);
	if (rc != HS_OK && err->code == HS_OK)
		hs_fail(err, (enum hs_code)rc, "the two policies do not fit together");
	return rc;
}

int
hs_policyfile_load(struct hs_policyfile *f, struct hs_buf *notes, struct hs_err *err)
{
	struct hs_policy *user = calloc(1, sizeof *user),
			 *system = calloc(1, sizeof *system);
	struct hs_err why = {0};
	int rc = user != NULL && system != NULL ? HS_OK : HS_ERR_NOMEM;

	if (rc != HS_OK)
		hs_fail(&why, HS_ERR_NOMEM, "%s", "");
	else
		rc = read_both(f, user, system, notes, &why);
	if (system != NULL)
		hs_policy_free(system);
	free(system);
	if (rc == HS_OK) {
		hs_policy_free(f->policy);
		free(f->policy);
		f->policy = user;
		user = NULL;
	}
	f->bad = why;
	if (user != NULL)
		hs_policy_free(user);
	free(user);
	if (err != NULL)
		*err = why;
	return rc;
}
