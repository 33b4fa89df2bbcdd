// SPDX-License-Identifier: ISC
//
// handseal-verify check-config: goes through a server's files as handseal-verify reads
// them, and past the first fault. Contract in check.h. It decides nothing.
#include "client/verify/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/verify/json.h"
#include "client/verify/lib/lists.h"
#include "proto/barred.h"
#include "proto/revstate.h"
#include "proto/text.h"

// A file that is looked at.
struct looking {
	struct hs_checked *c;
	char path[PATH_MAX];
};

// ---- what is wrong

static void
note(struct hs_checked *c, bool warning, const char *path, const struct hs_err *err)
{
	struct hs_buf *b = warning ? &c->warnings : &c->problems;
	struct hs_buf line = {0};
	unsigned *n = warning ? &c->nwarnings : &c->nproblems;

	if (c->ask->json) {
		hs_put_u8(&line, '{');
		hs_json_string(&line, "file", hs_str_c(path));
		hs_json_number(&line, "line", err->line);
		hs_json_number(&line, "column", err->column);
		hs_json_string(&line, "sentence", hs_str_c(hs_err_sentence(err)));
		hs_put_fmt(&line, "},");
	} else {
		// of a fault without a place the sentence names the file
		if (err->line > 0) {
			hs_text_put_clean(&line, hs_str_c(path));
			hs_put_fmt(&line, ":%u:%u: ", err->line, err->column);
		}
		hs_put_fmt(&line, "%s", warning ? "warning: " : "");
		hs_text_put_clean(&line, hs_str_c(hs_err_sentence(err)));
		hs_put_u8(&line, '\n');
	}
	// files of one folder share the faults of those above it
	if (hs_buf_err(&line) == HS_OK &&
	    (b->len == 0 || memmem(b->p, b->len, line.p, line.len) == NULL)) {
		hs_put_raw(b, line.p, line.len);
		(*n)++;
	}
	hs_buf_free(&line);
}

static void
on_fault(void *arg, const struct hs_err *err)
{
	struct looking *l = arg;

	note(l->c, false, l->path, err);
}

static void
warn(struct hs_checked *c, const char *path, const char *why)
{
	struct hs_err err = {0};

	(void)hs_fail(&err, HS_ERR_CONFIG, "%s: %s", path, why);
	note(c, true, path, &err);
}

// ---- reading

// handseal-shell reads them as whoever logged in, handseal-verify as nobody.
static void
check_readable(struct looking *l)
{
	struct stat st;
	char resolved[PATH_MAX], *slash;

	if (realpath(l->path, resolved) == NULL || stat(resolved, &st) != 0)
		return;
	if ((st.st_mode & S_IROTH) == 0)
		warn(l->c, l->path,
		    "others cannot read it, so handseal-shell starts nothing and "
		    "AuthorizedKeysCommandUser perhaps admits nobody");
	while ((slash = strrchr(resolved, '/')) != NULL && slash != resolved) {
		*slash = '\0';
		if (stat(resolved, &st) == 0 && (st.st_mode & S_IXOTH) == 0)
			warn(l->c, resolved, "others cannot reach what is below it");
	}
}

// The text, whatever is wrong with its owner; false where there is none to look at.
static bool
read_text(struct hs_checked *c, struct looking *l, const char *name, struct hs_buf *text)
{
	struct hs_err err = {0};
	struct stat st;
	int n = snprintf(l->path, sizeof l->path, "%s/%s", c->ask->config, name);

	l->c = c;
	if (n < 0 || (size_t)n >= sizeof l->path) {
		(void)hs_fail(&err, HS_ERR_CONFIG, "the name of the folder is too long");
		note(c, false, name, &err);
		return false;
	}
	(void)hs_config_judge(c->ask->config, name, c->ask->own, on_fault, l);
	if (stat(l->path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	check_readable(l);
	if (hs_config_read_path(l->path, HS_CONFIG_FILE_MAX, text, &err) == HS_OK)
		return true;
	note(c, false, l->path, &err);
	return false;
}

static bool
is_there(const struct hs_checked *c, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof path, "%s/%s", c->ask->config, name);

	return n > 0 && (size_t)n < sizeof path &&
	       (lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

// ---- roots

static void
keep_root(struct looking *l, const struct hs_root *r)
{
	struct hs_checked *c = l->c;
	struct hs_root *v = realloc(c->roots, (c->nroots + 1) * sizeof *v);
	struct hs_err err = {0};

	if (v == NULL) {
		(void)hs_fail(&err, HS_ERR_NOMEM, "not all roots can be told: no memory");
		note(c, false, l->path, &err);
		return;
	}
	v[c->nroots++] = *r;
	c->roots = v;
}

static void
look_at_root(struct looking *l, const struct hs_root *r)
{
	struct hs_err err = {0};

	if (r->nusers == 0 && !r->users_any && r->caps[0] == '\0') {
		(void)hs_fail_at(&err, HS_ERR_CONFIG, r->line, 1,
		    "nobody may log in by it: users=\"NAME,...\" is missing");
		note(l->c, true, l->path, &err);
	}
	keep_root(l, r);
}

// The server's own file, whose text is kept in own, or one user's behind it.
static void
check_roots(struct hs_checked *c, const char *user, struct hs_buf *own)
{
	struct hs_roots roots = {0};
	struct hs_buf text = {0};
	struct looking l;
	struct hs_err err = {0};
	char name[80];
	size_t before = 0;
	int rc;

	(void)snprintf(name, sizeof name, "roots%s%s", user != NULL ? ".d/" : "",
	    user != NULL ? user : "");
	if (!read_text(c, &l, name, &text))
		goto out;
	if (user == NULL) {
		hs_put_raw(own, text.p, text.len);
		rc = hs_roots_parse(hs_buf_str(&text), &roots, on_fault, &l);
	} else {
		(void)hs_roots_parse(hs_buf_str(own), &roots, NULL, NULL);
		before = roots.n;
		rc = hs_roots_add(&roots, hs_buf_str(&text), hs_str_c(user), on_fault, &l);
	}
	if (rc != HS_OK) {
		(void)hs_fail(&err, (enum hs_code)rc, "%s: %s", l.path,
		    hs_code_sentence((enum hs_code)rc));
		note(c, false, l.path, &err);
	}
	for (size_t i = before; i < roots.n; i++)
		look_at_root(&l, &roots.v[i]);
out:
	hs_roots_free(&roots);
	hs_buf_free(&text);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
no_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

// Each file of roots.d, or the one that the user has.
static void
check_users(struct hs_checked *c, struct hs_buf *own)
{
	struct dirent **v = NULL;
	struct looking l = {.c = c};
	struct hs_err err = {0};
	int n;

	if (!is_there(c, "roots.d"))
		return;
	(void)snprintf(l.path, sizeof l.path, "%s/roots.d", c->ask->config);
	n = scandir(l.path, &v, no_dots, by_name);
	if (n < 0) {
		(void)hs_fail(&err, HS_ERR_IO, "%s: %s", l.path, strerror(errno));
		note(c, false, l.path, &err);
	}
	for (int i = 0; i < n; i++) {
		if (!hs_roots_is_user(hs_str_c(v[i]->d_name))) {
			(void)snprintf(l.path, sizeof l.path, "%s/roots.d/%s",
			    c->ask->config, v[i]->d_name);
			warn(c, l.path, "it is never read: its name is no login's");
		} else if (c->ask->user == NULL ||
			   strcmp(c->ask->user, v[i]->d_name) == 0) {
			check_roots(c, v[i]->d_name, own);
		}
		free(v[i]);
	}
	free(v);
}

// ---- the others

static void
check_server(struct hs_checked *c)
{
	struct hs_buf text = {0};
	struct looking l;

	(void)hs_server_conf_parse(hs_str_c(""), &c->server, NULL);
	if (read_text(c, &l, "verify.conf", &text)) {
		(void)hs_server_conf_check(hs_buf_str(&text), &c->server, on_fault, &l);
		if (c->server.nhostnames == 0)
			warn(c, l.path,
			    "it has no HostName: only scopes with `host *` are for "
			    "this server");
	}
	hs_buf_free(&text);
}

static void
check_revoked(struct hs_checked *c)
{
	struct hs_buf text = {0};
	struct looking l;
	struct hs_err err = {0};
	struct hs_str rest, one;

	if (!is_there(c, "revoked") || !read_text(c, &l, "revoked", &text))
		goto out;
	rest = hs_buf_str(&text);
	for (unsigned line = 1; hs_str_next(&rest, '\n', &one); line++) {
		size_t blanks = 0;

		while (blanks < one.len && (one.p[blanks] == ' ' || one.p[blanks] == '\t'))
			blanks++;
		if (hs_barred(one, NULL, NULL, &err) != HS_OK) {
			err.line = line;
			note(c, false, l.path, &err);
		} else if (blanks < one.len && one.p[blanks] != '#') {
			c->barred++;
		}
	}
out:
	hs_buf_free(&text);
}

// ---- lists

// By its name: whose it is said to be.
static bool
is_list_name(const char *name, bool *of_root)
{
	size_t n;

	*of_root = strncmp(name, "root-", 5) == 0;
	name += *of_root ? 5 : 0;
	n = strlen(name);
	return n >= HS_SESSION_ID_LEN + 5 &&
	       hs_session_id_valid(
		   (struct hs_str){(const uint8_t *)name, HS_SESSION_ID_LEN}) &&
	       (name[HS_SESSION_ID_LEN] == '-' || n == HS_SESSION_ID_LEN + 5) &&
	       strcmp(name + n - 5, ".list") == 0;
}

static int
check_session_list(
    struct hs_str data, const struct hs_roots *roots, const char *id, struct hs_err *err)
{
	struct hs_list list = {0};
	int rc = hs_list_parse(data, &list, err);

	if (rc == HS_OK)
		rc = hs_list_check(&list, roots, err);
	if (rc == HS_OK && memcmp(list.revoker.session, id, HS_SESSION_ID_LEN) != 0)
		rc = hs_fail(err, HS_ERR_FORMAT, "it is another session's");
	hs_list_free(&list);
	return rc;
}

static int
check_root_list(
    struct hs_str data, const struct hs_roots *roots, const char *id, struct hs_err *err)
{
	char root[HS_SESSION_ID_LEN + 1];
	struct hs_rlist list;
	int rc = hs_rlist_parse(data, &list, err);

	if (rc == HS_OK)
		rc = hs_rlist_check(&list, roots, err);
	if (rc != HS_OK)
		return rc;
	hs_rlist_root_id(&list.root, root);
	return memcmp(root, id, HS_SESSION_ID_LEN) == 0
		   ? HS_OK
		   : hs_fail(err, HS_ERR_FORMAT, "it is another root's");
}

static int
check_one(struct hs_str data, const struct hs_roots *roots, const char *name, bool of_root,
    struct hs_err *err)
{
	return of_root ? check_root_list(data, roots, name + 5, err)
		       : check_session_list(data, roots, name, err);
}

// One of a root that is not trusted, or not for that login, is nobody's fault: roots go.
static void
check_list(struct hs_checked *c, struct looking *l, const char *name, bool of_root)
{
	const struct hs_roots roots = {.v = c->roots, .n = c->nroots};
	struct hs_buf data = {0};
	struct hs_err err = {0}, why = {0}, other = {0};
	struct stat st;
	int rc = HS_ERR_IO;

	if (lstat(l->path, &st) != 0 || !S_ISREG(st.st_mode))
		(void)hs_fail(&why, HS_ERR_IO, "it is not a regular file");
	else
		rc = hs_config_read_path(l->path, HS_LIST_MAX, &data, &why);
	if (rc == HS_OK)
		rc = check_one(hs_buf_str(&data), &roots, name, of_root, &why);
	if (rc == HS_OK) {
		check_readable(l);
		c->lists++;
	} else if (rc == HS_NO_ROOT_UNKNOWN &&
		   check_one(hs_buf_str(&data), NULL, name, of_root, &other) == HS_OK) {
		check_readable(l);
		warn(c, l->path,
		    of_root ? "it counts for nothing: its root is not trusted"
			    : "it counts only under another root that touched for its "
			      "session: the one that opened it is not trusted");
	} else {
		(void)hs_fail(&err, (enum hs_code)rc, "%s does not count: %s", l->path,
		    hs_err_sentence(&why));
		note(c, false, l->path, &err);
	}
	hs_buf_free(&data);
}

static void
check_lists(struct hs_checked *c)
{
	struct dirent **v = NULL;
	struct looking l = {.c = c};
	struct hs_err err = {0};
	bool of_root;
	int n;

	if (c->server.revocations[0] == '\0')
		return;
	(void)snprintf(l.path, sizeof l.path, "%s", c->server.revocations);
	check_readable(&l);
	n = scandir(c->server.revocations, &v, no_dots, by_name);
	if (n < 0) {
		(void)hs_fail(
		    &err, HS_ERR_IO, "%s: %s", c->server.revocations, strerror(errno));
		note(c, false, c->server.revocations, &err);
	}
	for (int i = 0; i < n; i++) {
		(void)snprintf(
		    l.path, sizeof l.path, "%s/%s", c->server.revocations, v[i]->d_name);
		if (is_list_name(v[i]->d_name, &of_root))
			check_list(c, &l, v[i]->d_name, of_root);
		else
			warn(c, l.path,
			    "it is never read: a list is called by its session, "
			    "ID.list or ID-....list");
		free(v[i]);
	}
	free(v);
}

int
hs_check(const struct hs_check_ask *ask)
{
	static struct hs_checked c;
	struct hs_buf b = {0}, own = {0};
	int status;

	c.ask = ask;
	check_roots(&c, NULL, &own);
	check_users(&c, &own);
	check_server(&c);
	check_revoked(&c);
	check_lists(&c);
	if (ask->json)
		hs_check_json(&b, &c);
	else
		hs_check_text(&b, &c);
	status = c.nproblems == 0 ? 0 : 1;
	if (hs_buf_err(&b) != HS_OK || fwrite(b.p, 1, b.len, stdout) != b.len ||
	    fflush(stdout) != 0) {
		fprintf(stderr, "handseal-verify: the answer could not be written\n");
		status = 1;
	}
	free(c.roots);
	hs_buf_free(&c.problems);
	hs_buf_free(&c.warnings);
	hs_buf_free(&own);
	hs_buf_free(&b);
	return status;
}
