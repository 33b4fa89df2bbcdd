// SPDX-License-Identifier: ISC
//
// known_hosts files in a scratch folder, and what is gathered from them, as lines of text
// that a test compares. Only for tests that are linked with the objects of
// agentd/known-hosts/.
#ifndef HS_TESTS_GATHERING_H
#define HS_TESTS_GATHERING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/known-hosts/gather.h"
#include "proto/text.h"

static char gathering_dir[32];
static struct {
	struct hs_knownhosts_request req;
	char paths[HS_KNOWNHOSTS_FILES_MAX][64];
	char hosts[65536];
	struct hs_buf frame;
	struct hs_knownhosts_answer answer;
	struct hs_err err;
	struct hs_buf told, warned; // NUL-terminated
} gathering;

static inline const char *
gathering_in(const char *name)
{
	static char path[320];

	snprintf(path, sizeof path, "%s/%s", gathering_dir, name);
	return path;
}

static inline int
gathering_make(void **state)
{
	(void)state;
	memset(&gathering, 0, sizeof gathering);
	snprintf(gathering_dir, sizeof gathering_dir, "/tmp/hs-kh.XXXXXX");
	return mkdtemp(gathering_dir) == NULL;
}

static inline int
gathering_drop(void **state)
{
	DIR *d = opendir(gathering_dir);
	struct dirent *e;

	(void)state;
	hs_buf_free(&gathering.frame);
	hs_buf_free(&gathering.told);
	hs_buf_free(&gathering.warned);
	if (d == NULL)
		return 1;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)remove(gathering_in(e->d_name));
	closedir(d);
	return rmdir(gathering_dir);
}

// The key of that letter: Ed25519, of 32 such bytes.
static inline void
gathering_put_key(struct hs_buf *b, char letter)
{
	struct hs_buf blob = {0};

	hs_put_cstring(&blob, "ssh-ed25519");
	hs_put_u32(&blob, 32);
	memset(hs_put_space(&blob, 32), letter, 32);
	hs_put_raw(b, "ssh-ed25519 ", 12);
	hs_text_put_base64(b, hs_buf_str(&blob));
	hs_buf_free(&blob);
}

// text with %A, %B... put in as keys, and %% as %.
static inline void
gathering_expand(struct hs_buf *b, struct hs_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool key = text.p[i] == '%' && i + 1 < text.len;

		if (!key) {
			hs_put_u8(b, text.p[i]);
		} else if (text.p[++i] == '%') {
			hs_put_u8(b, '%');
		} else {
			gathering_put_key(b, (char)text.p[i]);
		}
	}
}

// A further file of the request, as it is.
static inline void
gathering_file(const char *name, struct hs_str text)
{
	struct hs_knownhosts_request *r = &gathering.req;
	char *path = gathering.paths[r->nfiles];
	FILE *f = fopen(gathering_in(name), "w");

	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	if (text.len > 0)
		assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
	assert_int_equal(fclose(f), 0);
	snprintf(path, sizeof gathering.paths[0], "%s/%s", gathering_dir, name);
	r->files[r->nfiles++] = hs_str_c(path);
}

static inline void
gathering_text(const char *name, const char *text)
{
	struct hs_buf b = {0};

	gathering_expand(&b, hs_str_c(text));
	gathering_file(name, hs_buf_str(&b));
	hs_buf_free(&b);
}

// The scope's host values, blanks between them.
static inline void
gathering_for(const char *hosts)
{
	struct hs_knownhosts_request *r = &gathering.req;
	char *rest = gathering.hosts, *word;

	r->nhosts = 0;
	assert_true(strlen(hosts) < sizeof gathering.hosts);
	memcpy(gathering.hosts, hosts, strlen(hosts) + 1);
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			r->hosts[r->nhosts++] = hs_str_c(word);
}

// Gathers; told becomes a line "key NAME LETTER", "ca ...", "revoked ..." for each entry,
// in order, LETTER the key's first byte or "?"; warned the warnings, without the folder.
static inline int
gathering_run(void)
{
	static const char *const kinds[] = {"?", "key", "ca", "revoked"};
	struct hs_knownhosts_answer *a = &gathering.answer;
	size_t len = strlen(gathering_dir) + 1;
	int rc;

	hs_buf_reset(&gathering.frame);
	hs_buf_reset(&gathering.told);
	hs_buf_reset(&gathering.warned);
	gathering.err = (struct hs_err){0};
	rc = hs_gather(&gathering.req, &gathering.frame, &gathering.err);
	if (rc != HS_OK) {
		assert_int_equal(gathering.err.code, rc);
		assert_int_equal(gathering.frame.len, 0);
		a->n = a->nwarnings = 0;
	} else {
		assert_int_equal(
		    hs_knownhosts_answer_parse(hs_buf_str(&gathering.frame), a), HS_OK);
		assert_int_equal(a->code, HS_OK);
	}
	for (size_t i = 0; i < a->n; i++)
		hs_put_fmt(&gathering.told, "%s %.*s %c\n", kinds[a->v[i].kind],
		    (int)a->v[i].name.len, (const char *)a->v[i].name.p,
		    a->v[i].key.len == 51 ? a->v[i].key.p[50] : '?');
	for (size_t i = 0; i < a->nwarnings; i++) {
		struct hs_str w = a->warnings[i];
		bool ours = w.len > len && memcmp(w.p, gathering_dir, len - 1) == 0;

		hs_put_raw(
		    &gathering.warned, w.p + (ours ? len : 0), w.len - (ours ? len : 0));
		hs_put_u8(&gathering.warned, '\n');
	}
	hs_put_u8(&gathering.told, 0);
	hs_put_u8(&gathering.warned, 0);
	return rc;
}

static inline void
gathering_tells(const char *told, const char *warned)
{
	if (gathering_run() != HS_OK)
		fail_msg("%s", hs_err_sentence(&gathering.err));
	assert_string_equal((const char *)gathering.told.p, told);
	assert_string_equal((const char *)gathering.warned.p, warned);
}

#endif
