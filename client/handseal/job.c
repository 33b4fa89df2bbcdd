// SPDX-License-Identifier: ISC
//
// A command run as a child. Contract in job.h.
#include "client/handseal/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client/handseal/hide.h"
#include "client/handseal/tty.h"

static const int passed[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH,
    SIGTSTP, SIGCONT, SIGCHLD};

int
hs_job_begin(struct hs_job *j, struct hs_err *err)
{
	sigset_t set;

	*j = (struct hs_job){.signals = -1, .tty = -1};
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
		sigaddset(&set, passed[i]);
	j->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	// who hands a terminal on, or writes on one that is another's, is stopped otherwise
	sigaddset(&set, SIGTTOU);
	sigaddset(&set, SIGTTIN);
	if (j->signals < 0 || sigprocmask(SIG_BLOCK, &set, &j->before) != 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return hs_fail(
		    err, HS_ERR_IO, "cannot hold signals back: %s", strerror(errno));
	j->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	return HS_OK;
}

static bool
is_foreground(const struct hs_job *j)
{
	return j->tty >= 0 && tcgetpgrp(j->tty) == getpgrp();
}

static bool
is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

// See job.h for why not always.
static bool
wants_own_group(const struct hs_job *j)
{
	return is_foreground(j) && getpgrp() == getpid() &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp() && !is_pipe(STDOUT_FILENO);
}

// What a child that could not become the command tells.
struct failure {
	int code; // enum hs_code
	int why;  // errno
	char text[sizeof(((struct hs_err *)NULL)->text)];
};

static void
fail(int out, int code, int why, const struct hs_err *err)
{
	struct failure f = {.code = code, .why = why};

	if (err != NULL)
		memcpy(f.text, err->text, sizeof f.text);
	if (write(out, &f, sizeof f) != (ssize_t)sizeof f)
		_exit(1);
	_exit(127);
}

static void
become(const struct hs_job *j, const struct hs_job_what *what, int out)
{
	struct hs_err err = {0};

	if (j->own) {
		(void)setpgid(0, 0);
		(void)tcsetpgrp(j->tty, getpid()); // SIGTTOU is still blocked
	}
	if (what->hidden != NULL && hs_hide(what->hidden, what->cover, &err) != HS_OK)
		fail(out, HS_ERR_UNSUPPORTED, 0, &err);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &j->before, NULL);
	environ = what->env;
	(void)execvp(what->argv[0], what->argv);
	fail(out, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO, errno, NULL);
}

// A pipe that we held open would keep its other end waiting for its end.
static void
let_go(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int
hs_job_start(struct hs_job *j, const struct hs_job_what *what, struct hs_err *err)
{
	struct failure f = {0};
	int fds[2];
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot make a pipe: %s", strerror(errno));
	j->own = wants_own_group(j);
	j->pid = fork();
	if (j->pid == 0)
		become(j, what, fds[1]);
	close(fds[1]);
	if (j->pid < 0) {
		close(fds[0]);
		return hs_fail(err, HS_ERR_IO, "cannot fork: %s", strerror(errno));
	}
	if (j->own)
		(void)setpgid(j->pid, j->pid); // whoever comes first
	do
		n = read(fds[0], &f, sizeof f);
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (n == 0) {
		let_go();
		return HS_OK;
	}
	while (waitpid(j->pid, &j->status, 0) < 0 && errno == EINTR)
		;
	j->ended = true;
	hs_job_end(j);
	if (n != (ssize_t)sizeof f)
		return hs_fail(err, HS_ERR_IO, "%s could not be started", what->argv[0]);
	f.text[sizeof f.text - 1] = '\0';
	if (f.text[0] != '\0')
		return hs_fail(err, (enum hs_code)f.code, "%s", f.text);
	return hs_fail(
	    err, (enum hs_code)f.code, "cannot run %s: %s", what->argv[0], strerror(f.why));
}

// The group that the command is in by now: a shell makes itself one. 0 stands for one whose
// leader no number here can name, since it is outside of this PID namespace.
static pid_t
group_of(const struct hs_job *j)
{
	pid_t group = getpgid(j->pid);

	return group >= 0 ? group : j->pid;
}

// To it and those it works with, if they are a group apart from us; and init's own group
// cannot be meant alone: kill(2) takes -1 for everybody.
static void
send(const struct hs_job *j, int sig)
{
	pid_t group = group_of(j);

	(void)kill(group == getpgrp() || group <= 1 ? j->pid : -group, sig);
}

// Hands on the terminal, if the shell has given it to us, and lets it go on.
static void
go_on(struct hs_job *j)
{
	pid_t group = group_of(j);

	if (group != getpgrp() && is_foreground(j))
		(void)tcsetpgrp(j->tty, group);
	if (j->stopped)
		send(j, SIGCONT);
	j->stopped = false;
}

static void
take_back(const struct hs_job *j, pid_t group)
{
	if (j->tty >= 0 && group != getpgrp() && tcgetpgrp(j->tty) == group)
		(void)tcsetpgrp(j->tty, getpgrp());
}

// Returns when we have been continued, or at once where nobody could do that: the kernel
// stops no group that has no shell.
static void
stop_ourselves(int sig)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, old = standard;
	sigset_t set, mask;

	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)sigaction(sig, &standard, &old);
	(void)raise(sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, &mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	(void)sigaction(sig, &old, NULL);
}

// All that have something to tell: those who lost their parent below us are ours to reap.
static void
reap(struct hs_job *j)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (pid != j->pid)
			continue;
		j->stopped = WIFSTOPPED(status);
		j->stopped_by = j->stopped ? WSTOPSIG(status) : 0;
		if (j->stopped || WIFCONTINUED(status))
			continue;
		j->ended = true;
		j->status = status;
	}
}

// Without a terminal there is no shell that waits to see us stop, and who stopped the
// command would have to know that we must be continued too.
static void
follow(struct hs_job *j)
{
	int sig = j->stopped_by;
	pid_t group = group_of(j);

	j->stopped_by = 0;
	if (j->tty < 0)
		return;
	if ((sig == SIGTTIN || sig == SIGTTOU) && group != getpgrp() && is_foreground(j)) {
		go_on(j); // `fg` of a job that ran: we have the terminal, and it wants it
		return;
	}
	take_back(j, group);
	stop_ourselves(sig);
	reap(j); // continued with us, stopped again, or ended
	if (!j->ended && j->stopped_by == 0)
		go_on(j);
}

// What the terminal sent to a whole group has reached the command, if it is in ours.
static void
pass_on(struct hs_job *j, const struct signalfd_siginfo *info)
{
	if (info->ssi_code == SI_KERNEL && group_of(j) == getpgrp())
		return;
	send(j, (int)info->ssi_signo);
}

void
hs_job_look(struct hs_job *j)
{
	struct signalfd_siginfo info;

	while (!j->ended && read(j->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(j);
			break;
		case SIGCONT:
			reap(j); // it may have been continued with us
			if (!j->ended && j->stopped_by == 0)
				go_on(j);
			break;
		default:
			pass_on(j, &info);
		}
		while (!j->ended && j->stopped_by != 0)
			follow(j);
	}
}

void
hs_job_end(struct hs_job *j)
{
	if (j->own)
		take_back(j, j->pid);
	if (j->tty >= 0)
		close(j->tty);
	if (j->signals >= 0)
		close(j->signals);
	j->tty = j->signals = -1;
}

void
hs_job_die(int sig)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	hs_tty_die(sig);
}
