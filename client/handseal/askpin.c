// SPDX-License-Identifier: ISC
//
// Asking for a PIN. Contract in askpin.h.
#include "client/handseal/askpin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "proto/helper.h"

#define ROOM (HS_HELPER_PIN_MAX + 1) // one more, by which too many are told

extern char **environ;

struct line {
	uint8_t *p; // guarded, of ROOM bytes and one for the NUL
	size_t len;
	bool ended; // by LF
};

// The first line of what comes.
static void
take(struct line *l, uint8_t c)
{
	if (c == '\n')
		l->ended = true;
	else if (!l->ended && l->len < ROOM)
		l->p[l->len++] = c;
}

// ---- the terminal

// Those that end the asking come only while we wait. The others stop a program that is not
// in the terminal's foreground, and must come at once.
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
#define SIGNALS (sizeof signals / sizeof signals[0])
#define WAITING 5

static volatile sig_atomic_t caught;

static void
on_signal(int sig)
{
	caught = sig;
}

struct taken {
	struct sigaction actions[SIGNALS];
	sigset_t mask;
};

// They interrupt the reading, so that the echo is back before anything else happens.
static void
take_signals(struct taken *old)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t set;

	caught = 0;
	sigemptyset(&sa.sa_mask);
	sigemptyset(&set);
	for (size_t i = 0; i < WAITING; i++)
		sigaddset(&set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &old->mask);
	for (size_t i = 0; i < SIGNALS; i++) {
		(void)sigaction(signals[i], NULL, &old->actions[i]);
		if (old->actions[i].sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &sa, NULL);
	}
}

static void
release_signals(const struct taken *old)
{
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &old->actions[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &old->mask, NULL);
}

static int
no_terminal(struct hs_err *err)
{
	return hs_fail(err, HS_ERR_IO, "the terminal cannot be used: %s", strerror(errno));
}

static int
no_pin(struct hs_err *err)
{
	return hs_fail(err, HS_SK_CANCELLED, "no PIN was entered");
}

static int
put_prompt(int tty, const char *prompt, struct hs_err *err)
{
	size_t left = strlen(prompt);

	while (left > 0 && caught == 0) {
		ssize_t n = write(tty, prompt, left);

		if (n < 0 && errno != EINTR)
			return no_terminal(err);
		if (n > 0) {
			prompt += n;
			left -= (size_t)n;
		}
	}
	return HS_OK;
}

static int
read_line(int tty, const sigset_t *waiting, struct line *l, struct hs_err *err)
{
	struct pollfd p = {.fd = tty, .events = POLLIN};
	ssize_t n = 1;
	uint8_t c = 0;

	while (caught == 0 && !l->ended) {
		if (ppoll(&p, 1, NULL, waiting) < 0 && errno == EINTR)
			continue;
		n = read(tty, &c, 1);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n == 1)
			take(l, c);
	}
	sodium_memzero(&c, sizeof c);
	if (caught != 0 || n == 0)
		return no_pin(err);
	return n > 0 ? HS_OK : no_terminal(err);
}

// One asking, to its end or to a signal. The echo is back then.
static int
ask_quietly(int tty, const char *prompt, const sigset_t *waiting, struct line *l,
    struct hs_err *err)
{
	struct termios before, quiet;
	int rc;

	if (tcgetattr(tty, &before) != 0)
		return no_terminal(err);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		return no_terminal(err);
	rc = put_prompt(tty, prompt, err);
	if (rc == HS_OK)
		rc = read_line(tty, waiting, l, err);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	(void)!write(tty, "\n", 1);
	return rc;
}

static bool
stops_only(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static int
ask_terminal(int tty, const char *prompt, struct line *l, struct hs_err *err)
{
	struct taken old;
	int rc, sig;

	do {
		*l = (struct line){.p = l->p};
		take_signals(&old);
		rc = ask_quietly(tty, prompt, &old.mask, l, err);
		sig = caught;
		release_signals(&old);
		if (stops_only(sig))
			(void)raise(sig); // and here again when it goes on
	} while (stops_only(sig));
	return sig != 0 ? no_pin(err) : rc;
}

// ---- askpass

static const char *
askpass(void)
{
	const char *s = getenv("HANDSEAL_ASKPASS");

	if (s == NULL || s[0] == '\0')
		s = getenv("SSH_ASKPASS");
	return s != NULL && s[0] == '/' ? s : NULL;
}

static bool
has_display(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return (x != NULL && x[0] != '\0') || (wayland != NULL && wayland[0] != '\0');
}

static int
spawn(const char *program, const char *prompt, int out, pid_t *pid)
{
	char *argv[] = {(char *)program, (char *)prompt, NULL};
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc != 0)
		return rc;
	rc = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn(pid, program, &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

// Its first line. What it writes behind that is read, too, so that it can end.
static int
read_all(int fd, struct line *l)
{
	uint8_t c = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		take(l, c);
	}
	sodium_memzero(&c, sizeof c);
	return n == 0 ? 0 : errno;
}

static int
ask_program(const char *program, const char *prompt, struct line *l, struct hs_err *err)
{
	int out[2] = {-1, -1}, status = 0, rc;
	pid_t pid = 0;

	(void)unsetenv("SSH_ASKPASS_PROMPT"); // a secret is asked for
	(void)signal(SIGCHLD, SIG_DFL);	      // an ignored one would take the status
	rc = pipe2(out, O_CLOEXEC) == 0 ? spawn(program, prompt, out[1], &pid) : errno;
	if (out[1] >= 0)
		close(out[1]);
	if (rc == 0)
		rc = read_all(out[0], l);
	if (out[0] >= 0)
		close(out[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (rc != 0)
		return hs_fail(err, HS_ERR_IO, "cannot ask for the PIN with %s: %s",
		    program, strerror(rc));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return no_pin(err);
	return HS_OK;
}

// ---- which

static bool requires(const char *what)
{
	const char *s = getenv("SSH_ASKPASS_REQUIRE");

	return s != NULL && strcmp(s, what) == 0;
}

// As OpenSSH decides it: "never", "prefer" and "force" in SSH_ASKPASS_REQUIRE; without it
// the terminal goes first.
static int
ask(const char *prompt, struct line *l, struct hs_err *err)
{
	const char *program = requires("never") ? NULL : askpass();
	int tty = -1, rc;

	if (program != NULL && !requires("force") && !has_display())
		program = NULL;
	if (program == NULL || !(requires("force") || requires("prefer")))
		tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty >= 0) {
		rc = ask_terminal(tty, prompt, l, err);
		close(tty);
	} else if (program != NULL) {
		rc = ask_program(program, prompt, l, err);
	} else {
		rc = hs_fail(err, HS_NO_CHANNEL,
		    "there is nowhere to ask for the PIN: no terminal, and no display with "
		    "HANDSEAL_ASKPASS or SSH_ASKPASS set to a path");
	}
	return rc;
}

int
hs_askpin(const char *prompt, char **pin, size_t *len, struct hs_err *err)
{
	struct line l = {.p = sodium_malloc(ROOM + 1)};
	int rc;

	*pin = NULL;
	*len = 0;
	if (l.p == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	rc = ask(prompt, &l, err);
	// what would be cut as an LF at its end is not there any more
	if (rc == HS_OK && l.len > 0)
		rc = hs_helper_pin_check((struct hs_str){l.p, l.len}, len, err);
	if (rc == HS_OK) {
		l.p[*len] = '\0';
		*pin = (char *)l.p;
		l.p = NULL;
	}
	sodium_free(l.p);
	return rc;
}
