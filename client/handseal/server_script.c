// SPDX-License-Identifier: ISC
//
// A script for a server put together. Contract in server_script.h.
#include "client/handseal/server_script.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/paths.h"
#include "proto/text.h"

#define PROGRAM_MAX (64u << 20)
#define LINE	    57u // bytes in a line of base64
#define MARK	    "HANDSEAL-PROGRAM-ENDS"
#define TEXT_MARK   "HANDSEAL-TEXT-ENDS"

// The files themselves, where the build finds them.
__asm__(".pushsection .rodata\n"
	".global hs_server_remote\n"
	"hs_server_remote:\n"
	".incbin \"client/handseal/server_remote.sh\"\n"
	".incbin \"client/handseal/server_change.sh\"\n"
	".global hs_server_remote_end\n"
	"hs_server_remote_end:\n"
	".byte 0\n"
	".popsection\n");
extern const uint8_t hs_server_remote[] __attribute__((visibility("hidden")));
extern const uint8_t hs_server_remote_end[] __attribute__((visibility("hidden")));

void
hs_serverscript_begin(struct hs_serverscript *c, const char *told)
{
	c->programs[0].function = "verify_";
	c->programs[1].function = "shell_";
	hs_serverscript_set(c, "told", hs_str_c(told));
	hs_put_raw(&c->front, hs_server_remote,
	    (size_t)((uintptr_t)hs_server_remote_end - (uintptr_t)hs_server_remote));
	hs_serverscript_set(c, "hs_bin", hs_str_c(HS_BINDIR));
	hs_serverscript_set(c, "hs_libexec", hs_str_c(HS_LIBEXECDIR));
}

void
hs_serverscript_set(struct hs_serverscript *c, const char *name, struct hs_str value)
{
	hs_put_fmt(&c->front, "%s='", name);
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < 0x20 || value.p[i] == 0x7f) {
			if (c->front.err == HS_OK)
				c->front.err = HS_ERR_FORMAT;
		} else if (value.p[i] == '\'') {
			hs_put_fmt(&c->front, "'\\''");
		} else {
			hs_put_u8(&c->front, value.p[i]);
		}
	}
	hs_put_fmt(&c->front, "'\n");
}

void
hs_serverscript_text(struct hs_serverscript *c, const char *function, struct hs_str text)
{
	hs_put_fmt(&c->front, "%s() {\ncat <<'" TEXT_MARK "'\n", function);
	hs_put_raw(&c->front, text.p, text.len);
	hs_put_fmt(&c->front, TEXT_MARK "\n}\n");
}

// ---- the programs

static int
read_all(int fd, struct hs_serverprogram *p)
{
	size_t done = 0;

	while (done < p->len) {
		ssize_t n = read(fd, p->data + done, p->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return HS_ERR_IO;
		done += (size_t)n;
	}
	return HS_OK;
}

static int
read_program(struct hs_serverprogram *p, const char *path, struct hs_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = HS_OK;
	struct stat st;

	if (fd < 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO, "%s: %s",
		    path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0) {
		rc = hs_fail(err, HS_ERR_IO, "%s is no program", path);
		goto out;
	}
	if ((uint64_t)st.st_size > PROGRAM_MAX) {
		rc = hs_fail(err, HS_ERR_TOO_LONG, "%s is too long", path);
		goto out;
	}
	p->len = (size_t)st.st_size;
	p->data = malloc(p->len);
	if (p->data == NULL)
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
	else if (read_all(fd, p) != HS_OK)
		rc = hs_fail(err, HS_ERR_IO, "%s: not all of it could be read", path);
out:
	close(fd);
	return rc;
}

// dir; else beside this program, as in the build folder; else where `make install` puts it.
static int
find_program(const char *dir, const char *installed, const char *name,
    char out[static PATH_MAX], struct hs_err *err)
{
	char self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *slash = n > 0 ? strrchr(self, '/') : NULL;
	int len;

	if (dir == NULL && slash != NULL)
		self[slash - self] = '\0';
	len = snprintf(out, PATH_MAX, "%s/%s", dir != NULL ? dir : self, name);
	if (len < 0 || len >= PATH_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of %s is too long", name);
	if (dir == NULL && access(out, F_OK) != 0)
		return hs_str_copy(hs_str_c(installed), out, PATH_MAX);
	return HS_OK;
}

int
hs_serverscript_programs(struct hs_serverscript *c, const char *dir, struct hs_err *err)
{
	static const struct {
		const char *name, *installed;
	} which[] = {{"handseal-verify", HS_BINDIR "/handseal-verify"},
	    {"handseal-shell", HS_LIBEXECDIR "/handseal-shell"}};
	char path[PATH_MAX];
	int rc = HS_OK;

	for (size_t i = 0; rc == HS_OK && i < sizeof which / sizeof which[0]; i++) {
		rc = find_program(dir, which[i].installed, which[i].name, path, err);
		if (rc == HS_OK)
			rc = read_program(&c->programs[i], path, err);
	}
	if (rc == HS_NO_SUCH) {
		char why[PATH_MAX + 64];

		(void)snprintf(why, sizeof why, "%s", hs_err_sentence(err));
		rc = hs_fail(err, HS_NO_SUCH,
		    "%s: make builds it, and --programs names its folder", why);
	}
	return rc;
}

void
hs_serverscript_call(struct hs_serverscript *c, const char *commands)
{
	hs_put_fmt(&c->back, "%s\n", commands);
}

static size_t
lines_of(const struct hs_serverprogram *p)
{
	return (p->len + LINE - 1) / LINE;
}

size_t
hs_serverscript_len(const struct hs_serverscript *c)
{
	size_t n = c->front.len + c->back.len;

	if (hs_buf_err(&c->front) != HS_OK || hs_buf_err(&c->back) != HS_OK)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		const struct hs_serverprogram *p = &c->programs[i];

		if (p->data != NULL)
			n += strlen(p->function) + strlen("() {\ncat <<'" MARK "'\n") +
			     (p->len + 2) / 3 * 4 + lines_of(p) + strlen(MARK "\n}\n");
	}
	return n;
}

// What b holds goes out, once it is worth it.
static int
drain(int fd, struct hs_buf *b, size_t above)
{
	int rc = hs_buf_err(b);

	if (rc == HS_OK && b->len > above) {
		if (!hs_paths_write_fd(fd, hs_buf_str(b)))
			rc = HS_ERR_IO;
		hs_buf_reset(b);
	}
	return rc;
}

static int
write_program(int fd, const struct hs_serverprogram *p)
{
	struct hs_buf b = {0};
	int rc = HS_OK;

	hs_put_fmt(&b, "%s() {\ncat <<'" MARK "'\n", p->function);
	for (size_t at = 0; rc == HS_OK && at < p->len; at += LINE) {
		size_t n = p->len - at < LINE ? p->len - at : LINE;

		hs_text_put_base64(&b, (struct hs_str){p->data + at, n});
		hs_put_u8(&b, '\n');
		rc = drain(fd, &b, 32768);
	}
	hs_put_fmt(&b, MARK "\n}\n");
	if (rc == HS_OK)
		rc = drain(fd, &b, 0);
	hs_buf_free(&b);
	return rc;
}

int
hs_serverscript_write(const struct hs_serverscript *c, int fd, struct hs_err *err)
{
	int rc = HS_OK;

	if (hs_serverscript_len(c) == 0)
		return hs_fail(err, HS_ERR_INTERNAL, "the script could not be made");
	if (!hs_paths_write_fd(fd, hs_buf_str(&c->front)))
		rc = HS_ERR_IO;
	for (size_t i = 0; rc == HS_OK && i < 2; i++)
		if (c->programs[i].data != NULL)
			rc = write_program(fd, &c->programs[i]);
	if (rc == HS_OK && !hs_paths_write_fd(fd, hs_buf_str(&c->back)))
		rc = HS_ERR_IO;
	return rc == HS_OK
		   ? HS_OK
		   : hs_fail(err, (enum hs_code)rc,
			 "not all of the script could be written: %s", strerror(errno));
}

void
hs_serverscript_free(struct hs_serverscript *c)
{
	hs_buf_free(&c->front);
	hs_buf_free(&c->back);
	for (size_t i = 0; i < 2; i++) {
		free(c->programs[i].data);
		c->programs[i].data = NULL;
	}
}
