// SPDX-License-Identifier: ISC
//
// Scratch folders. Contract in scratch.h.
#include "tests/lib/scratch.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char scratch_dir[32];

const char *
scratch_in(const char *name)
{
	static char path[4][64];
	static unsigned i;

	i = (i + 1) % 4;
	if ((size_t)snprintf(path[i], sizeof path[i], "%s/%s", scratch_dir, name) >=
	    sizeof path[i])
		abort();
	return path[i];
}

int
scratch_make(void **state)
{
	(void)state;
	snprintf(scratch_dir, sizeof scratch_dir, "/tmp/hs-keys.XXXXXX");
	return mkdtemp(scratch_dir) == NULL;
}

int
scratch_count(void)
{
	DIR *d = opendir(scratch_dir);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

int
scratch_remove(void **state)
{
	DIR *d = opendir(scratch_dir);
	struct dirent *e;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlink(scratch_in(e->d_name));
	closedir(d);
	return rmdir(scratch_dir);
}

unsigned
scratch_mode(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(scratch_in(name), &st), 0);
	return st.st_mode & 07777;
}

void
scratch_holds(const char *name, const char *want)
{
	char got[65536];
	FILE *f = fopen(scratch_in(name), "r");
	size_t n;

	assert_non_null(f);
	n = fread(got, 1, sizeof got, f);
	fclose(f);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(got, want, n);
}
