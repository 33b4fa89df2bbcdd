// SPDX-License-Identifier: ISC
//
// Opening and reading the server owner's files. Contract in config.h.
//
// Whoever can change one of these files, or swap a folder above it, decides who logs in. So
// the file itself (as opened) and every folder on the way to it (as resolved) must be
// root's, or for
// --config ours, and writable by nobody else. A folder with the sticky bit, such as /tmp,
// may be written by all: nobody can move what is another's in it. As in sshd, links are
// followed first.
#include "client/verify/lib/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/barred.h"

static int
judge(const struct stat *st, const char *path, bool own, struct hs_err *err)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;

	if (st->st_uid != 0 && !(own && st->st_uid == geteuid()))
		return hs_fail(err, HS_ERR_CONFIG,
		    "%s belongs to uid %ju: it must be root's", path,
		    (uintmax_t)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky)
		return hs_fail(err, HS_ERR_CONFIG,
		    "%s can be written by others: take that away with chmod go-w", path);
	return HS_OK;
}

// Every folder above the resolved path, up to the root of the file system.
static int
judge_folders(char *path, bool own, struct hs_err *err)
{
	struct stat st;
	char *slash;
	int rc = HS_OK;

	while (rc == HS_OK && (slash = strrchr(path, '/')) != NULL) {
		bool last = slash == path;

		slash[last ? 1 : 0] = '\0';
		if (lstat(path, &st) != 0)
			return hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		rc = judge(&st, path, own, err);
		if (last)
			break;
	}
	return rc;
}

int
hs_config_judge(
    const char *dir, const char *name, bool own, hs_config_fault *fault, void *arg)
{
	char path[PATH_MAX], resolved[PATH_MAX];
	struct hs_err err = {0};
	struct stat st;
	char *slash;
	int n = snprintf(path, sizeof path, "%s/%s", dir, name), rc = HS_OK;

	if (n < 0 || (size_t)n >= sizeof path || realpath(path, resolved) == NULL ||
	    stat(resolved, &st) != 0) {
		rc = hs_fail(&err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		fault(arg, &err);
		return rc;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = hs_fail(&err, HS_ERR_CONFIG, "%s is not a regular file", path);
		fault(arg, &err);
	} else if (judge(&st, path, own, &err) != HS_OK) {
		rc = HS_ERR_CONFIG;
		fault(arg, &err);
	}
	for (bool last = false; !last && (slash = strrchr(resolved, '/')) != NULL;) {
		last = slash == resolved;
		slash[last ? 1 : 0] = '\0';
		if (lstat(resolved, &st) != 0 || judge(&st, resolved, own, &err) == HS_OK)
			continue;
		rc = HS_ERR_CONFIG;
		fault(arg, &err);
	}
	return rc;
}

int
hs_config_read_fd(
    int fd, const char *path, size_t max, struct hs_buf *b, struct hs_err *err)
{
	uint8_t chunk[4096];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		if ((size_t)n > max || b->len > max - (size_t)n)
			return hs_fail(
			    err, HS_ERR_TOO_LONG, "%s is longer than %zu bytes", path, max);
		hs_put_raw(b, chunk, (size_t)n);
		if (hs_buf_err(b) != HS_OK)
			return hs_fail(
			    err, (enum hs_code)hs_buf_err(b), "%s: out of memory", path);
	}
	return HS_OK;
}

int
hs_config_read_path(const char *path, size_t max, struct hs_buf *b, struct hs_err *err)
{
	int fd = STDIN_FILENO, rc;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
	rc = hs_config_read_fd(fd, path, max, b, err);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return rc;
}

static int
read_trusted(
    const char *dir, const char *name, bool own, struct hs_buf *b, struct hs_err *err)
{
	char path[PATH_MAX], resolved[PATH_MAX];
	struct stat st;
	int fd = -1, rc, n;

	n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return hs_fail(err, HS_ERR_CONFIG, "the name of the folder is too long");
	// not blocking: a FIFO put there must not hold up every login
	if (realpath(path, resolved) == NULL ||
	    (fd = open(resolved,
		 O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)) < 0 ||
	    fstat(fd, &st) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = hs_fail(err, HS_ERR_CONFIG, "%s is not a regular file", path);
		goto out;
	}
	if ((rc = judge(&st, path, own, err)) != HS_OK ||
	    (rc = judge_folders(resolved, own, err)) != HS_OK)
		goto out;
	rc = hs_config_read_fd(fd, path, HS_CONFIG_FILE_MAX, b, err);
out:
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

// For explain, which then says what the file would have to hold. Decides nothing.
static bool
missing(const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/roots", dir);

	return n > 0 && (size_t)n < sizeof path && access(path, F_OK) != 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

// Is there nothing of that name? What cannot be looked at is no nothing.
static bool
is_absent(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof path && lstat(path, &st) != 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

// ---- roots

struct bad {
	const struct hs_config_ask *ask;
	char name[80]; // roots, or roots.d/ and a user
	unsigned n;
};

static void
count_bad(void *arg, const struct hs_err *err)
{
	struct bad *bad = arg;
	char path[PATH_MAX];

	bad->n++;
	if (bad->ask->on_bad == NULL)
		return;
	(void)snprintf(path, sizeof path, "%s/%s", bad->ask->dir, bad->name);
	bad->ask->on_bad(bad->ask->arg, path, err);
}

static int
load_roots(struct hs_config *out, const struct hs_config_ask *ask, struct hs_str user,
    struct hs_err *err)
{
	struct bad bad = {.ask = ask};
	struct hs_buf text = {0};
	int rc;

	(void)snprintf(bad.name, sizeof bad.name, "roots%s%.*s", user.len > 0 ? ".d/" : "",
	    (int)user.len, user.len > 0 ? (const char *)user.p : "");
	rc = read_trusted(ask->dir, bad.name, ask->own, &text, err);
	if (rc == HS_OK) {
		rc = user.len > 0
			 ? hs_roots_add(
			       &out->roots, hs_buf_str(&text), user, count_bad, &bad)
			 : hs_roots_parse(hs_buf_str(&text), &out->roots, count_bad, &bad);
		if (rc != HS_OK)
			rc = hs_fail(err, (enum hs_code)rc, "%s/%s: %s", ask->dir, bad.name,
			    hs_code_sentence((enum hs_code)rc));
	}
	out->bad_lines += bad.n;
	hs_buf_free(&text);
	return rc;
}

// The user's own, where there is such a file. A name that cannot have one has none.
static int
load_user(struct hs_config *out, const struct hs_config_ask *ask, struct hs_err *err)
{
	struct hs_str user = hs_str_c(ask->user != NULL ? ask->user : "");
	char name[80];

	if (!hs_roots_is_user(user))
		return HS_OK;
	(void)snprintf(name, sizeof name, "roots.d/%s", ask->user);
	return is_absent(ask->dir, name) ? HS_OK : load_roots(out, ask, user, err);
}

// ---- the others

static int
load_server(struct hs_config *out, bool own)
{
	struct hs_buf text = {0};
	struct hs_err err = {0};
	int rc;

	rc = read_trusted(out->dir, "verify.conf", own, &text, &out->err);
	if (rc == HS_OK &&
	    (rc = hs_server_conf_parse(hs_buf_str(&text), &out->server, &err)) != HS_OK)
		rc = hs_fail_at(&out->err, HS_ERR_CONFIG, err.line, err.column,
		    "%s/verify.conf:%u:%u: %s", out->dir, err.line, err.column,
		    hs_err_sentence(&err));
	hs_buf_free(&text);
	return rc;
}

// A list of what is refused: where it cannot be read, or has a mistake, everything is.
static int
load_revoked(struct hs_config *out, bool own)
{
	struct hs_err err = {0};
	int rc;

	if (is_absent(out->dir, "revoked"))
		return HS_OK;
	rc = read_trusted(out->dir, "revoked", own, &out->revoked, &out->err);
	if (rc == HS_OK &&
	    (rc = hs_barred(hs_buf_str(&out->revoked), NULL, NULL, &err)) != HS_OK)
		rc = hs_fail_at(&out->err, HS_ERR_CONFIG, err.line, err.column,
		    "%s/revoked:%u:%u: %s", out->dir, err.line, err.column,
		    hs_err_sentence(&err));
	return rc;
}

void
hs_config_load(struct hs_config *out, const struct hs_config_ask *ask)
{
	struct hs_err err = {0};
	int rc;

	memset(out, 0, sizeof *out);
	out->dir = ask->dir;
	rc = load_roots(out, ask, (struct hs_str){0}, &err);
	out->absent = rc == HS_ERR_IO && missing(ask->dir);
	if (rc == HS_OK)
		rc = load_user(out, ask, &err);
	out->by_user = ask->user == NULL && !is_absent(ask->dir, "roots.d");
	// verify.conf is read even so: explain names this server by it
	if (load_server(out, ask->own) != HS_OK || load_revoked(out, ask->own) != HS_OK ||
	    rc != HS_OK)
		memset(&out->server, 0, sizeof out->server);
	if (rc != HS_OK)
		out->err = err;
}

void
hs_config_load_rest(struct hs_config *out, const struct hs_config_ask *ask)
{
	memset(out, 0, sizeof *out);
	out->dir = ask->dir;
	if (is_absent(ask->dir, "verify.conf"))
		(void)hs_server_conf_parse(hs_str_c(""), &out->server, NULL);
	else
		(void)load_server(out, ask->own);
	if (out->err.code == HS_OK)
		(void)load_revoked(out, ask->own);
	if (out->err.code != HS_OK)
		memset(&out->server, 0, sizeof out->server);
}

void
hs_config_free(struct hs_config *c)
{
	hs_roots_free(&c->roots);
	hs_buf_free(&c->revoked);
	memset(c, 0, sizeof *c);
}
