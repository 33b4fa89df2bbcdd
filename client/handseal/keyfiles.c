// SPDX-License-Identifier: ISC
//
// Looking for private keys in a folder. Contract in keyfiles.h.
#include "client/handseal/keyfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/paths.h"

#define FOLDERS_MAX 128

struct search {
	struct hs_keyfiles *k;
	size_t entries, folders;
	struct {
		dev_t dev;
		ino_t ino;
	} seen[FOLDERS_MAX]; // of the folders, which links may lead to again
	int rc;		     // the first thing that went wrong, while the search goes on
	struct hs_err *err;
};

static void
failed(struct search *s, enum hs_code code, const char *path, const char *why)
{
	if (s->rc == HS_OK)
		s->rc = hs_fail(s->err, code, "cannot look at %s: %s", path, why);
}

static void
add(struct search *s, const char *path, enum hs_keysniff kind)
{
	struct hs_keyfile *grown = reallocarray(s->k->f, s->k->n + 1, sizeof *grown);

	if (grown == NULL) {
		failed(s, HS_ERR_NOMEM, path, "out of memory");
		return;
	}
	s->k->f = grown;
	grown[s->k->n] = (struct hs_keyfile){strdup(path), kind};
	if (grown[s->k->n].path == NULL)
		failed(s, HS_ERR_NOMEM, path, "out of memory");
	else
		s->k->n++;
}

// What we may not read, and is not ours to make readable, nobody below us can.
static bool
is_out_of_reach(const struct stat *st)
{
	return errno == EACCES && st->st_uid != geteuid();
}

static void
look_at_file(struct search *s, const char *path, const struct stat *seen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint8_t *text = malloc(HS_KEYSNIFF_BYTES);
	enum hs_keysniff kind;
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (text == NULL) {
		failed(s, HS_ERR_NOMEM, path, "out of memory");
	} else if (fd < 0 || fstat(fd, &st) != 0) {
		if (errno != ENOENT && !is_out_of_reach(seen))
			failed(s, HS_ERR_IO, path, strerror(errno));
	} else if (S_ISREG(st.st_mode)) {
		while (len < HS_KEYSNIFF_BYTES && n > 0) {
			n = read(fd, text + len, HS_KEYSNIFF_BYTES - len);
			if (n > 0)
				len += (size_t)n;
		}
		if (n < 0)
			failed(s, HS_ERR_IO, path, strerror(errno));
		kind = hs_keysniff((struct hs_str){text, len});
		if (kind != HS_KEYSNIFF_NONE)
			add(s, path, kind);
		explicit_bzero(text, HS_KEYSNIFF_BYTES);
	}
	free(text);
	if (fd >= 0)
		close(fd);
}

static void look_into(struct search *s, const char *dir, unsigned depth);

static bool
is_seen(struct search *s, const struct stat *st)
{
	for (size_t i = 0; i < s->folders; i++)
		if (s->seen[i].dev == st->st_dev && s->seen[i].ino == st->st_ino)
			return true;
	return false;
}

static void
look_at(struct search *s, const char *dir, const char *name, unsigned depth)
{
	char path[HS_PATHS_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	struct stat st;

	if (n < 0 || n >= (int)sizeof path)
		failed(s, HS_ERR_TOO_LONG, dir, "a path there is too long");
	else if (++s->entries > HS_KEYFILES_ENTRIES)
		failed(s, HS_ERR_TOO_LONG, dir, "there are too many files");
	else if (stat(path, &st) != 0) // a link to nowhere is no key
		(void)(errno == ENOENT || errno == ELOOP
			   ? (void)0
			   : failed(s, HS_ERR_IO, path, strerror(errno)));
	else if (S_ISDIR(st.st_mode))
		look_into(s, path, depth + 1);
	else if (S_ISREG(st.st_mode)) // a pipe or a device is no key that stays one
		look_at_file(s, path, &st);
}

// Bounded by depth, by folders and by entries, whatever links there are.
// NOLINTNEXTLINE(misc-no-recursion)
static void
look_into(struct search *s, const char *dir, unsigned depth)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	struct stat st;

	if (d == NULL || fstat(dirfd(d), &st) != 0) {
		int why = errno;

		if (d == NULL && why != ENOENT &&
		    !(stat(dir, &st) == 0 && (errno = why, is_out_of_reach(&st))))
			failed(s, HS_ERR_IO, dir, strerror(why));
	} else if (!is_seen(s, &st)) {
		if (depth > HS_KEYFILES_DEPTH || s->folders == FOLDERS_MAX) {
			failed(s, HS_ERR_TOO_LONG, dir, "there are too many folders");
		} else {
			s->seen[s->folders].dev = st.st_dev;
			s->seen[s->folders++].ino = st.st_ino;
			while (
			    s->entries <= HS_KEYFILES_ENTRIES && (e = readdir(d)) != NULL)
				if (strcmp(e->d_name, ".") != 0 &&
				    strcmp(e->d_name, "..") != 0)
					look_at(s, dir, e->d_name, depth);
		}
	}
	if (d != NULL)
		closedir(d);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct hs_keyfile *)a)->path, ((const struct hs_keyfile *)b)->path);
}

int
hs_keyfiles_find(struct hs_keyfiles *k, const char *dir, struct hs_err *err)
{
	struct search s = {.k = k, .err = err};

	look_into(&s, dir, 0);
	if (k->n > 1)
		qsort(k->f, k->n, sizeof *k->f, by_path);
	return s.rc;
}

size_t
hs_keyfiles_bare(const struct hs_keyfiles *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += k->f[i].kind == HS_KEYSNIFF_BARE;
	return n;
}

void
hs_keyfiles_free(struct hs_keyfiles *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->f[i].path);
	free(k->f);
	*k = (struct hs_keyfiles){0};
}
