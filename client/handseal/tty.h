// SPDX-License-Identifier: ISC
//
// A terminal taken over for a while, and given back on every way out: end, error, a signal
// that ends the program, a suspension. Not for what is drawn on it or typed.
#ifndef HS_CLIENT_TTY_H
#define HS_CLIENT_TTY_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>
#include "proto/err.h"

struct hs_tty {
	int in, out; // the caller's
	int signals; // readable when hs_tty_signal has something to look at; -1: not begun
	sigset_t before; // the signal mask
	struct termios saved;
};

enum hs_tty_news {
	HS_TTY_NOTHING,
	HS_TTY_REDRAW, // resized, or resumed after a suspension
	HS_TTY_END,    // a signal wants the program to end: hs_tty_end, then hs_tty_die
};

// Takes the terminal over: each key comes at once and is not shown, the other screen is on,
// the cursor hidden. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT and SIGWINCH come
// through t->signals from then on. HS_ERR_IO: it is no terminal, or is not to be had.
int hs_tty_begin(struct hs_tty *t, int in, int out, struct hs_err *err);
// Looks at one signal; a suspension happens in here. *sig is the signal of HS_TTY_END.
enum hs_tty_news hs_tty_signal(struct hs_tty *t, int *sig);
void hs_tty_end(struct hs_tty *t); // nothing where it was not begun, or has ended
// Ends the program by that signal, as if it had never been caught.
void hs_tty_die(int sig) __attribute__((noreturn));

// Columns and lines of the terminal, at least 1 each; 80 and 24 where it does not say.
void hs_tty_size(int fd, unsigned *columns, unsigned *lines);

#endif
