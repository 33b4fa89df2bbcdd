// SPDX-License-Identifier: ISC
//
// Names that stand for keys. Contract in place.h.
#include "agentd/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SOFTKEY	   "softkey:"
#define HIDRAW	   "hidraw"
#define DIGITS_MAX 6 // of N; the kernel has 64 of them

bool
hs_place_is_softkey(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strncmp(word, SOFTKEY "/", sizeof SOFTKEY) == 0 && slash[1] != '\0' &&
	       strlen(word) < PATH_MAX;
}

static bool
is_hidraw(const char *name)
{
	size_t digits;

	if (strncmp(name, HIDRAW, sizeof HIDRAW - 1) != 0)
		return false;
	name += sizeof HIDRAW - 1;
	digits = strspn(name, "0123456789");
	return digits >= 1 && digits <= DIGITS_MAX && name[digits] == '\0';
}

static const char *
file_of(const struct hs_node *n)
{
	return n->path[0] == '/' ? n->path : n->path + sizeof SOFTKEY - 1;
}

static void
free_node(struct hs_node *n)
{
	free(n->path);
	free(n);
}

// Takes path over; NULL where there is no memory, or path is NULL.
static struct hs_node *
add_node(struct hs_place *p, char *path)
{
	struct hs_node *n = path != NULL ? calloc(1, sizeof *n) : NULL;

	if (n == NULL) {
		free(path);
		return NULL;
	}
	n->path = path;
	n->name = strrchr(path, '/') + 1;
	n->next = p->nodes;
	p->nodes = n;
	return n;
}

struct hs_place *
hs_place_hidraw(const char *dir)
{
	struct hs_place *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->wd = -1;
	p->changes = true;
	p->dir = strdup(dir);
	if (p->dir == NULL)
		hs_place_free(&p);
	return p;
}

struct hs_place *
hs_place_softkey(const char *word)
{
	struct hs_place *p = calloc(1, sizeof *p);
	struct hs_node *n;

	if (p == NULL)
		return NULL;
	p->wd = -1;
	n = add_node(p, strdup(word));
	// with its slash, so that the root folder is no special case
	p->dir = n == NULL ? NULL : strndup(file_of(n), (size_t)(n->name - file_of(n)));
	if (p->dir == NULL)
		hs_place_free(&p);
	return p;
}

void
hs_place_free(struct hs_place **p)
{
	struct hs_node *n;

	if (*p == NULL)
		return;
	while ((n = (*p)->nodes) != NULL) {
		(*p)->nodes = n->next;
		free_node(n);
	}
	free((*p)->dir);
	free(*p);
	*p = NULL;
}

// Forgets the nodes that went, where others will have their names.
static void
prune(struct hs_place *p)
{
	struct hs_node **at = &p->nodes, *n;

	while (p->changes && (n = *at) != NULL) {
		if (n->there) {
			at = &n->next;
		} else {
			*at = n->next;
			free_node(n);
		}
	}
}

static bool
identify(const char *file, struct hs_place_id *id)
{
	struct statx st;

	if (statx(AT_FDCWD, file, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) != 0)
		return false;
	*id = (struct hs_place_id){
	    .dev = makedev(st.stx_dev_major, st.stx_dev_minor), .ino = st.stx_ino};
	// an inode's number may be given out again at once
	if ((st.stx_mask & STATX_BTIME) != 0)
		id->born =
		    (uint64_t)st.stx_btime.tv_sec * 1000000000u + st.stx_btime.tv_nsec;
	return true;
}

static bool
same(const struct hs_place_id *a, const struct hs_place_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->born == b->born;
}

static void
change(struct hs_node *n, bool there, hs_place_tell *tell, void *arg)
{
	if (tell == NULL || tell(arg, n->path, there))
		n->there = there;
}

static void
check(struct hs_node *n, hs_place_tell *tell, void *arg)
{
	struct hs_place_id now;
	bool there = identify(file_of(n), &now);

	if (n->there && (!there || !same(&n->id, &now)))
		change(n, false, tell, arg);
	if (!n->there && there &&
	    faccessat(AT_FDCWD, file_of(n), R_OK | W_OK, AT_EACCESS) == 0) {
		n->id = now;
		change(n, true, tell, arg);
	}
}

static struct hs_node *
find(const struct hs_place *p, const char *name)
{
	struct hs_node *n = p->nodes;

	while (n != NULL && strcmp(n->name, name) != 0)
		n = n->next;
	return n;
}

void
hs_place_went(struct hs_place *p, const char *name, hs_place_tell *tell, void *arg)
{
	struct hs_node *n = find(p, name);

	// whatever is there by now has an event of its own
	if (n != NULL && n->there)
		change(n, false, tell, arg);
	prune(p);
}

void
hs_place_came(struct hs_place *p, const char *name, hs_place_tell *tell, void *arg)
{
	struct hs_node *n = find(p, name);
	char *path;

	if (n == NULL && p->changes && is_hidraw(name) &&
	    asprintf(&path, "%s/%s", p->dir, name) >= 0)
		n = add_node(p, path);
	if (n != NULL)
		check(n, tell, arg);
	prune(p);
}

void
hs_place_look(struct hs_place *p, hs_place_tell *tell, void *arg)
{
	struct dirent *e;
	DIR *d;

	for (struct hs_node *n = p->nodes; n != NULL; n = n->next)
		check(n, tell, arg);
	prune(p);
	d = p->changes ? opendir(p->dir) : NULL;
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		hs_place_came(p, e->d_name, tell, arg);
	closedir(d);
}
