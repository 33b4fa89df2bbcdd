// SPDX-License-Identifier: ISC
//
// Sending a person's answer. Contract in answer.h.
#include "client/handseal/answer.h"

#include <ctype.h>
#include <string.h>
#include "client/handseal/cli.h"
#include "proto/names.h"

int
hs_answer_code(const char *typed, char out[static HS_CODE_LEN + 1])
{
	size_t n = strlen(typed);

	out[0] = '\0';
	if (n != HS_CODE_LEN)
		return HS_ERR_FORMAT;
	for (size_t i = 0; i <= n; i++)
		out[i] = (char)toupper((unsigned char)typed[i]);
	return hs_answers_is_code(hs_str_c(out)) ? HS_OK : HS_ERR_FORMAT;
}

int
hs_answer_call(
    struct hs_daemon *d, const char *code, enum hs_agent_answer_what what, int pin_fd)
{
	struct hs_agent_answer m = {
	    .code = hs_str_c(code), .what = (uint8_t)what, .pin = pin_fd >= 0};
	const struct hs_got_reply *reply;
	struct hs_agent_waiting state;
	struct hs_buf contents = {0};
	struct hs_rd body;
	int result;

	hs_agent_answer_put(&contents, &m);
	result =
	    hs_call(d->client, HS_EXT_ANSWER, contents.p, contents.len, pin_fd, 0, &d->err);
	hs_buf_free(&contents);
	if (result == HS_DONE)
		result = hs_finish(d->client, -1, &d->err);
	if (result != HS_DONE && result != HS_WAITING)
		return result;
	reply = hs_got_reply(d->client);
	body = hs_rd_init(reply->body, reply->len);
	if (result == HS_DONE && hs_agent_waiting_get(&body, &state) == HS_OK &&
	    hs_str_is(state.code, code))
		return HS_DONE;
	hs_daemon_put_malformed(d, HS_EXT_ANSWER);
	return HS_FAILED;
}

int
hs_answer_send(bool json, const char *code, enum hs_agent_answer_what what, int pin_fd)
{
	struct hs_daemon d = {.json = json};
	int status = hs_daemon_connect(&d), result;

	if (status == HS_EXIT_DONE) {
		result = hs_answer_call(&d, code, what, pin_fd);
		if (result != HS_DONE)
			status = hs_daemon_told(&d, result);
	}
	hs_daemon_close(&d);
	return status;
}
