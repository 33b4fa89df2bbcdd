// SPDX-License-Identifier: ISC
//
// Running ssh-keygen. Contract in keygen.h.
#include "tests/lib/keygen.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS 30

static bool
drain(FILE *f, struct hs_buf *out)
{
	uint8_t chunk[4096];
	size_t n;

	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		if (out != NULL)
			hs_put_raw(out, chunk, n);
	return ferror(f) == 0 && (out == NULL || hs_buf_err(out) == HS_OK);
}

int
keygen_run(const char *const *args, struct hs_buf *out)
{
	const char *argv[ARGS + 2] = {"ssh-keygen"};
	int p[2], status = -1;
	FILE *f;
	pid_t pid;

	for (size_t i = 0; i < ARGS && args[i] != NULL; i++)
		argv[i + 1] = args[i];
	if (pipe(p) != 0)
		return -1;
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (dup2(p[1], STDOUT_FILENO) < 0 ||
		    freopen("/dev/null", "r", stdin) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(126);
		(void)close(p[0]);
		(void)close(p[1]);
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(p[1]);
	f = fdopen(p[0], "r");
	if (f != NULL && !drain(f, out))
		pid = -1;
	if (f != NULL)
		(void)fclose(f);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

bool
keygen_write(const char *path, struct hs_str data)
{
	FILE *f = fopen(path, "w");
	// ssh-keygen uses no private key that others could read
	bool ok = f != NULL && fchmod(fileno(f), 0600) == 0 &&
		  fwrite(data.p, 1, data.len, f) == data.len;

	return f != NULL && fclose(f) == 0 && ok;
}

bool
keygen_read(const char *path, struct hs_buf *out)
{
	FILE *f = fopen(path, "r");
	bool ok = f != NULL && drain(f, out);

	if (f != NULL)
		(void)fclose(f);
	return ok;
}
