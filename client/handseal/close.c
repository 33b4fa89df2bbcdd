// SPDX-License-Identifier: ISC
//
// handseal close: ends the session, and says what servers will go on accepting until when.
#include <inttypes.h>
#include "client/handseal/cmd.h"
#include "client/handseal/daemon.h"
#include "client/handseal/options.h"
#include "client/handseal/revoking.h"
#include "proto/names.h"

static int
print_closed(const struct hs_got_closed *m, bool json)
{
	struct hs_buf b = {0};

	if (json)
		return hs_cli_print_json(json_pack("{s:s,s:I,s:o}", "session", m->session,
		    "live", (json_int_t)m->live, "last_end",
		    m->live > 0 ? hs_cli_json_time(m->last_end) : json_null()));
	hs_put_fmt(&b,
	    "Session %.4s closed: its key is wiped, and nothing more is issued.\n",
	    m->session);
	if (m->live > 0) {
		hs_put_fmt(&b,
		    "Not undone: servers accept %" PRIu64
		    " certificate%s handed out before, the last until ",
		    m->live, m->live == 1 ? "" : "s");
		hs_cli_put_when(&b, m->last_end, hs_cli_now());
		hs_put_fmt(&b, ".\n");
	} else {
		hs_put_fmt(&b, "No certificate of it is valid any more.\n");
	}
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
	return hs_cli_finish();
}

// The daemon closes a session that is revoked.
static int
revoke_open(struct hs_daemon *d)
{
	const struct hs_got_status *now = NULL;
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_err err = {0};
	int status = hs_daemon_status(d, &now);

	if (status != HS_EXIT_DONE)
		return status;
	if (!now->open) {
		(void)hs_fail(&err, HS_NO_SESSION, "%s", "");
		return hs_cli_fail(d->json, &err);
	}
	if (hs_str_copy(hs_str_c(now->session), session, sizeof session) != HS_OK)
		return hs_daemon_malformed(d, HS_EXT_STATUS);
	return hs_revoking(d, HS_REVOKE_SESSION, hs_str_c(session));
}

static int
close_open(struct hs_daemon *d)
{
	int status = hs_daemon_end(d, hs_close(d->client, &d->err));

	return status == HS_EXIT_DONE ? print_closed(hs_got_closed(d->client), d->json)
				      : status;
}

int
cmd_close(int argc, char **argv)
{
	struct hs_daemon d = {0};
	bool revokes = false;
	int status = hs_options_json_or(argc, argv, 0, &d.json, "revoke", &revokes);

	if (status != HS_OPTIONS_GO)
		return status;
	status = hs_daemon_connect(&d);
	if (status == HS_EXIT_DONE)
		status = revokes ? revoke_open(&d) : close_open(&d);
	hs_daemon_close(&d);
	return status;
}
