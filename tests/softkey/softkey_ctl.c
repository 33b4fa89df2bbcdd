// SPDX-License-Identifier: ISC
//
// softkey-ctl CONTROL WORD...: sends a command to a software key (the words are in ctl.h),
// prints the answer, and exits with 0 if its last line is "ok". Not a library.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES	 512
#define ANSWER_MAX_BYTES 8192

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "softkey-ctl: %s: %s\n", what, why);
	return 1;
}

// The words, a blank between them, LF at the end. 0 if they do not make one line.
static size_t
make_line(char *line, size_t size, char **words, int n)
{
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		int added =
		    snprintf(line + len, size - len, "%s%s", i > 0 ? " " : "", words[i]);

		if (strpbrk(words[i], " \n") != NULL || words[i][0] == '\0' || added < 0 ||
		    (size_t)added + 1 >= size - len)
			return 0;
		len += (size_t)added;
	}
	line[len++] = '\n';
	return len;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof addr.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr) != 0) {
		int error = errno;

		close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

static ssize_t
exchange(int fd, const char *line, size_t len, char *answer, size_t size)
{
	size_t got = 0;
	ssize_t n;

	if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	while (got < size) {
		n = recv(fd, answer + got, size - got, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static bool
is_ok(const char *answer, size_t len)
{
	return (len == 3 || (len > 3 && answer[len - 4] == '\n')) &&
	       memcmp(answer + len - 3, "ok\n", 3) == 0;
}

int
main(int argc, char **argv)
{
	char line[LINE_MAX_BYTES], answer[ANSWER_MAX_BYTES];
	ssize_t got;
	size_t len;
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: softkey-ctl CONTROL WORD...\n");
		return 2;
	}
	len = make_line(line, sizeof line, argv + 2, argc - 2);
	if (len == 0) {
		fprintf(stderr, "softkey-ctl: words are short and hold no blanks\n");
		return 2;
	}
	fd = connect_to(argv[1]);
	if (fd < 0)
		return fail(argv[1], strerror(errno));
	got = exchange(fd, line, len, answer, sizeof answer);
	close(fd);
	if (got < 0)
		return fail(argv[1], strerror(errno));
	if (got == 0)
		return fail(argv[1], "the key gave no answer");
	fwrite(answer, 1, (size_t)got, stdout);
	if (fflush(stdout) != 0)
		return fail("stdout", strerror(errno));
	return is_ok(answer, (size_t)got) ? 0 : 1;
}
