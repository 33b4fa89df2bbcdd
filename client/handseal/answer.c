// SPDX-License-Identifier: ISC
//
// Sending a person's answer. Contract in answer.h.
#include "client/handseal/answer.h"

#include <ctype.h>
#include <string.h>
#include "client/handseal/cli.h"
#include "client/handseal/daemon.h"
#include "proto/names.h"

static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // no 0 O 1 I

bool
hs_answer_is_code(struct hs_str s)
{
	if (s.len != HS_CODE_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (memchr(letters, s.p[i], sizeof letters - 1) == NULL)
			return false;
	return true;
}

int
hs_answer_code(const char *typed, char out[static HS_CODE_LEN + 1])
{
	size_t n = strlen(typed);

	out[0] = '\0';
	if (n != HS_CODE_LEN)
		return HS_ERR_FORMAT;
	for (size_t i = 0; i <= n; i++)
		out[i] = (char)toupper((unsigned char)typed[i]);
	return hs_answer_is_code(hs_str_c(out)) ? HS_OK : HS_ERR_FORMAT;
}

int
hs_answer_call(struct hs_conn *c, const char *code, enum hs_agent_answer_what what,
    int pin_fd, struct hs_reply *reply, struct hs_answered *out, struct hs_err *err)
{
	struct hs_agent_answer m = {
	    .code = hs_str_c(code), .what = (uint8_t)what, .pin = pin_fd >= 0};
	struct hs_agent_waiting state;
	struct hs_buf contents = {0};
	int rc;

	*out = (struct hs_answered){0};
	hs_agent_answer_put(&contents, &m);
	rc = hs_conn_call_fd(
	    c, HS_EXT_ANSWER, hs_buf_str(&contents), pin_fd, HS_CONN_SECONDS, reply, err);
	hs_buf_free(&contents);
	if (rc != HS_OK || reply->status == HS_AGENT_REFUSED)
		return rc;
	if (reply->status != HS_AGENT_DONE ||
	    hs_agent_waiting_get(&reply->body, &state) != HS_OK ||
	    !hs_str_is(state.code, code))
		return hs_fail(
		    err, HS_ERR_FORMAT, "the answer to %s is malformed", HS_EXT_ANSWER);
	*out = (struct hs_answered){.state = (enum hs_agent_waiting_state)state.state,
	    .until = state.until,
	    .pin = state.pin != 0};
	return HS_OK;
}

int
hs_answer_send(
    bool json, bool opening, const char *code, enum hs_agent_answer_what what, int pin_fd)
{
	struct hs_daemon d = {.conn.fd = -1, .json = json, .opening = opening};
	struct hs_answered answered;
	struct hs_reply reply = {0};
	struct hs_err err = {0};
	int status = hs_daemon_connect(&d);

	if (status == HS_EXIT_DONE &&
	    hs_answer_call(&d.conn, code, what, pin_fd, &reply, &answered, &err) != HS_OK)
		status = hs_daemon_failed(&d, &err);
	else if (status == HS_EXIT_DONE && reply.status == HS_AGENT_REFUSED)
		status = hs_daemon_refused(&d, &reply.refusal);
	hs_daemon_close(&d);
	return status;
}
