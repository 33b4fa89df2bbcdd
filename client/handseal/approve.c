// SPDX-License-Identifier: ISC
//
// handseal approve and decline: what watch does, for one asking named by its code. approve
// shows what the touch will sign and lets the key blink; the touch is the approval.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/board.h"
#include "client/handseal/cmd.h"
#include "client/handseal/options.h"
#include "client/handseal/pinpipe.h"
#include "client/handseal/watch.h"
#include "proto/text.h"

#define DECLINE_STANDS 300 // seconds that the same or more is refused

struct approval {
	struct hs_watch watch;
	char code[HS_CODE_LEN + 1];
	struct hs_board board;
	FILE *talk;
	bool armed;  // that the key blinks was said
	bool missed; // events were missed, and it is not among what waits
	int status;  // -1 until it has ended
};

// The command line of both: HS_OPTIONS_GO with the code, or an exit status.
static int
take_code(int argc, char **argv, bool *json, char code[static HS_CODE_LEN + 1])
{
	int status = hs_options_json_only(argc, argv, 1, json);

	if (status != HS_OPTIONS_GO)
		return status;
	if (hs_answer_code(argv[optind], code) != HS_OK)
		return hs_cmd_usage(argv[0],
		    "a code has three letters and digits, as the prompt showed them");
	return HS_OPTIONS_GO;
}

static int
take_waiting(void *arg, const struct hs_agent_event *e)
{
	struct approval *a = arg;

	(void)hs_board_take(&a->board, e, hs_cli_now());
	return 0;
}

static int
finish(struct approval *a, const struct hs_agent_event *e)
{
	struct hs_buf b = {0};

	if (hs_str_is(e->event, "granted"))
		a->status = HS_EXIT_DONE;
	else if (hs_str_is(e->event, "parked"))
		a->status = HS_EXIT_WAITING;
	else
		a->status =
		    hs_str_is(e->event, "declined") ? HS_EXIT_DECLINED : HS_EXIT_REFUSED;
	if (a->armed)
		fputs(a->status == HS_EXIT_DONE ? "touched.\n" : "\n", a->talk);
	if (a->watch.daemon.json)
		return hs_cli_print_json(hs_event_json(e));
	hs_event_put_line(&b, e, hs_cli_now());
	hs_cli_put(a->status == HS_EXIT_DONE ? stdout : stderr, hs_buf_str(&b));
	fputc('\n', a->status == HS_EXIT_DONE ? stdout : stderr);
	hs_buf_free(&b);
	return hs_cli_finish();
}

static void
say_armed(struct approval *a)
{
	fprintf(a->talk, "Touch the key (%s) … ", a->code);
	fflush(a->talk);
	a->armed = true;
}

static int
follow(void *arg, const struct hs_agent_event *e)
{
	struct approval *a = arg;

	if (hs_str_is(e->event, HS_EVENT_ANEW))
		a->missed = true; // unless it follows, with the text that was shown
	if (!hs_str_is(e->code, a->code))
		return 0;
	if (a->missed &&
	    !hs_str_eq(e->text, hs_buf_str(&hs_board_find(&a->board, a->code)->text)))
		return 0;
	a->missed = false;
	if (hs_event_ends(e) || hs_str_is(e->event, "parked"))
		return finish(a, e);
	if (hs_str_is(e->event, "armed") && !a->armed)
		say_armed(a);
	return 0;
}

// One turn of the events' connection.
static int
turn(struct approval *a, hs_events_fn *fn, struct hs_err *err)
{
	struct hs_client *c = a->watch.daemon.client;
	struct pollfd p = {.fd = hs_fd(c), .events = hs_wants(c)};

	if (poll(&p, 1, 1000) < 0 && errno != EINTR)
		return hs_fail(err, HS_ERR_INTERNAL, "cannot wait: %s", strerror(errno));
	return hs_watch_step(&a->watch, fn, a, err);
}

// What waits under that code and can be shown; NULL: it was told why not, *status the exit.
static struct hs_board_asking *
find(struct approval *a, int *status)
{
	struct hs_board_asking *found = hs_board_find(&a->board, a->code);
	struct hs_err err = {0};

	if (found == NULL)
		(void)hs_fail(&err, HS_NO_SUCH, "nothing waits under %s", a->code);
	else if (found->text.len == 0)
		(void)hs_fail(&err, HS_ERR_TOO_LONG,
		    "the text of %s did not come, as where too much waits: the key is not "
		    "asked; decline others, then try again",
		    a->code);
	else if (!found->showable)
		(void)hs_fail(&err, HS_SK_LIED,
		    "the text of %s holds control characters: it is not shown, and the key "
		    "is not asked",
		    a->code);
	else
		return found;
	*status = hs_cli_fail(a->watch.daemon.json, &err);
	return NULL;
}

// Shows it, and lets the key blink for it.
static int
arm(struct approval *a)
{
	int fd = -1, status = HS_EXIT_DONE;
	struct hs_board_asking *found = find(a, &status);
	struct hs_err err = {0};

	if (found == NULL)
		return status;
	fputs("One touch will sign this:\n\n", a->talk);
	hs_cli_put_text(a->talk, hs_buf_str(&found->text), "  ");
	fputc('\n', a->talk);
	fflush(a->talk);
	if (found->state == HS_WAITING_ARMED) {
		say_armed(a);
		return HS_EXIT_DONE;
	}
	if (found->pin && hs_pinpipe_ask("PIN of the key: ", &fd, &err) != HS_OK)
		return hs_cli_fail_with(a->watch.daemon.json,
		    err.code == HS_SK_CANCELLED ? HS_EXIT_DECLINED : HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c("It waits as before"));
	status = hs_answer_send(a->watch.daemon.json, a->code, HS_ANSWER_ARM, fd);
	if (fd >= 0)
		close(fd);
	return status;
}

static int
approve(struct approval *a)
{
	struct hs_err err = {0};
	int rc = HS_OK, status;

	a->watch.result = hs_events_ask(&a->watch.events, &a->watch.daemon, 0);
	if (a->watch.result != HS_DONE)
		return hs_daemon_told(&a->watch.daemon, a->watch.result);
	while (rc == HS_OK && a->watch.events.wait == 0)
		rc = turn(a, take_waiting, &err); // until it asks for what comes
	if (rc == HS_OK) {
		status = arm(a);
		if (status != HS_EXIT_DONE)
			return status;
	}
	while (rc == HS_OK && a->status < 0 && !a->missed)
		rc = turn(a, follow, &err);
	if (rc == HS_OK && a->status < 0)
		(void)hs_fail(&err, HS_ERR_IO,
		    "events were missed, and what became of %s is not known", a->code);
	if (err.code == HS_OK)
		return rc == HS_OK ? a->status : HS_EXIT_FAILED;
	if (a->armed)
		fputc('\n', a->talk);
	return hs_watch_fail(&a->watch, &err);
}

int
cmd_approve(int argc, char **argv)
{
	struct approval a = {.watch = {.events.prompts = true}, .status = -1};
	int status = take_code(argc, argv, &a.watch.daemon.json, a.code);

	if (status != HS_OPTIONS_GO)
		return status;
	a.talk = a.watch.daemon.json ? stderr : stdout;
	status = hs_daemon_connect(&a.watch.daemon);
	if (status == HS_EXIT_DONE)
		status = approve(&a);
	hs_daemon_close(&a.watch.daemon);
	hs_board_free(&a.board);
	return status;
}

static int
print_declined(const char *code, bool json)
{
	uint64_t now = hs_cli_now();
	struct hs_buf b = {0};

	if (json)
		return hs_cli_print_json(json_pack("{s:s,s:s,s:o}", "code", code, "event",
		    "declined", "until", hs_cli_json_time(now + DECLINE_STANDS)));
	hs_put_fmt(&b, "%s declined. The same or more is refused until ", code);
	hs_cli_put_when(&b, now + DECLINE_STANDS, now);
	printf("%s.\n", hs_cli_cstr(&b));
	hs_buf_free(&b);
	return hs_cli_finish();
}

int
cmd_decline(int argc, char **argv)
{
	char code[HS_CODE_LEN + 1];
	bool json = false;
	int status = take_code(argc, argv, &json, code);

	if (status != HS_OPTIONS_GO)
		return status;
	status = hs_answer_send(json, code, HS_ANSWER_DECLINE, -1);
	return status == HS_EXIT_DONE ? print_declined(code, json) : status;
}
