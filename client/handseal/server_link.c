// SPDX-License-Identifier: ISC
//
// The connection to a server. Contract in server_link.h.
#include "client/handseal/server_link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GREETING "handseal-server 1"
// Any login shell takes it. The greeting stands on a line of its own, whatever start files
// said before. It reads no further than it was told to, so what comes later is still there
// for the next script.
#define BOOTSTRAP                                                                          \
	"exec /bin/sh -c 'echo; echo " GREETING                                            \
	"; while read -r n; do eval \"$(head -c \"$n\")\"; done' handseal-server"
#define OUTPUT_MAX   65536
#define UNDO_SECONDS 60
#define NOISE_MAX    65536 // what a login's start files may say before us

static int64_t
now_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
hs_serverargs_put(struct hs_serverargs *a, const char *word)
{
	if (a->n < HS_SERVERLINK_ARGS)
		a->v[a->n] = word;
	a->n++;
}

void
hs_serverargs_ssh(struct hs_serverargs *a, const struct hs_server *s)
{
	static const char *const ours[] = {"ssh", "-T", "-x", "-a", "-o",
	    "ClearAllForwardings=yes", "-o", "RemoteCommand=none", "-o",
	    "PermitLocalCommand=no", "-o", "ServerAliveInterval=15", "-o",
	    "ServerAliveCountMax=3", "-o", "ConnectTimeout=30"};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		hs_serverargs_put(a, ours[i]);
	for (size_t i = 0; i < s->nssh; i++)
		hs_serverargs_put(a, s->ssh[i]);
}

// ---- children

static void
become(const struct hs_serverargs *a, int in, int out, int errors)
{
	sigset_t none;
	int nowhere = in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : in;

	if (dup2(nowhere, STDIN_FILENO) < 0 ||
	    dup2(out >= 0 ? out : STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    (errors >= 0 && dup2(errors, STDERR_FILENO) < 0))
		_exit(255);
	(void)signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execvp(a->v[0], (char *const *)(uintptr_t)a->v);
	dprintf(STDERR_FILENO, "handseal: cannot run %s: %s\n", a->v[0], strerror(errno));
	_exit(255);
}

static int
start(const struct hs_serverargs *a, int in, int out, int errors, pid_t *pid,
    struct hs_err *err)
{
	if (a->n == 0 || a->n > HS_SERVERLINK_ARGS)
		return hs_fail(err, HS_ERR_USAGE, "too many options for ssh");
	fflush(stdout);
	*pid = fork();
	if (*pid == 0)
		become(a, in, out, errors);
	return *pid > 0 ? HS_OK
			: hs_fail(err, HS_ERR_IO, "cannot fork: %s", strerror(errno));
}

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// Both ends, closed on exec; -1 where there is none.
static int
make_pipe(int ends[2], struct hs_err *err)
{
	ends[0] = ends[1] = -1;
	return pipe2(ends, O_CLOEXEC) == 0
		   ? HS_OK
		   : hs_fail(err, HS_ERR_IO, "cannot make a pipe: %s", strerror(errno));
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

// ---- a short run

// What can be read goes to b; beyond the limit it is read and dropped. False at the end.
static bool
take(int fd, struct hs_buf *b)
{
	uint8_t part[4096];
	ssize_t n = read(fd, part, sizeof part);

	if (n < 0)
		return errno == EINTR;
	if (n > 0 && b->len < OUTPUT_MAX)
		hs_put_raw(b, part, (size_t)n);
	return n > 0;
}

static bool
gather(int fds[2], struct hs_buf *into[2], unsigned seconds)
{
	int64_t end = now_ms() + (int64_t)seconds * 1000;

	while (fds[0] >= 0 || fds[1] >= 0) {
		struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
		int64_t left = end - now_ms();

		if (left <= 0)
			return false;
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return false;
		for (int i = 0; i < 2; i++)
			if (fds[i] >= 0 && p[i].revents != 0 && !take(fds[i], into[i]))
				shut(&fds[i]);
	}
	return true;
}

int
hs_serverlink_run(const struct hs_serverargs *a, unsigned seconds, struct hs_buf *out,
    struct hs_buf *errors, int *status, struct hs_err *err)
{
	int o[2] = {-1, -1}, e[2] = {-1, -1}, rc = HS_OK;
	pid_t pid = -1;

	*status = 255;
	if (out != NULL)
		rc = make_pipe(o, err);
	if (rc == HS_OK && errors != NULL)
		rc = make_pipe(e, err);
	if (rc == HS_OK)
		rc = start(a, -1, o[1], e[1], &pid, err);
	shut(&o[1]);
	shut(&e[1]);
	if (rc == HS_OK) {
		int fds[2] = {o[0], e[0]};
		struct hs_buf *into[2] = {out, errors};

		if (!gather(fds, into, seconds)) {
			(void)kill(pid, SIGTERM);
			rc = hs_fail(
			    err, HS_ERR_IO, "%s did not end within %u s", a->v[0], seconds);
		}
		o[0] = fds[0];
		e[0] = fds[1];
		*status = reap(pid);
	}
	shut(&o[0]);
	shut(&e[0]);
	return rc;
}

// ---- the connection

int
hs_serverlink_open(struct hs_serverlink *l, const struct hs_server *s, struct hs_err *err)
{
	struct hs_serverargs a = {0};
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	int rc = make_pipe(in, err);

	l->to = l->from = -1;
	hs_serverargs_ssh(&a, s);
	hs_serverargs_put(&a, "--");
	hs_serverargs_put(&a, s->target);
	hs_serverargs_put(&a, BOOTSTRAP);
	if (rc == HS_OK)
		rc = make_pipe(out, err);
	if (rc == HS_OK)
		rc = start(&a, in[0], out[1], -1, &l->pid, err);
	if (rc == HS_OK) {
		l->to = in[1];
		l->from = out[0];
		in[1] = out[0] = -1;
	}
	for (int i = 0; i < 2; i++) {
		shut(&in[i]);
		shut(&out[i]);
	}
	return rc;
}

// Takes the next whole line off what is held; it lives until the next call.
static bool
held_line(struct hs_serverlink *l, size_t *gone, struct hs_str *line)
{
	const uint8_t *lf;

	memmove(l->held, l->held + *gone, l->nheld - *gone);
	l->nheld -= *gone;
	*gone = 0;
	lf = l->nheld > 0 ? memchr(l->held, '\n', l->nheld) : NULL;
	if (lf == NULL)
		return false;
	*line = (struct hs_str){l->held, (size_t)(lf - l->held)};
	*gone = line->len + 1;
	return true;
}

static int
next_line(struct hs_serverlink *l, size_t *gone, int64_t end, struct hs_str *line,
    struct hs_err *err)
{
	while (!held_line(l, gone, line)) {
		struct pollfd p = {l->from, POLLIN, 0};
		int64_t left = end - now_ms();
		ssize_t n;

		if (l->nheld == sizeof l->held)
			return hs_fail(err, HS_ERR_TOO_LONG,
			    "what the server says is longer than a line of it may be");
		if (left <= 0 || (poll(&p, 1, (int)left) == 0))
			return hs_fail(
			    err, HS_ERR_IO, "the server does not answer any more");
		n = read(l->from, l->held + l->nheld, sizeof l->held - l->nheld);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return hs_fail(err, HS_ERR_IO,
			    "the connection ended; what was begun there and not kept "
			    "is undone");
		l->nheld += (size_t)n;
	}
	return HS_OK;
}

static void
told(const struct hs_server *s, const struct hs_serverfact *f)
{
	bool warning = hs_str_is(f->key, "warn");

	if (s->json) {
		(void)json_array_append_new(s->did, hs_cli_json(f->value));
		return;
	}
	fputs(warning ? "  ! " : "  ", stdout);
	hs_cli_put(stdout, f->value);
	fputc('\n', stdout);
	fflush(stdout);
}

static int
take_line(struct hs_serverlink *l, const struct hs_server *s, struct hs_str line, bool *end,
    struct hs_err *err)
{
	struct hs_serverfact f;

	if (!l->greeted) {
		l->greeted = hs_str_is(line, GREETING);
		l->noise += line.len + 1;
		if (!l->greeted && l->noise > NOISE_MAX)
			return hs_fail(err, HS_ERR_TOO_LONG,
			    "no answer came among what the server says");
		return HS_OK;
	}
	if (hs_serverfacts_line(line, &f) != HS_OK)
		return HS_OK;
	*end = hs_str_is(f.key, "end");
	if (hs_str_is(f.key, "say") || hs_str_is(f.key, "warn"))
		told(s, &f);
	// half of what stands there must not be shown as all
	if (l->facts.len + line.len >= HS_SERVERFACTS_MAX)
		return hs_fail(
		    err, HS_ERR_TOO_LONG, "the server says more than can be looked at");
	hs_put_raw(&l->facts, line.p, line.len);
	hs_put_u8(&l->facts, '\n');
	return HS_OK;
}

static int
verdict(struct hs_serverlink *l, struct hs_str end, struct hs_err *err)
{
	struct hs_str why;
	int rc = hs_buf_err(&l->facts);

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	if (hs_str_is(end, "end 0"))
		return HS_OK;
	if (!hs_serverfacts_find(hs_buf_str(&l->facts), "fail", &why))
		why = hs_str_c("it failed there, and does not say why");
	return hs_fail(err, HS_ERR_IO, "%.*s", (int)why.len, (const char *)why.p);
}

int
hs_serverlink_call(struct hs_serverlink *l, const struct hs_server *s,
    const struct hs_serverscript *c, unsigned seconds, struct hs_err *err)
{
	int64_t end = now_ms() + (int64_t)seconds * 1000;
	size_t len = hs_serverscript_len(c), gone = 0;
	struct hs_str line = {0};
	bool is_end = false;
	int rc;

	if (len == 0)
		return hs_fail(err, HS_ERR_INTERNAL, "the script could not be made");
	hs_buf_reset(&l->facts);
	if (dprintf(l->to, "%zu\n", len) < 0)
		return hs_fail(err, HS_ERR_IO, "there is no connection");
	rc = hs_serverscript_write(c, l->to, err);
	if (rc != HS_OK)
		return hs_fail(err, HS_ERR_IO, "there is no connection");
	while (rc == HS_OK && !is_end) {
		rc = next_line(l, &gone, end, &line, err);
		if (rc == HS_OK)
			rc = take_line(l, s, line, &is_end, err);
	}
	if (rc == HS_OK)
		rc = verdict(l, line, err);
	// nothing is asked of us behind an end: what else is held is dropped
	l->nheld = 0;
	return rc;
}

void
hs_serverlink_close(struct hs_serverlink *l)
{
	if (l->pid > 0) {
		int fds[2] = {l->from, -1};
		struct hs_buf rest = {0}, *into[2] = {&rest, NULL};

		shut(&l->to); // now it undoes what is not decided: wait for that
		(void)gather(fds, into, UNDO_SECONDS);
		shut(&fds[0]);
		hs_buf_free(&rest);
		(void)reap(l->pid);
		l->pid = 0;
	}
	hs_buf_free(&l->facts);
}
