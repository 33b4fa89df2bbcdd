// SPDX-License-Identifier: ISC
//
// Names of the policy, looked up at the daemon. Contract in named.h.
#include "client/handseal/named.h"

#include <stdlib.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "proto/names.h"
#include "proto/policy.h"

static void
put_question(struct hs_buf *b, enum hs_agent_policy_what what, struct hs_str names,
    enum hs_agent_policy_how how)
{
	struct hs_agent_policy m = {
	    .what = (uint8_t)what, .names = names, .how = (uint8_t)how};

	hs_agent_policy_put(b, &m);
}

static int
nothing_named(const struct hs_daemon *d)
{
	return hs_cli_fail_with(d->json, HS_EXIT_USAGE, hs_str_c("usage"),
	    hs_str_c("nothing is asked for, and the policy's Session names no scope"),
	    hs_str_c("Say what: --scope NAME, or --user, --host and --cmd"));
}

static int
look_up(struct hs_daemon *d, struct hs_str names, bool *direct, struct hs_scope **out)
{
	struct hs_agent_policy_info info;
	struct hs_buf contents = {0};
	const struct hs_got_reply *reply;
	struct hs_rd body;
	int result;

	put_question(&contents, HS_POLICY_ASK_SCOPE, names,
	    direct == NULL ? HS_POLICY_HOW_OPEN : HS_POLICY_HOW_REQUEST);
	result =
	    hs_call(d->client, HS_EXT_POLICY, contents.p, contents.len, -1, 0, &d->err);
	hs_buf_free(&contents);
	if (result == HS_DONE)
		result = hs_finish(d->client, -1, &d->err);
	if (result == HS_FAILED && names.len == 0 &&
	    strcmp(d->err.code, hs_code_name(HS_NO_SUCH)) == 0)
		return nothing_named(d);
	if (result != HS_DONE && result != HS_WAITING)
		return hs_daemon_told(d, result);
	reply = hs_got_reply(d->client);
	body = hs_rd_init(reply->body, reply->len);
	if (result != HS_DONE || hs_agent_policy_info_get(&body, &info) != HS_OK)
		return hs_daemon_malformed(d, HS_EXT_POLICY);
	if (info.text.len == 0 && names.len == 0)
		return nothing_named(d);
	if (hs_scope_parse_canonical(info.text, out, NULL) != HS_OK)
		return hs_daemon_malformed(d, HS_EXT_POLICY);
	if (direct != NULL && info.direct != 0)
		*direct = true;
	return HS_EXIT_DONE;
}

int
hs_named_scope(struct hs_daemon *d, const char *command, const struct hs_scopeopts *o,
    uint64_t max_ttl, const char *max_ttl_option, bool *direct, struct hs_scope **out)
{
	struct hs_buf names = {0};
	struct hs_err err = {0};
	int status;

	*out = NULL;
	if (hs_scopeopts_names(o, &names, &err) != HS_OK)
		status = hs_cmd_usage(command, "%s", hs_err_sentence(&err));
	else
		status = look_up(d, hs_buf_str(&names), direct, out);
	if (status == HS_EXIT_DONE &&
	    hs_scopeopts_narrow(o, max_ttl, max_ttl_option, out, &err) != HS_OK)
		status = hs_cmd_usage(command, "%s", hs_err_sentence(&err));
	hs_buf_free(&names);
	return status;
}

// On a connection of its own, which a failure may leave unusable.
uint64_t
hs_named_session_ttl(void)
{
	struct hs_policy *policy = calloc(1, sizeof *policy);
	const struct hs_got_reply *reply = NULL;
	struct hs_agent_policy_info info;
	struct hs_buf contents = {0};
	struct hs_client *c = NULL;
	uint64_t ttl = HS_SESSION_TTL;
	struct hs_rd body;

	put_question(
	    &contents, HS_POLICY_ASK_SHOW, (struct hs_str){0}, HS_POLICY_HOW_REQUEST);
	if (policy != NULL && hs_connect(NULL, &c, NULL) == HS_DONE &&
	    hs_call(c, HS_EXT_POLICY, contents.p, contents.len, -1, 0, NULL) == HS_DONE &&
	    hs_finish(c, -1, NULL) == HS_DONE)
		reply = hs_got_reply(c);
	body =
	    hs_rd_init(reply != NULL ? reply->body : NULL, reply != NULL ? reply->len : 0);
	if (reply != NULL && hs_agent_policy_info_get(&body, &info) == HS_OK) {
		if (hs_policy_parse(info.text, false, policy, NULL, NULL) == HS_OK &&
		    policy->max_ttl < ttl)
			ttl = policy->max_ttl;
		hs_policy_free(policy);
	}
	free(policy);
	hs_buf_free(&contents);
	hs_disconnect(c);
	return ttl;
}
