// SPDX-License-Identifier: ISC
//
// Shell settings and going to the background. Contract in start.h.
#include "agentd/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/adopt.h"
#include "proto/text.h"

// In single quotes for a shell. csh takes ! even there.
static void
print_quoted(const char *s, bool csh)
{
	struct hs_buf plain = {0};

	hs_words_put(&plain, hs_str_c(s), false);
	// most paths need no quotes, and then it reads as ssh-agent's
	if (hs_buf_err(&plain) == HS_OK && plain.len == strlen(s)) {
		fputs(s, stdout);
	} else {
		putchar('\'');
		for (; *s != '\0'; s++) {
			if (*s == '\'')
				fputs("'\\''", stdout);
			else if (csh && (*s == '!' || *s == '\n'))
				printf("\\%c", *s);
			else
				putchar(*s);
		}
		putchar('\'');
	}
	hs_buf_free(&plain);
}

static void
print_setting(const char *name, const char *value, bool csh)
{
	printf(csh ? "setenv %s " : "%s=", name);
	print_quoted(value, csh);
	if (csh)
		puts(";");
	else
		printf("; export %s;\n", name);
}

void
hs_start_print(const char *socket, pid_t pid, bool csh, bool foreground)
{
	char number[32];

	(void)snprintf(number, sizeof number, "%ld", (long)pid);
	print_setting(HS_ENV_SOCK, socket, csh);
	if (!foreground)
		print_setting(HS_ENV_PID, number, csh);
	printf("echo Agent pid %s;\n", number);
	(void)fflush(stdout);
}

int
hs_start_kill(bool csh, struct hs_err *err)
{
	const char *s = getenv(HS_ENV_PID);
	uint64_t pid;

	if (s == NULL)
		return hs_fail(err, HS_ERR_USAGE, HS_ENV_PID " is not set: nothing to end");
	if (hs_text_u64(hs_str_c(s), INT_MAX, &pid) != HS_OK || pid < 2)
		return hs_fail(err, HS_ERR_USAGE, HS_ENV_PID "=%s is no process", s);
	if (kill((pid_t)pid, SIGTERM) != 0)
		return hs_fail(err, HS_ERR_IO, "process %s: %s", s, strerror(errno));
	printf(csh ? "unsetenv %s;\n" : "unset %s;\n", HS_ENV_SOCK);
	printf(csh ? "unsetenv %s;\n" : "unset %s;\n", HS_ENV_PID);
	printf("echo Agent pid %s killed;\n", s);
	return HS_OK;
}

void
hs_start_descriptors(bool keep_adopted)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	closefrom(keep_adopted ? HS_ADOPT_FD + 1 : HS_ADOPT_FD);
}

static int
detach(int null, struct hs_err *err)
{
	(void)setsid();
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	if (chdir("/") != 0)
		return hs_fail(err, HS_ERR_IO, "/: %s", strerror(errno));
	return HS_OK;
}

// Until the child has detached, and so let go of the pipe's other end: what the parent
// prints then is true.
static void
await_child(int fd)
{
	char c;

	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
}

int
hs_start_background(bool *child, pid_t *pid, struct hs_err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ready[2] = {-1, -1}, rc = HS_OK;

	*child = false;
	if (null < 0 || pipe2(ready, O_CLOEXEC) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "the background: %s", strerror(errno));
		goto out;
	}
	(void)fflush(NULL);
	*pid = fork();
	if (*pid < 0) {
		rc = hs_fail(err, HS_ERR_IO, "fork: %s", strerror(errno));
		goto out;
	}
	*child = *pid == 0;
	if (*child) {
		rc = detach(null, err);
	} else {
		close(ready[1]);
		ready[1] = -1;
		await_child(ready[0]);
	}
out:
	if (null >= 0)
		close(null);
	for (size_t i = 0; i < 2; i++)
		if (ready[i] >= 0)
			close(ready[i]);
	return rc;
}
