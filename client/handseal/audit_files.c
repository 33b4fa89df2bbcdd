// SPDX-License-Identifier: ISC
//
// Finding and reading the files of an audit log. Contract in audit_files.h.
#include "client/handseal/audit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/text.h"

#define ROOM   (2u * HS_BUF_MAX) // a line is never longer than HS_BUF_MAX
#define PREFIX "audit."
#define SUFFIX ".jsonl"
#define DIGITS 20

// ---- one file

int
hs_auditreader_open(struct hs_auditreader *r, const char *path, struct hs_err *err)
{
	struct stat st;

	*r = (struct hs_auditreader){.fd = -1};
	r->p = malloc(ROOM);
	if (r->p == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	// O_NONBLOCK: a FIFO that nobody writes to must not hang us before it is looked at
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r->fd < 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO,
		    "cannot read %s: %s", path, strerror(errno));
	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return hs_fail(err, HS_ERR_IO, "%s is no regular file", path);
	return HS_OK;
}

void
hs_auditreader_close(struct hs_auditreader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->p);
	*r = (struct hs_auditreader){.fd = -1};
}

// Reads more behind what is there: 1, 0 at the end of the file, or an error negated.
static int
fill(struct hs_auditreader *r)
{
	ssize_t n;

	if (r->at > 0) {
		memmove(r->p, r->p + r->at, r->end - r->at);
		r->end -= r->at;
		r->at = 0;
	}
	do
		n = pread(r->fd, r->p + r->end, ROOM - r->end, (off_t)(r->offset + r->end));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -HS_ERR_IO;
	r->end += (size_t)n;
	return n > 0;
}

static int
give(struct hs_auditreader *r, size_t n, struct hs_str *line)
{
	*line = (struct hs_str){r->p + r->at, n};
	r->at += n;
	r->offset += n;
	r->line++;
	return 1;
}

static bool
all_nul(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

// Nothing but NULs, to the end of the file?
static bool
nothing_more(const struct hs_auditreader *r)
{
	static uint8_t chunk[65536];
	uint64_t at = r->offset + (r->end - r->at);
	ssize_t n;

	if (!all_nul(r->p + r->at, r->end - r->at))
		return false;
	while ((n = pread(r->fd, chunk, sizeof chunk, (off_t)at)) > 0 &&
	       all_nul(chunk, (size_t)n))
		at += (uint64_t)n;
	return n == 0;
}

int
hs_auditreader_next(struct hs_auditreader *r, struct hs_str *line)
{
	size_t seen = 0;

	if (r->ended) // what was there may have been written over
		r->end = r->at;
	r->ended = false;
	for (;;) {
		const uint8_t *from = r->p + r->at, *lf;
		int more;

		lf = memchr(from + seen, '\n', r->end - r->at - seen);
		if (lf != NULL)
			return give(r, (size_t)(lf - from) + 1, line);
		seen = r->end - r->at;
		if (seen == ROOM && !nothing_more(r))
			return give(r, seen, line);
		more = seen < ROOM ? fill(r) : 0;
		if (more < 0)
			return more;
		if (more == 0) {
			r->ended = true;
			return 0;
		}
	}
}

uint64_t
hs_auditreader_torn(const struct hs_auditreader *r)
{
	size_t n = r->end - r->at;

	while (n > 0 && r->p[r->at + n - 1] == 0)
		n--;
	return n;
}

// ---- all of them

// audit.SEQ.jsonl, or the one that is written.
static bool
is_log(const char *name)
{
	size_t n = strlen(name);

	if (strcmp(name, HS_AUDIT_FILE) == 0)
		return true;
	return n == sizeof PREFIX - 1 + DIGITS + sizeof SUFFIX - 1 &&
	       memcmp(name, PREFIX, sizeof PREFIX - 1) == 0 &&
	       strspn(name + sizeof PREFIX - 1, "0123456789") == DIGITS &&
	       strcmp(name + sizeof PREFIX - 1 + DIGITS, SUFFIX) == 0;
}

static int
add(struct hs_auditfiles *f, const char *path, struct hs_err *err)
{
	struct hs_auditfile *v = reallocarray(f->v, f->n + 1, sizeof *v);
	struct hs_auditreader r = {.fd = -1};
	uint8_t prev[HS_AUDIT_HASH];
	struct hs_str line;
	int rc;

	if (v == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	f->v = v;
	v[f->n] = (struct hs_auditfile){.path = strdup(path)};
	if (v[f->n].path == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	f->n++;
	rc = hs_auditreader_open(&r, path, err);
	if (rc == HS_OK && hs_auditreader_next(&r, &line) == 1)
		(void)hs_auditline_parse(line, &v[f->n - 1].first, prev);
	hs_auditreader_close(&r);
	return rc;
}

static int
add_folder(struct hs_auditfiles *f, const char *path, struct hs_err *err)
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t before = f->n;
	int rc = HS_OK;

	if (d == NULL)
		return hs_fail(err, HS_ERR_IO, "cannot read %s: %s", path, strerror(errno));
	while (rc == HS_OK && (e = readdir(d)) != NULL) {
		char file[HS_PATHS_MAX];
		int n = snprintf(file, sizeof file, "%s/%s", path, e->d_name);

		if (!is_log(e->d_name))
			continue;
		rc = n > 0 && (size_t)n < sizeof file
			 ? add(f, file, err)
			 : hs_fail(err, HS_ERR_TOO_LONG, "the path of a log is too long");
	}
	closedir(d);
	if (rc == HS_OK && f->n == before)
		rc = hs_fail(err, HS_NO_SUCH, "%s holds no audit log", path);
	return rc;
}

// By the number of the first record; a file without any (the newest may be empty) last.
static int
by_first(const void *a, const void *b)
{
	uint64_t x = ((const struct hs_auditfile *)a)->first - 1;
	uint64_t y = ((const struct hs_auditfile *)b)->first - 1;

	return x < y ? -1 : x > y;
}

int
hs_auditfiles_find(
    struct hs_auditfiles *out, char *const *paths, size_t npaths, struct hs_err *err)
{
	char state[HS_PATHS_MAX];
	int rc = HS_OK;

	*out = (struct hs_auditfiles){0};
	if (npaths == 0) {
		rc = hs_paths_state("", state, err);
		if (rc == HS_OK && access(state, F_OK) != 0)
			rc = hs_fail(err, HS_NO_SUCH, "%s holds no audit log", state);
		if (rc == HS_OK)
			rc = add_folder(out, state, err);
	}
	for (size_t i = 0; rc == HS_OK && i < npaths; i++) {
		struct stat st;

		if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			rc = add_folder(out, paths[i], err);
		else
			rc = add(out, paths[i], err);
	}
	if (rc == HS_OK)
		qsort(out->v, out->n, sizeof *out->v, by_first);
	return rc;
}

void
hs_auditfiles_free(struct hs_auditfiles *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].path);
	free(f->v);
	*f = (struct hs_auditfiles){0};
}

static int
each_of(const struct hs_auditfiles *f, size_t i, hs_auditfiles_take *take, void *arg,
    uint64_t *torn, struct hs_err *err)
{
	struct hs_auditreader r = {.fd = -1};
	struct hs_str line;
	uint64_t left;
	int rc = hs_auditreader_open(&r, f->v[i].path, err), got = 0;

	while (rc == HS_OK && (got = hs_auditreader_next(&r, &line)) == 1)
		rc = take(arg, (struct hs_audit_place){i, r.line}, line);
	if (rc == HS_OK && got < 0)
		rc = hs_fail(err, HS_ERR_IO, "cannot read %s", f->v[i].path);
	left = hs_auditreader_torn(&r);
	if (rc == HS_OK && left > 0 && i + 1 < f->n)
		rc = take(arg, (struct hs_audit_place){i, r.line + 1},
		    (struct hs_str){r.p + r.at, (size_t)left});
	else if (rc == HS_OK && torn != NULL && i + 1 == f->n)
		*torn = left;
	hs_auditreader_close(&r);
	return rc;
}

int
hs_auditfiles_each(const struct hs_auditfiles *f, hs_auditfiles_take *take, void *arg,
    uint64_t *torn, struct hs_err *err)
{
	int rc = HS_OK;

	if (torn != NULL)
		*torn = 0;
	for (size_t i = 0; rc == HS_OK && i < f->n; i++)
		rc = each_of(f, i, take, arg, torn, err);
	return rc;
}
