// SPDX-License-Identifier: ISC
//
// Calls to handseald with their failures told. Contract in daemon.h.
#include "client/handseal/daemon.h"

#include "client/handseal/cli.h"
#include "proto/names.h"

int
hs_daemon_connect(struct hs_daemon *d)
{
	struct hs_err err = {0};
	int rc = hs_conn_open(&d->conn, &err);

	if (rc == HS_OK)
		return HS_EXIT_DONE;
	if (rc != HS_NO_SUCH && rc != HS_NO_PEER)
		return hs_cli_fail(d->json, &err);
	return hs_cli_fail_with(d->json, HS_EXIT_NO_DAEMON, hs_str_c("no-daemon"),
	    hs_str_c(hs_err_sentence(&err)),
	    hs_str_c("Start the daemon:  eval $(handseald)"));
}

void
hs_daemon_end_line(struct hs_daemon *d)
{
	if (d->begun != NULL)
		fputc('\n', d->begun);
	d->begun = NULL;
}

// A code this version does not know is a refusal all the same.
int
hs_daemon_refused(struct hs_daemon *d, const struct hs_agent_refusal *r)
{
	enum hs_code code = hs_code_from_name((const char *)r->code.p, r->code.len);
	enum hs_exit status = HS_EXIT_REFUSED;
	const char *front = "";

	hs_daemon_end_line(d);
	if (d->asking && code >= HS_NO_POLICY && code <= HS_NO_CHANNEL)
		front = "not asked: ";
	if (hs_str_is(r->code, HS_DAEMON_DECLINED))
		status = HS_EXIT_DECLINED;
	else if (code == HS_NO_SESSION)
		status = HS_EXIT_NO_SESSION;
	else if (code == HS_NO_SUCH)
		status = HS_EXIT_FAILED;
	else if (code == HS_SK_DENIED || code == HS_SK_CANCELLED)
		status = HS_EXIT_DECLINED;
	else if (d->opening && (code == HS_NO_ROOTS || code >= HS_SK_NO_DEVICE))
		status = HS_EXIT_NO_SESSION;
	return hs_cli_fail_behind(d->json, front, status, r->code, r->sentence, r->remedy);
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

static int
query(struct hs_daemon *d, struct hs_err *err)
{
	struct hs_rd names = {0};
	int rc = hs_conn_query(&d->conn, HS_CONN_SECONDS, &names, err);

	d->seat = rc == HS_OK && hs_conn_knows(names, HS_EXT_WHY) &&
		  !hs_conn_knows(names, HS_EXT_OPEN);
	d->seats = d->seat || (rc == HS_OK && hs_conn_knows(names, HS_EXT_SEAT));
	return rc == HS_ERR_UNSUPPORTED ? HS_OK : rc;
}

int
hs_daemon_failed(struct hs_daemon *d, const struct hs_err *err)
{
	struct hs_err told = {0};

	hs_daemon_end_line(d);
	if (err->code == HS_ERR_UNSUPPORTED && query(d, &told) == HS_OK && d->seat)
		return seat_does_not(d);
	(void)hs_fail(&told, err->code, "handseald: %s", hs_err_sentence(err));
	return hs_cli_fail(d->json, &told);
}

int
hs_daemon_query(struct hs_daemon *d)
{
	struct hs_err err = {0};

	return query(d, &err) == HS_OK ? HS_EXIT_DONE : hs_daemon_failed(d, &err);
}

int
hs_daemon_exchange(struct hs_daemon *d, const char *ext, struct hs_str contents,
    unsigned seconds, struct hs_reply *out)
{
	struct hs_err err = {0};

	if (hs_conn_call(&d->conn, ext, contents, seconds, out, &err) == HS_OK)
		return HS_EXIT_DONE;
	return hs_daemon_failed(d, &err);
}

int
hs_daemon_call(struct hs_daemon *d, const char *ext, struct hs_str contents,
    unsigned seconds, enum hs_agent_status want, struct hs_rd *body)
{
	struct hs_reply reply;
	int status = hs_daemon_exchange(d, ext, contents, seconds, &reply);

	if (status != HS_EXIT_DONE)
		return status;
	if (reply.status == HS_AGENT_REFUSED)
		return hs_daemon_refused(d, &reply.refusal);
	if (reply.status != want)
		return hs_daemon_malformed(d, ext);
	*body = reply.body;
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

int
hs_daemon_status(struct hs_daemon *d, struct hs_agent_status_info *out)
{
	struct hs_rd body = {0};
	int status = hs_daemon_call(
	    d, HS_EXT_STATUS, (struct hs_str){0}, HS_CONN_SECONDS, HS_AGENT_DONE, &body);

	if (status != HS_EXIT_DONE)
		return status;
	if (hs_agent_status_get(&body, out) != HS_OK)
		return hs_daemon_malformed(d, HS_EXT_STATUS);
	return HS_EXIT_DONE;
}

void
hs_daemon_close(struct hs_daemon *d)
{
	hs_conn_close(&d->conn);
}
