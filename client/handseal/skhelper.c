// SPDX-License-Identifier: ISC
//
// Running the helper. It may hang, die, write without end or leave children behind, and the
// person may call it off at any moment. Contract in skhelper.h.
#include "client/handseal/skhelper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "proto/helper.h"

#define ANSWER_MAX (4 + HS_HELPER_MSG_MAX)
#define TERM_MS	   2000 // from SIGTERM to SIGKILL
#define EOF_MS	   1000 // from the helper's end to the end of its output

static const int asked_to_stop[] = {SIGINT, SIGTERM, SIGHUP};

struct run {
	pid_t pid; // 0: none
	int in, out, signals;
	struct hs_str request; // what is left of it
	struct hs_str pin;     // p is NULL: none
	struct hs_buf *answer;
	int64_t deadline;
	bool cancelled, exited;
	siginfo_t end;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return INT64_MAX;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

// What came by nohup or from a shell's background job as ignored stays so.
static int
take_signals(struct run *r, sigset_t *before)
{
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof asked_to_stop / sizeof asked_to_stop[0]; i++)
		if (sigaction(asked_to_stop[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaddset(&set, asked_to_stop[i]);
	signal(SIGCHLD, SIG_DFL); // an ignored one would take the child's status with it
	if (sigprocmask(SIG_BLOCK, &set, before) != 0)
		return -1;
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals < 0 ? -1 : 0;
}

static int
prepare(posix_spawn_file_actions_t *fa, posix_spawnattr_t *attr, int in, int out, int pin)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	if ((rc = posix_spawn_file_actions_adddup2(fa, in, STDIN_FILENO)) != 0 ||
	    (rc = posix_spawn_file_actions_adddup2(fa, out, STDOUT_FILENO)) != 0 ||
	    // last: the others may have that number until then
	    (pin >= 0 &&
		(rc = posix_spawn_file_actions_adddup2(fa, pin, HS_HELPER_PIN_FD)) != 0) ||
	    (rc = posix_spawn_file_actions_addchdir_np(fa, "/")) != 0 ||
	    (rc = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
	    (rc = posix_spawnattr_setsigdefault(attr, &all)) != 0 ||
	    (rc = posix_spawnattr_setpgroup(attr, 0)) != 0)
		return rc;
	return posix_spawnattr_setflags(
	    attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int
spawn(struct run *r, const char *path, int in, int out, int pin)
{
	char *argv[] = {(char *)path, NULL};
	char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int rc;

	if ((rc = posix_spawn_file_actions_init(&fa)) != 0)
		return rc;
	if ((rc = posix_spawnattr_init(&attr)) != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return rc;
	}
	rc = prepare(&fa, &attr, in, out, pin);
	if (rc == 0)
		rc = posix_spawn(&r->pid, path, &fa, &attr, argv, env);
	if (rc != 0)
		r->pid = 0;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

// All of it fits into a pipe at once, so that nobody needs to wait for the helper to read.
static int
fill_pin(const struct run *r, int pin[2])
{
	ssize_t n;

	if (r->pin.p == NULL)
		return 0;
	if (r->pin.len > HS_HELPER_PIN_MAX)
		return EINVAL;
	if (pipe2(pin, O_CLOEXEC) != 0)
		return errno;
	n = r->pin.len > 0 ? write(pin[1], r->pin.p, r->pin.len) : 0;
	close_fd(&pin[1]);
	return n == (ssize_t)r->pin.len ? 0 : EIO;
}

static int
start(struct run *r, struct hs_err *err)
{
	const char *path = getenv("HANDSEAL_SK_HELPER");
	int in[2] = {-1, -1}, out[2] = {-1, -1}, pin[2] = {-1, -1}, rc;

	if (path == NULL || path[0] == '\0')
		path = HS_LIBEXECDIR "/handseal-sk-helper";
	if (path[0] != '/')
		return hs_fail(err, HS_SK_HELPER,
		    "HANDSEAL_SK_HELPER is %s, and must be a path that begins with /",
		    path);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) != 0)
		rc = errno;
	else
		rc = fill_pin(r, pin);
	if (rc == 0)
		rc = spawn(r, path, in[0], out[1], pin[0]);
	close_fd(&pin[0]);
	close_fd(&in[0]);
	close_fd(&out[1]);
	r->in = in[1];
	r->out = out[0];
	return rc == 0 ? HS_OK
		       : hs_fail(err, HS_SK_HELPER, "the FIDO helper %s cannot be run: %s",
			     path, strerror(rc));
}

static void
send_request(struct run *r)
{
	ssize_t n = write(r->in, r->request.p, r->request.len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		r->request.p += n;
		r->request.len -= (size_t)n;
	}
	// one that does not read its request cannot answer it either
	if (n < 0 || r->request.len == 0)
		close_fd(&r->in);
}

static int
read_answer(struct run *r, struct hs_err *err)
{
	uint8_t chunk[16384];
	ssize_t n = read(r->out, chunk, sizeof chunk);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return HS_OK;
	if (n <= 0) {
		close_fd(&r->out);
		return HS_OK;
	}
	if (r->answer->len + (size_t)n > ANSWER_MAX)
		return hs_fail(err, HS_SK_HELPER, "the FIDO helper's answer is too long");
	hs_put_raw(r->answer, chunk, (size_t)n);
	return hs_buf_err(r->answer) == HS_OK ? HS_OK
					      : hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

static void
end_soon(struct run *r, int64_t ms)
{
	int64_t then = now_ms() + ms;

	if (then < r->deadline)
		r->deadline = then;
}

static void
read_signals(struct run *r)
{
	struct signalfd_siginfo s;

	while (read(r->signals, &s, sizeof s) == (ssize_t)sizeof s) {
		if (s.ssi_signo == SIGCHLD || r->cancelled)
			continue;
		r->cancelled = true;
		(void)kill(-r->pid, SIGTERM);
		end_soon(r, TERM_MS);
	}
	// Not reaped yet: its number stays its own until its group was seen to.
	if (!r->exited &&
	    waitid(P_PID, (id_t)r->pid, &r->end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    r->end.si_pid == r->pid) {
		r->exited = true;
		end_soon(r, EOF_MS);
	}
}

static int
serve(struct run *r, struct hs_err *err)
{
	int rc = HS_OK;

	while (rc == HS_OK && (!r->exited || r->out >= 0)) {
		struct pollfd p[] = {{.fd = r->signals, .events = POLLIN},
		    {.fd = r->out, .events = POLLIN}, {.fd = r->in, .events = POLLOUT}};
		int64_t left = r->deadline - now_ms();

		if (left <= 0)
			break;
		if (poll(p, 3, left > 1000 ? 1000 : (int)left) < 0 && errno != EINTR)
			return hs_fail(err, HS_SK_HELPER,
			    "cannot wait for the FIDO helper: %s", strerror(errno));
		if (p[2].revents != 0)
			send_request(r);
		if (p[1].revents != 0)
			rc = read_answer(r, err);
		read_signals(r);
	}
	return rc;
}

static int
judge(const struct run *r, struct hs_err *err)
{
	if (r->cancelled)
		return hs_fail(
		    err, HS_SK_CANCELLED, "%s", hs_code_sentence(HS_SK_CANCELLED));
	if (!r->exited)
		return hs_fail(err, HS_SK_HELPER,
		    "the FIDO helper did not end in time and was killed");
	if (r->end.si_code != CLD_EXITED)
		return hs_fail(err, HS_SK_HELPER, "the FIDO helper was ended by signal %d",
		    r->end.si_status);
	if (r->answer->len == 0)
		return hs_fail(err, HS_SK_HELPER,
		    "the FIDO helper ended with status %d and without an answer",
		    r->end.si_status);
	return HS_OK;
}

int
hs_skhelper_run(struct hs_str request, struct hs_str pin, unsigned seconds,
    struct hs_buf *answer, struct hs_err *err)
{
	struct run r = {.in = -1,
	    .out = -1,
	    .signals = -1,
	    .request = request,
	    .pin = pin,
	    .answer = answer};
	sigset_t before;
	int rc;

	sigemptyset(&before);
	r.deadline = now_ms() + (int64_t)seconds * 1000;
	if (take_signals(&r, &before) != 0)
		rc = hs_fail(
		    err, HS_ERR_IO, "cannot watch for signals: %s", strerror(errno));
	else
		rc = start(&r, err);
	if (rc == HS_OK)
		rc = serve(&r, err);
	if (rc == HS_OK)
		rc = judge(&r, err);
	if (r.pid > 0) {
		(void)kill(-r.pid, SIGKILL);
		while (waitpid(r.pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	close_fd(&r.in);
	close_fd(&r.out);
	close_fd(&r.signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
