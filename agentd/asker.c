// SPDX-License-Identifier: ISC
//
// The line of a prompt about who asks. What stands in it of /proc is the process's own
// choice, so it is cleaned. Contract in asker.h.
#include "agentd/asker.h"

#include <inttypes.h>
#include "proto/text.h"

static void
put_process(struct hs_buf *b, const struct hs_peer *p, const char *seat)
{
	if (seat != NULL)
		hs_put_fmt(b, "seat %s, ", seat);
	hs_put_fmt(b, "pid %" PRIu64, p->pid);
	if (p->exe[0] != '\0') {
		hs_put_fmt(b, " ");
		hs_text_put_clean(b, hs_str_c(p->exe));
	}
	if (p->cwd[0] != '\0') {
		hs_put_fmt(b, ", in ");
		hs_text_put_clean(b, hs_str_c(p->cwd));
	}
}

void
hs_asker_put(struct hs_buf *b, const struct hs_peer *p, const char *seat)
{
	if (p->forwarding == HS_FORWARDING_NONE) {
		hs_put_fmt(b, "Asked by ");
		if (!p->opaque)
			put_process(b, p, seat);
		else
			hs_put_fmt(b,
			    "%s%s%sa process in another PID namespace, which "
			    "cannot be seen",
			    seat != NULL ? "seat " : "", seat != NULL ? seat : "",
			    seat != NULL ? ", " : "");
		hs_put_fmt(b, ". Any program of yours could have asked this.\n");
		return;
	}
	if (p->forwarding == HS_FORWARDING_PROVEN)
		hs_put_fmt(b,
		    "Asked over a connection forwarded from the host with the key %s: any "
		    "program there could have asked this.",
		    p->via);
	else
		hs_put_fmt(b,
		    "Asked over a connection that may be forwarded, nobody knows from "
		    "where: any program there could have asked this.");
	if (!p->opaque) {
		hs_put_fmt(b, " Here it is ");
		put_process(b, p, seat);
		hs_put_fmt(b, ".");
	}
	hs_put_fmt(b, "\n");
}
