// SPDX-License-Identifier: ISC
//
// Calls to handseald with their failures told. Contract in daemon.h.
#include "client/handseal/daemon.h"

#include <string.h>
#include <time.h>
#include "client/handseal/cli.h"
#include "proto/names.h"

#define AGAIN_MS 20 // between two looks at a daemon whose queue is full

static int
connect_while_busy(struct hs_daemon *d)
{
	const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
	int result, tries = HS_DAEMON_SECONDS * 1000 / AGAIN_MS;

	while ((result = hs_connect(NULL, &d->client, &d->err)) == HS_FAILED &&
	       strcmp(d->err.code, hs_code_name(HS_NO_BUSY)) == 0 && tries-- > 0)
		(void)nanosleep(&pause, NULL);
	return result;
}

int
hs_daemon_connect(struct hs_daemon *d)
{
	int result = connect_while_busy(d);

	if (result == HS_NO_DAEMON)
		return hs_cli_fail_with(d->json, HS_EXIT_NO_DAEMON, hs_str_c("no-daemon"),
		    hs_str_c(d->err.sentence),
		    hs_str_c("Start the daemon:  eval $(handseald)"));
	if (result != HS_DONE)
		return hs_cli_fail_with(d->json, HS_EXIT_FAILED, hs_str_c(d->err.code),
		    hs_str_c(d->err.sentence), hs_str_c(""));
	return HS_EXIT_DONE;
}

void
hs_daemon_end_line(struct hs_daemon *d)
{
	if (d->begun != NULL)
		fputc('\n', d->begun);
	d->begun = NULL;
}

static int
query(struct hs_daemon *d, struct hs_error *err)
{
	int result = hs_query(d->client, err);

	if (result == HS_DONE)
		result = hs_finish(d->client, -1, err);
	d->seat = result == HS_DONE && hs_knows(d->client, HS_EXT_WHY) &&
		  !hs_knows(d->client, HS_EXT_OPEN);
	d->seats = d->seat || (result == HS_DONE && hs_knows(d->client, HS_EXT_SEAT));
	if (result == HS_FAILED && strcmp(err->code, hs_code_name(HS_ERR_UNSUPPORTED)) == 0)
		return HS_DONE;
	return result;
}

// What the main socket does and a seat does not: no daemon that a person starts would help.
static int
seat_does_not(struct hs_daemon *d)
{
	struct hs_err told = {0};

	(void)hs_fail(
	    &told, HS_ERR_UNSUPPORTED, "this is a seat: only the main socket does that");
	return hs_cli_fail(d->json, &told);
}

int
hs_daemon_told(struct hs_daemon *d, int result)
{
	enum hs_code code = hs_code_from_name(d->err.code, strlen(d->err.code));
	const char *front = "", *remedy = d->err.remedy;
	struct hs_error err;

	hs_daemon_end_line(d);
	if (result == HS_FAILED && code == HS_ERR_UNSUPPORTED &&
	    query(d, &err) == HS_DONE && d->seat)
		return seat_does_not(d);
	if (d->asking && code >= HS_NO_POLICY && code <= HS_NO_CHANNEL)
		front = "not asked: ";
	else if (result == HS_FAILED && code < HS_NO_NOT_OURS)
		front = "handseald: "; // it did not say so, but this is how it was
	else if (result == HS_FAILED && code != HS_NO_SUCH && d->undone != NULL)
		remedy = d->undone;
	return hs_cli_fail_behind(d->json, front, (enum hs_exit)result,
	    hs_str_c(d->err.code), hs_str_c(d->err.sentence), hs_str_c(remedy));
}

int
hs_daemon_end(struct hs_daemon *d, int result)
{
	if (result == HS_DONE)
		result = hs_finish(d->client, -1, &d->err);
	if (result == HS_DONE || result == HS_WAITING)
		return result;
	return hs_daemon_told(d, result);
}

int
hs_daemon_query(struct hs_daemon *d)
{
	int result = query(d, &d->err);

	return result == HS_DONE ? HS_EXIT_DONE : hs_daemon_told(d, result);
}

int
hs_daemon_call(
    struct hs_daemon *d, const char *ext, struct hs_str contents, struct hs_rd *body)
{
	const struct hs_got_reply *reply;
	int status = hs_daemon_end(
	    d, hs_call(d->client, ext, contents.p, contents.len, -1, 0, &d->err));

	if (status == HS_EXIT_WAITING)
		return hs_daemon_malformed(d, ext);
	if (status != HS_EXIT_DONE)
		return status;
	reply = hs_got_reply(d->client);
	*body = hs_rd_init(reply->body, reply->len);
	return HS_EXIT_DONE;
}

int
hs_daemon_malformed(struct hs_daemon *d, const char *ext)
{
	struct hs_err err = {0};

	hs_daemon_end_line(d);
	(void)hs_fail(&err, HS_ERR_FORMAT, "handseald's answer to %s is malformed", ext);
	return hs_cli_fail(d->json, &err);
}

void
hs_daemon_put_malformed(struct hs_daemon *d, const char *ext)
{
	snprintf(d->err.code, sizeof d->err.code, "%s", hs_code_name(HS_ERR_FORMAT));
	snprintf(
	    d->err.sentence, sizeof d->err.sentence, "the answer to %s is malformed", ext);
	d->err.remedy[0] = '\0';
}

int
hs_daemon_status(struct hs_daemon *d, const struct hs_got_status **out)
{
	int status = hs_daemon_end(d, hs_status(d->client, &d->err));

	if (status == HS_EXIT_DONE)
		*out = hs_got_status(d->client);
	return status;
}

void
hs_daemon_close(struct hs_daemon *d)
{
	hs_disconnect(d->client);
	d->client = NULL;
}
