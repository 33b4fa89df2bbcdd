// SPDX-License-Identifier: ISC
//
// Taking a terminal over and giving it back. Contract in tty.h.
#include "client/handseal/tty.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "client/handseal/paths.h"

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};

static void
write_out(const struct hs_tty *t, const char *s)
{
	(void)hs_paths_write_fd(
	    t->out, hs_str_c(s)); // one that is gone needs nothing put right
}

// TCSAFLUSH drops what was typed before: it was meant for somebody else.
static int
take(struct hs_tty *t)
{
	struct termios now = t->saved;

	now.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	now.c_lflag &= ~(tcflag_t)(ICANON | IEXTEN);
	now.c_iflag &= ~(tcflag_t)(IXON | INLCR | IGNCR);
	now.c_iflag |= ICRNL;
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	if (tcsetattr(t->in, TCSAFLUSH, &now) != 0)
		return -1;
	write_out(t, "\033[?1049h\033[?25l");
	return 0;
}

static void
give_back(const struct hs_tty *t)
{
	write_out(t, "\033[0m\033[?25h\033[?1049l");
	(void)tcsetattr(t->in, TCSAFLUSH, &t->saved);
}

int
hs_tty_begin(struct hs_tty *t, int in, int out, struct hs_err *err)
{
	sigset_t set;

	*t = (struct hs_tty){.in = in, .out = out, .signals = -1};
	if (tcgetattr(in, &t->saved) != 0)
		return hs_fail(err, HS_ERR_IO, "this is no terminal: %s", strerror(errno));
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
		sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, &t->before) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot hold signals back");
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0 || take(t) != 0) {
		(void)hs_fail(
		    err, HS_ERR_IO, "cannot set up the terminal: %s", strerror(errno));
		if (t->signals >= 0)
			close(t->signals);
		t->signals = -1;
		(void)sigprocmask(SIG_SETMASK, &t->before, NULL);
		return HS_ERR_IO;
	}
	return HS_OK;
}

// SIGSTOP, since the job that typed ^Z gets its own SIGTSTP and we have taken ours.
static void
suspend(struct hs_tty *t)
{
	give_back(t);
	(void)raise(SIGSTOP);
	(void)take(t);
}

enum hs_tty_news
hs_tty_signal(struct hs_tty *t, int *sig)
{
	struct signalfd_siginfo info;
	ssize_t n = read(t->signals, &info, sizeof info);

	*sig = 0;
	if (n != (ssize_t)sizeof info)
		return HS_TTY_NOTHING;
	switch (info.ssi_signo) {
	case SIGTSTP:
		suspend(t);
		return HS_TTY_REDRAW;
	case SIGCONT:
		(void)take(t); // who stopped us otherwise may have changed it
		return HS_TTY_REDRAW;
	case SIGWINCH:
		return HS_TTY_REDRAW;
	default:
		*sig = (int)info.ssi_signo;
		return HS_TTY_END;
	}
}

void
hs_tty_end(struct hs_tty *t)
{
	if (t->signals < 0)
		return;
	give_back(t);
	close(t->signals);
	t->signals = -1;
	(void)sigprocmask(SIG_SETMASK, &t->before, NULL);
}

void
hs_tty_die(int sig)
{
	sigset_t set;

	(void)signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(sig);
	_exit(128 + sig);
}

void
hs_tty_size(int fd, unsigned *columns, unsigned *lines)
{
	struct winsize w = {0};

	if (ioctl(fd, TIOCGWINSZ, &w) != 0)
		w = (struct winsize){0};
	*columns = w.ws_col > 0 ? w.ws_col : 80;
	*lines = w.ws_row > 0 ? w.ws_row : 24;
}
