// SPDX-License-Identifier: ISC
//
// handseal close: ends the session, and says what servers will go on accepting until when.
#include <inttypes.h>
#include "client/handseal/cmd.h"
#include "client/handseal/daemon.h"
#include "client/handseal/options.h"

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

int
cmd_close(int argc, char **argv)
{
	struct hs_daemon d = {0};
	int status = hs_options_json_only(argc, argv, 0, &d.json);

	if (status != HS_OPTIONS_GO)
		return status;
	status = hs_daemon_connect(&d);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_end(&d, hs_close(d.client, &d.err));
	if (status == HS_EXIT_DONE)
		status = print_closed(hs_got_closed(d.client), d.json);
	hs_daemon_close(&d);
	return status;
}
