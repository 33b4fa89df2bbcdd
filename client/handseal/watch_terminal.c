// SPDX-License-Identifier: ISC
//
// handseal watch on a terminal: what waits stands there with its whole text, keys decline
// it, put it off, arm it again, and take a PIN. The touch itself is the approval, so
// nothing here approves. The picture is screen.c's, the terminal tty.c's.
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/board.h"
#include "client/handseal/cli.h"
#include "client/handseal/paths.h"
#include "client/handseal/pinpipe.h"
#include "client/handseal/screen.h"
#include "client/handseal/tty.h"
#include "client/handseal/watch.h"
#include "proto/helper.h"
#include "proto/text.h"

#define SETTLE_MS 300 // keys are dropped for so long when another asking came to stand here

struct seat {
	struct hs_watch *watch;
	struct hs_board board;
	struct hs_screen screen;
	struct hs_tty tty;
	uint8_t *pin; // guarded; HS_HELPER_PIN_MAX bytes
	size_t pin_len;
	char pin_code[HS_CODE_LEN + 1]; // whose PIN is being typed
	char message[160];
	int64_t settled; // boot clock: from then on keys count
	bool bell, quit;
};

static void
say(struct seat *s, const char *code, const char *what)
{
	snprintf(s->message, sizeof s->message, "%s%s%.150s", code,
	    code[0] != '\0' ? ": " : "", what);
}

static void
stop_typing(struct seat *s)
{
	sodium_memzero(s->pin, HS_HELPER_PIN_MAX);
	s->pin_len = 0;
	s->pin_code[0] = '\0';
	s->screen.typing = false;
	s->board.held = false;
}

static void
heed(struct seat *s, unsigned change)
{
	if ((change & HS_BOARD_BELL) != 0)
		s->bell = true;
	if ((change & HS_BOARD_CHOICE) != 0) {
		s->settled = hs_events_clock() + SETTLE_MS;
		s->screen.scroll = 0;
		s->message[0] = '\0';
	}
	if (s->screen.typing && !s->board.held) { // what it was typed for has gone
		say(s, s->pin_code, "it waits no longer, and the PIN was dropped");
		stop_typing(s);
	}
}

static int
take_event(void *arg, const struct hs_agent_event *e)
{
	struct seat *s = arg;

	heed(s, hs_board_take(&s->board, e, s->screen.now));
	return 0;
}

static void
draw(struct seat *s)
{
	struct hs_buf b = {0};

	s->screen.now = hs_cli_now();
	s->screen.message = s->message;
	if (s->bell)
		hs_put_u8(&b, '\a');
	s->bell = false;
	hs_screen_draw(&b, &s->screen, &s->board);
	if (hs_buf_err(&b) == HS_OK) // a terminal that has gone is told of by reading too
		(void)hs_paths_write_fd(STDOUT_FILENO, hs_buf_str(&b));
	hs_buf_free(&b);
}

// On a connection of its own: the events' one waits.
static void
answer(struct seat *s, struct hs_board_asking *a, enum hs_agent_answer_what what, int pin)
{
	struct hs_daemon d = {0};
	int result = hs_connect(NULL, &d.client, &d.err);

	s->message[0] = '\0';
	if (result == HS_DONE)
		result = hs_answer_call(&d, a->code, what, pin);
	if (result == HS_DONE)
		a->pin_given = pin >= 0;
	else
		say(s, a->code, d.err.sentence);
	hs_disconnect(d.client);
}

static void
send_pin(struct seat *s)
{
	struct hs_board_asking *a = hs_board_find(&s->board, s->pin_code);
	struct hs_err err = {0};
	int fd = -1;

	if (hs_pinpipe_put((struct hs_str){s->pin, s->pin_len}, &fd, &err) != HS_OK)
		say(s, s->pin_code, hs_err_sentence(&err));
	else if (a != NULL)
		answer(s, a, HS_ANSWER_ARM, fd);
	if (fd >= 0)
		close(fd);
	stop_typing(s);
}

// One byte of a PIN. What was pasted behind Enter is no key: the caller drops it.
static void
type_pin(struct seat *s, uint8_t c)
{
	if (c == '\n' || c == '\r') {
		send_pin(s);
	} else if (c == 27) {
		say(s, s->pin_code, "the PIN was not sent");
		stop_typing(s);
	} else if (c == 8 || c == 127) {
		while (s->pin_len > 0 && (s->pin[--s->pin_len] & 0xc0) == 0x80)
			;
	} else if (c == 21) { // ^U
		s->pin_len = 0;
	} else if (c >= 32 && s->pin_len < HS_HELPER_PIN_MAX) {
		s->pin[s->pin_len++] = c;
	} else if (c >= 32) {
		say(s, s->pin_code, "a PIN has at most 63 bytes; nothing was sent");
		stop_typing(s);
	}
}

static void
start_typing(struct seat *s, const struct hs_board_asking *a)
{
	stop_typing(s);
	memcpy(s->pin_code, a->code, sizeof s->pin_code);
	s->message[0] = '\0';
	s->screen.typing = true;
	s->board.held = true;
}

static void
move(struct seat *s, int by)
{
	hs_board_move(&s->board, by);
	s->screen.scroll = 0;
	s->message[0] = '\0';
}

static void
scroll(struct seat *s, bool down)
{
	size_t by = s->screen.body_room > 1 ? s->screen.body_room - 1 : 1;

	if (down)
		s->screen.scroll += by; // drawing brings it into range
	else
		s->screen.scroll -= by < s->screen.scroll ? by : s->screen.scroll;
}

static void
press(struct seat *s, uint8_t key)
{
	struct hs_board_asking *a = hs_board_chosen(&s->board);

	if (key == 'q')
		s->quit = true;
	if (a == NULL || hs_events_clock() < s->settled)
		return;
	switch (key) {
	case 'd':
		answer(s, a, HS_ANSWER_DECLINE, -1);
		break;
	case 'l':
		if (a->showable && a->state != HS_WAITING_PARKED)
			answer(s, a, HS_ANSWER_LATER, -1);
		break;
	case 'a':
	case 'p':
		if (!a->showable || a->state == HS_WAITING_ARMED || a->pin_given)
			break;
		if (a->pin)
			start_typing(s, a);
		else if (a->state == HS_WAITING_PARKED)
			answer(s, a, HS_ANSWER_ARM, -1);
		break;
	case 'j':
		move(s, 1);
		break;
	case 'k':
		move(s, -1);
		break;
	case ' ':
		scroll(s, true);
		break;
	case 'b':
		scroll(s, false);
		break;
	default:
		break;
	}
}

// ESC [ or O, parameters, a letter: arrows and page keys become our keys. Returns how many
// bytes it has; 1 for a lone ESC.
static size_t
escape(struct seat *s, const uint8_t *p, size_t n)
{
	size_t i = 2;

	if (n < 3 || (p[1] != '[' && p[1] != 'O'))
		return 1;
	while (i < n - 1 && (p[i] < '@' || p[i] > '~'))
		i++;
	if (p[i] == 'A' || p[i] == 'B')
		press(s, p[i] == 'A' ? 'k' : 'j');
	else if (p[i] == '~' && (p[2] == '5' || p[2] == '6'))
		press(s, p[2] == '5' ? 'b' : ' ');
	return i + 1;
}

// False when the terminal has gone.
static bool
read_keys(struct seat *s)
{
	uint8_t keys[128];
	ssize_t n = read(STDIN_FILENO, keys, sizeof keys);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	for (size_t i = 0; i < (n > 0 ? (size_t)n : 0);) {
		bool typing = s->screen.typing;

		if (typing) {
			type_pin(s, keys[i++]);
			if (!s->screen.typing)
				break; // the rest belonged to the PIN too
		} else if (keys[i] == 27) {
			i += escape(s, keys + i, (size_t)n - i);
		} else {
			press(s, keys[i++]);
		}
	}
	sodium_memzero(keys, sizeof keys);
	return n > 0;
}

static void
measure(struct seat *s)
{
	hs_tty_size(STDOUT_FILENO, &s->screen.columns, &s->screen.lines);
}

// HS_OK: go on, or quit; *sig: a signal wants the end.
static int
turn(struct seat *s, int *sig, struct hs_err *err)
{
	struct hs_client *c = s->watch->daemon.client;
	struct pollfd p[3] = {{.fd = hs_fd(c), .events = hs_wants(c)},
	    {.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = s->tty.signals, .events = POLLIN}};
	enum hs_tty_news news = HS_TTY_NOTHING;
	int rc;

	if (poll(p, 3, 1000) < 0 && errno != EINTR)
		return hs_fail(err, HS_ERR_INTERNAL, "cannot wait: %s", strerror(errno));
	if ((p[2].revents & POLLIN) != 0)
		news = hs_tty_signal(&s->tty, sig);
	if (news == HS_TTY_END)
		return HS_OK;
	if (news == HS_TTY_REDRAW)
		measure(s);
	s->screen.now = hs_cli_now();
	rc = hs_watch_step(s->watch, take_event, s, err);
	if (rc != HS_OK)
		return rc;
	if (p[0].revents != 0)
		heed(s, hs_board_settle(&s->board));
	if (p[1].revents != 0 && !read_keys(s))
		s->quit = true;
	if (!s->quit)
		draw(s);
	return HS_OK;
}

int
hs_watch_terminal(struct hs_watch *w)
{
	const char *no_colour = getenv("NO_COLOR");
	struct seat s = {.watch = w, .pin = sodium_malloc(HS_HELPER_PIN_MAX)};
	struct hs_err err = {0};
	int rc, sig = 0;

	if (s.pin == NULL)
		rc = hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	else
		rc = hs_tty_begin(&s.tty, STDIN_FILENO, STDOUT_FILENO, &err);
	if (rc == HS_OK) {
		s.screen.colour = no_colour == NULL || no_colour[0] == '\0';
		s.screen.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
		measure(&s);
		draw(&s);
		while (rc == HS_OK && !s.quit && sig == 0)
			rc = turn(&s, &sig, &err);
		hs_tty_end(&s.tty);
	}
	sodium_free(s.pin);
	hs_board_free(&s.board);
	if (sig != 0)
		hs_tty_die(sig);
	return rc == HS_OK ? HS_EXIT_DONE : hs_watch_fail(w, &err);
}
