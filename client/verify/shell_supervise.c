// SPDX-License-Identifier: ISC
//
// Running a command below us, and ending it. Contract in supervise.h.
//
// All signals are blocked and read from a descriptor: nothing but SIGKILL and SIGSTOP keeps
// us from ending what must end.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "client/verify/supervise.h"

#define CALM_MS	   50	// at the least between two looks, however often a file changes
#define STEP_MS	   20	// between two looks whether all has ended
#define HURRY_MS   300	// without one while others come up, to overtake what forks on
#define SAID_MS	   100	// for sshd to pass on what was said last
#define PERSIST_MS 5000 // how long what does not end is ended again

struct supervised {
	const struct hs_shell_job *job;
	pid_t command; // 0: it has ended
	pid_t teller;  // 0: nothing is being told
	int status;
	int signals;	// signalfd
	int children;	// list of them, or -1
	int connection; // pidfd, or -1
	bool told;
};

static uint64_t
clock_ms(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0 || t.tv_sec < 0)
		return UINT64_MAX; // by such a clock everything has ended
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct hs_shell_time
hs_shell_time_now(void)
{
	return (struct hs_shell_time){clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME)};
}

// True where we have no child any more. Then there is nothing below us at all: what loses
// its parent becomes our child.
static bool
reap(struct supervised *s)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->teller)
			s->teller = 0;
		if (pid != s->command)
			continue;
		s->command = 0;
		s->status = status;
	}
	return pid < 0 && errno == ECHILD;
}

// ---- telling the person

// In a process of its own, so that a client that does not read holds up nothing.
static void
tell(struct supervised *s, const char *sentence)
{
	char text[600];
	size_t len, at = 0;
	pid_t pid;
	int n;

	if (s->teller != 0)
		return;
	pid = fork();
	if (pid > 0)
		s->teller = pid;
	if (pid != 0)
		return;
	// on a terminal, which may be in raw mode, and in the middle of a line
	n = snprintf(text, sizeof text,
	    isatty(STDERR_FILENO) ? "\r\nhandseal: %s\r\n" : "handseal: %s\n", sentence);
	len = n > 0 ? (size_t)n : 0;
	while (at < len && len < sizeof text) {
		ssize_t put = write(STDERR_FILENO, text + at, len - at);

		if (put < 0 && errno != EINTR)
			break;
		at += put > 0 ? (size_t)put : 0;
	}
	_exit(0);
}

static void
tell_notice(struct supervised *s, uint64_t left_ms)
{
	char text[200];

	(void)snprintf(text, sizeof text,
	    "the grant behind this login ends in %" PRIu64 " s, and with it what runs here",
	    (left_ms + 999) / 1000);
	tell(s, text);
	s->told = true;
}

static void
tell_end(struct supervised *s, const struct hs_err *why)
{
	char text[sizeof why->text + 100];

	(void)snprintf(text, sizeof text, "ended, %s: %s", hs_code_name(why->code),
	    hs_err_sentence(why));
	tell(s, text);
}

// ---- ending

static void
ask_all(const struct supervised *s, int sig)
{
	if (hs_shell_tree_signal(sig) == 0 && s->command != 0)
		(void)kill(s->command, sig); // not to be seen, but not reaped
}

// Whoever kills a parent need not know its children. Without the list it is what can be
// seen.
static uint64_t
kill_all(const struct supervised *s)
{
	uint64_t seen = 0;

	if (s->children >= 0)
		seen = hs_shell_children_kill(s->children);
	else
		(void)hs_shell_tree_signal(SIGKILL);
	if (s->command != 0)
		(void)kill(s->command, SIGKILL);
	return seen;
}

// Waits until nothing is left below us, or that clock has come so far.
static bool
wait_for_all(struct supervised *s, bool killing, uint64_t until)
{
	uint64_t hurry = 0, last = 0, now, seen;

	for (;;) {
		if (reap(s))
			return true;
		now = clock_ms(CLOCK_BOOTTIME);
		if (now >= until)
			return false;
		if (killing && (seen = kill_all(s)) != last) { // others than before
			last = seen;
			hurry = now + HURRY_MS;
		}
		if (now >= hurry)
			(void)poll(NULL, 0, STEP_MS);
	}
}

// First asks them, then ends them; then the connection, over which others may have been
// started, each with one of us above it; then what is still there, as long as it takes.
static void
end_all(struct supervised *s, struct hs_shell_end *out)
{
	uint64_t start = clock_ms(CLOCK_BOOTTIME);

	if (s->teller != 0)
		(void)kill(s->teller, SIGKILL); // it holds up what is to be told now
	(void)reap(s);
	s->teller = 0;
	tell_end(s, &out->err);
	ask_all(s, SIGTERM);
	ask_all(s, SIGHUP);
	ask_all(s, SIGCONT);
	(void)wait_for_all(s, false, start + HS_SHELL_GRACE_MS);
	(void)wait_for_all(s, true, start + 2 * HS_SHELL_GRACE_MS);
	(void)poll(NULL, 0, SAID_MS);
	out->closed = s->connection >= 0 && hs_shell_connection_end(s->connection);
	if (wait_for_all(s, true, start + PERSIST_MS))
		return;
	out->left = hs_shell_tree_signal(0);
	out->left += out->left == 0;
}

// ---- watching

// What others send to us is meant for the command. What the terminal sends it gets itself,
// but for the hangup, which only the first process of a login gets: that is us.
static void
pass_on(const struct supervised *s, const struct signalfd_siginfo *si)
{
	static const int passed[] = {
	    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};
	bool known = false;

	for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
		known = known || (uint32_t)passed[i] == si->ssi_signo;
	if (!known || s->command == 0 || (pid_t)si->ssi_pid == s->command ||
	    (si->ssi_code > 0 && si->ssi_signo != SIGHUP))
		return;
	(void)kill(s->command, (int)si->ssi_signo);
	if (si->ssi_signo == SIGHUP)
		(void)kill(s->command, SIGCONT);
}

static void
take_signals(struct supervised *s)
{
	struct signalfd_siginfo si;

	while (read(s->signals, &si, sizeof si) == (ssize_t)sizeof si)
		pass_on(s, &si);
	(void)reap(s);
}

// Must it end now? *wait: milliseconds until the clock is to be looked at again.
static int
judge(struct supervised *s, int *wait, struct hs_err *err)
{
	struct hs_shell_time now = hs_shell_time_now();
	uint64_t left = UINT64_MAX;
	enum hs_shell_due due = HS_SHELL_RUNS;
	int rc = hs_shell_watch_look(s->job->watch, now.wall / 1000, err);

	if (rc != HS_OK)
		return rc;
	if (s->job->end != UINT64_MAX)
		due = hs_shell_due(&s->job->start, &now, s->job->end, &left);
	if (due == HS_SHELL_ENDS)
		return hs_fail(err, HS_NO_EXPIRED, "the grant behind this login has ended");
	if (due == HS_SHELL_NOTICE && !s->told)
		tell_notice(s, left);
	*wait = left < HS_SHELL_LOOK_MS ? (int)left : HS_SHELL_LOOK_MS;
	return HS_OK;
}

static void
watch(struct supervised *s, struct hs_shell_end *out)
{
	int wait = HS_SHELL_LOOK_MS;

	while (s->command != 0) {
		struct pollfd fds[] = {
		    {.fd = s->signals, .events = POLLIN}, {.fd = -1, .events = POLLIN}};

		// files that change all the time are not looked at all the time
		if (poll(fds, 1, wait < CALM_MS ? wait : CALM_MS) == 0 && wait > CALM_MS) {
			fds[1].fd = s->job->watch->inotify;
			(void)poll(fds, 2, wait - CALM_MS);
		}
		take_signals(s);
		if (s->command == 0)
			break;
		out->code = (enum hs_code)judge(s, &wait, &out->err);
		if (out->code != HS_OK) {
			end_all(s, out);
			break;
		}
	}
	out->status = out->code == HS_OK ? s->status : 0;
}

// What the command has of stdin and stdout is its own: that an end is closed must be seen
// at the other. Of stderr we keep ours, to tell what is to be told.
static void
let_go_of_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	if (null > STDERR_FILENO)
		(void)close(null);
}

int
hs_shell_supervise(
    const struct hs_shell_job *job, struct hs_shell_end *out, struct hs_err *err)
{
	struct supervised s = {.job = job, .signals = -1, .children = -1, .connection = -1};
	sigset_t all, before;
	int rc = HS_OK;

	memset(out, 0, sizeof *out);
	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) != 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ||
	    (s.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return hs_fail(err, HS_ERR_IO, "cannot watch over it: %s", strerror(errno));
	s.connection = hs_shell_connection_open();
	s.children = hs_shell_children_open();
	s.command = fork();
	if (s.command == 0) {
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(job->become(job->arg));
	}
	if (s.command < 0) {
		rc = hs_fail(err, HS_ERR_IO, "cannot start it: %s", strerror(errno));
	} else {
		let_go_of_stdio();
		watch(&s, out);
		if (s.teller != 0)
			(void)kill(s.teller, SIGKILL);
		out->seconds = (clock_ms(CLOCK_BOOTTIME) - job->start.boot) / 1000;
	}
	if (s.connection >= 0)
		(void)close(s.connection);
	if (s.children >= 0)
		(void)close(s.children);
	(void)close(s.signals);
	return rc;
}
