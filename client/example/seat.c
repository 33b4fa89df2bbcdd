// SPDX-License-Identifier: ISC
//
// An example of libhandseal in an event loop: takes a seat for an agent, tells the person
// which code to look for while that waits for a touch, and hands out what an agent's
// environment needs until its own stdin ends. Meanwhile the loop is free for other work.
//
//	cc seat.c $(pkg-config --cflags --libs libhandseal) -o seat
//	./seat SCOPE AGENT REASON
#include <handseal.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum state { ASKING, WAITING, SEATED, ENDING, OVER };

struct agent {
	struct hs_client *c;
	enum state state;
	int result; // as handseal's exit status
};

static void
fail(struct agent *a, int result, const struct hs_error *err)
{
	fprintf(stderr, "seat: %s (%s)\n", err->sentence, err->code);
	if (err->remedy[0] != '\0')
		fprintf(stderr, "%s\n", err->remedy);
	a->result = result;
	a->state = OVER;
}

// A touch is waited for a minute at a time, so that something can be shown in between.
static void
wait_on(struct agent *a)
{
	struct hs_error err;
	int result = hs_wait(a->c, NULL, NULL, 60, &err);

	a->state = WAITING;
	if (result != HS_DONE)
		fail(a, result, &err);
}

static void
seated(struct agent *a)
{
	const struct hs_got_seat *seat = hs_got_seat(a->c);

	printf("HANDSEAL_SOCK=%s; SSH_AUTH_SOCK=%s; # seat %s\n", seat->socket,
	    seat->socket, seat->id);
	fflush(stdout);
	a->state = SEATED;
}

// The call that was under way is over.
static void
over(struct agent *a, int result, const struct hs_error *err)
{
	if (result == HS_WAITING) {
		fprintf(stderr, "seat: waiting for your touch, code %s\n",
		    hs_got_touch(a->c)->code);
		wait_on(a);
	} else if (result != HS_DONE) {
		fail(a, result, err);
	} else if (a->state == ENDING) {
		printf("# %lu logins, %lu refused\n",
		    (unsigned long)hs_got_seat_end(a->c)->logins,
		    (unsigned long)hs_got_seat_end(a->c)->refused);
		a->state = OVER;
	} else {
		seated(a);
	}
}

static void
end(struct agent *a)
{
	struct hs_error err;
	int result;

	if (a->state != SEATED) { // hanging up calls the asking off
		a->state = OVER;
		return;
	}
	result = hs_seat_end(a->c, &err);
	a->state = ENDING;
	if (result != HS_DONE)
		fail(a, result, &err);
}

static void
turn(struct agent *a)
{
	// while no call is under way, what is readable is the daemon's end
	short wants = hs_wants(a->c);
	struct pollfd p[2] = {{.fd = hs_fd(a->c), .events = wants != 0 ? wants : POLLIN},
	    {.fd = STDIN_FILENO, .events = POLLIN}};
	struct hs_error err;
	char drop[256];
	int result;

	if (poll(p, 2, hs_due(a->c)) < 0)
		return; // a signal
	if (wants != 0) {
		result = hs_step(a->c, &err);
		if (result != HS_AGAIN)
			over(a, result, &err);
	} else if (p[0].revents != 0) {
		fprintf(stderr, "seat: handseald has gone\n");
		a->result = HS_NO_DAEMON;
		a->state = OVER;
	}
	if (p[1].revents != 0 && a->state != ENDING && a->state != OVER &&
	    read(STDIN_FILENO, drop, sizeof drop) <= 0)
		end(a);
}

int
main(int argc, char **argv)
{
	struct agent a = {0};
	struct hs_error err;
	struct hs_ask ask = {0};
	int result;

	if (argc != 4) {
		fprintf(stderr, "usage: seat SCOPE AGENT REASON\n");
		return HS_MISUSED;
	}
	ask.names = argv[1];
	ask.agent = argv[2];
	ask.reason = argv[3];
	result = hs_connect(NULL, &a.c, &err);
	if (result == HS_DONE)
		result = hs_seat(a.c, &ask, &err);
	if (result != HS_DONE)
		fail(&a, result, &err);
	while (a.state != OVER)
		turn(&a);
	hs_disconnect(a.c);
	return a.result;
}
