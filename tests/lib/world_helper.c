// SPDX-License-Identifier: ISC
//
// What the test's own program does when the daemon under test runs it: as the FIDO helper,
// with a key that signs what it is given, and as the askpass program. Contract in world.h.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "proto/helper.h"
#include "tests/lib/world.h"

// its folder is in front of argv[0]'s last part
static bool
in_dir(const char *self, const char *name, char out[static PATH_MAX])
{
	const char *slash = strrchr(self, '/');

	return slash != NULL && snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - self),
				    self, name) < PATH_MAX;
}

static size_t
slurp(const char *self, const char *name, void *p, size_t size)
{
	char path[PATH_MAX];
	ssize_t n = -1;
	int fd = in_dir(self, name, path) ? open(path, O_RDONLY) : -1;

	if (fd >= 0) {
		n = read(fd, p, size);
		close(fd);
	}
	return n > 0 ? (size_t)n : 0;
}

static void
keep(const char *self, const char *name, const void *p, size_t n)
{
	char path[PATH_MAX];
	int fd =
	    in_dir(self, name, path) ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		_exit(3);
	close(fd);
}

static bool
exists(const char *self, const char *name)
{
	char path[PATH_MAX];

	return in_dir(self, name, path) && access(path, F_OK) == 0;
}

static int
put(const struct hs_helper_answer *a)
{
	struct hs_buf out = {0};
	ssize_t n;

	hs_helper_answer_put(&out, a);
	n = write(STDOUT_FILENO, out.p, out.len);
	n = n > 0 && (size_t)n == out.len ? 0 : 1;
	hs_buf_free(&out);
	return (int)n;
}

static int
sign(const char *self, const struct hs_helper_sign *q, char how)
{
	struct hs_helper_answer a = {.op = HS_HELPER_SIGN, .code = HS_OK};
	struct hs_buf body = {0};
	struct hs_mint m;
	size_t at = q->v[0].body.len + 4; // behind the signature's length
	int rc;

	if (slurp(self, "secret", &m, sizeof m) != sizeof m)
		return 1;
	hs_put_raw(&body, q->v[0].body.p, q->v[0].body.len);
	if (hs_mint_sign(&m, &body, q->verify && how != 'u' ? 5 : 1, 7) != HS_OK)
		return 1;
	if (how == 'l')
		body.p[at + 40] ^= 1;
	a.signed_.signature = (struct hs_str){body.p + at, body.len - at};
	a.signed_.device = hs_str_c("softkey:/key");
	rc = put(&a);
	hs_buf_free(&body);
	return rc;
}

static int
be_helper(const char *self)
{
	static uint8_t mem[4 + HS_HELPER_MSG_MAX];
	static struct hs_helper_request q;
	struct hs_helper_answer no = {.op = HS_HELPER_SIGN,
	    .sentence = hs_str_c("as the test says"),
	    .retries = HS_HELPER_RETRIES_UNKNOWN};
	char how[64], pin[128];
	size_t have = 0;
	ssize_t n;

	while ((n = read(STDIN_FILENO, mem + have, sizeof mem - have)) > 0)
		have += (size_t)n;
	if (hs_helper_request_parse((struct hs_str){mem, have}, &q) != HS_OK)
		return 1;
	if (q.sign.pin) {
		n = read(HS_HELPER_PIN_FD, pin, sizeof pin);
		keep(self, "pin", pin, n > 0 ? (size_t)n : 0);
	}
	how[slurp(self, "how", how, sizeof how - 1)] = '\0';
	while (strcmp(how, "wait") == 0 && !exists(self, "touched"))
		(void)usleep(1000);
	if (strcmp(how, "sign") == 0 || strcmp(how, "wait") == 0 ||
	    strcmp(how, "lie") == 0 || strcmp(how, "unverified") == 0)
		return sign(self, &q.sign, how[0]);
	no.code = hs_code_from_name(how, strlen(how));
	return put(&no);
}

// Keeps what it was to show. "says" holds its exit status, and behind a blank what it
// prints; without that file it waits to be ended.
static int
be_askpass(const char *self, int argc, char **argv)
{
	char says[128];
	size_t n;

	if (argc > 1)
		keep(self, "prompted", argv[1], strlen(argv[1]));
	n = slurp(self, "says", says, sizeof says - 1);
	says[n] = '\0';
	if (n == 0)
		return (int)sleep(1000);
	if (n > 2 && write(STDOUT_FILENO, says + 2, n - 2) != (ssize_t)(n - 2))
		return 3;
	return says[0] - '0';
}

int
world_program(int argc, char **argv)
{
	size_t n = argc > 0 ? strlen(argv[0]) : 0;

	if (n == 0 || strncmp(argv[0], WORLD_DIR, sizeof WORLD_DIR - 1) != 0)
		return -1;
	(void)alarm(120); // a test that was killed leaves nobody to end this
	return n > 7 && strcmp(argv[0] + n - 7, "askpass") == 0
		   ? be_askpass(argv[0], argc, argv)
		   : be_helper(argv[0]);
}
