// SPDX-License-Identifier: ISC
//
// Small programs' words and files. Contract in prog.h.
#include "tests/lib/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proto/cert.h"
#include "proto/text.h"

#define NAME_MAX_LEN 4096

void
prog_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(1);
}

void
prog_need(bool ok, const char *what)
{
	if (!ok)
		prog_die(what);
}

const char *
prog_value(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static void
put_suffix(char out[static NAME_MAX_LEN], const char *path, const char *suffix)
{
	int n = snprintf(out, NAME_MAX_LEN, "%s%s", path, suffix);

	prog_need(n > 0 && n < NAME_MAX_LEN, "a name is too long");
}

void
prog_read(const char *path, struct hs_buf *b)
{
	uint8_t chunk[4096];
	ssize_t n;
	int fd;

	prog_need(path != NULL, "a file is missing");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	prog_need(fd >= 0, path);
	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		hs_put_raw(b, chunk, (size_t)n);
	prog_need(n == 0 && hs_buf_err(b) == HS_OK, path);
	(void)close(fd);
}

void
prog_write(const char *path, const char *suffix, struct hs_str s, mode_t mode)
{
	char name[NAME_MAX_LEN];
	int fd;

	put_suffix(name, path, suffix);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	prog_need(
	    fd >= 0 && write(fd, s.p, s.len) == (ssize_t)s.len && close(fd) == 0, name);
}

void
prog_print(struct hs_buf *b)
{
	prog_need(hs_buf_err(b) == HS_OK, "it is too large");
	prog_need(
	    fwrite(b->p, 1, b->len, stdout) == b->len && fflush(stdout) == 0, "stdout");
	hs_buf_free(b);
}

// ---- keys and certificates

void
prog_read_pub(const char *path, struct hs_key *key)
{
	struct hs_buf b = {0};
	struct hs_str rest, line = {0};

	prog_read(path, &b);
	rest = hs_buf_str(&b);
	(void)hs_str_next(&rest, '\n', &line);
	prog_need(hs_key_parse_line(line, key, NULL) == HS_OK, path);
	hs_buf_free(&b);
}

void
prog_read_certificate(const char *path, struct hs_buf *blob)
{
	struct hs_buf b = {0};
	struct hs_str rest, line = {0}, type, base64 = {0};

	prog_read(path, &b);
	rest = hs_buf_str(&b);
	(void)hs_str_next(&rest, '\n', &line);
	prog_need(hs_str_cut(&line, ' ', &type) && hs_str_next(&line, ' ', &base64) &&
		      hs_text_base64(base64, HS_CERT_MAX, blob) == HS_OK,
	    path);
	hs_buf_free(&b);
}

void
prog_read_mint(const char *path, const char *suffix, struct hs_mint *m)
{
	char name[NAME_MAX_LEN];
	struct hs_buf b = {0};

	prog_need(path != NULL, "root= or session= is missing");
	put_suffix(name, path, suffix);
	prog_read(name, &b);
	prog_need(b.len == sizeof m->secret, name);
	memcpy(m->secret, b.p, b.len);
	hs_buf_free(&b);
	put_suffix(name, path, ".pub");
	prog_read_pub(name, &m->key);
}
